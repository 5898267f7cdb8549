"""Paths, whoever takes them; files that are written whole, links and modes that stay."""

import os
import shutil
import socket
from pathlib import Path

import pytest
from made_up_study import study_history, study_table
from support import digits, permissions_count, shapes

import energynet as en
from energynet.cli.main import main
from energynet.store.exchange import export_results, import_results
from energynet.studies.figures import save, save_figures
from energynet.studies.report import write_report
from energynet.studies.stages.preset import preset_from_dict
from energynet.studies.stages.run import reproduce
from energynet.studies.stages.stored import StoredRuns
from energynet.support.files import (
    cache_folder,
    check_folder,
    check_writable,
    made_folder,
    written_whole,
)

DATA = digits()
CONFIG = en.TrainingConfig(hidden=3, max_steps=2, test_every=1)
RESULT = en.train(CONFIG, DATA)
GRID = en.Grid(hidden=[3], max_steps=2, test_every=1)
TABLE = study_table(hidden=(100,), fractions=(0.05,), small=())
PRESET = preset_from_dict(
    "tiny",
    {
        "energies": ["m0"],
        "settings": {"max_steps": 2, "test_every": 1},
        "seeds": {"exploration": [0]},
        "method": [{"rule": "all", "hidden": [3]}],
    },
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder with a store, a table of it, a grid and a network."""
    place = tmp_path_factory.mktemp("stored")
    en.sweep(GRID, place / "stored", data=DATA, workers=1, progress=False)
    export_results(place / "stored", place / "stored.csv", place / "stored_history.csv")
    RESULT.network.save(place / "stored.npz")
    GRID.to_toml(place / "grid.toml")
    return place


@pytest.fixture(autouse=True)
def _no_drawings(monkeypatch):
    monkeypatch.setattr(save, "DRAWINGS", ())


@pytest.fixture
def home(stored, idx_folder, tmp_path_factory, monkeypatch):
    """A home folder with those and a data set; the current folder is another, and empty."""
    place = tmp_path_factory.mktemp("home")
    shutil.copytree(stored, place, dirs_exist_ok=True)
    shutil.copytree(idx_folder, place / "idx")
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("USERPROFILE", str(place))
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    return place


def swept(store="runs", data=DATA):
    en.sweep([CONFIG], store, data=data, workers=1, progress=False)


WRITERS = {  # of one file each
    "checkpoint": lambda path: en.train(CONFIG, DATA, checkpoint=path),
    "network": lambda path: RESULT.network.save(path),
    "grid": lambda path: GRID.to_toml(path),
    "report": lambda path: write_report(TABLE, None, path),
}
FOLDERS = {  # that are written to
    "sweep": swept,
    "figures": lambda path: save_figures(TABLE, study_history(TABLE), path),
    "reproduce": lambda path: reproduce(
        PRESET, StoredRuns(path, data=DATA, progress=False), path, shapes(DATA.n_in, DATA.classes)
    ),
}
TAKES = {
    **{name: lambda write=write: write("~/new") for name, write in WRITERS.items()},
    **{name: lambda write=write: write("~/new") for name, write in FOLDERS.items()},
    "path": lambda: RESULT.network.save(Path("~/new")),
    "load": lambda: en.Network.load("~/stored.npz"),
    "from_toml": lambda: en.Grid.from_toml("~/grid.toml"),
    "load_idx": lambda: en.load_idx("~/idx"),
    "data of a sweep": lambda: swept("~/new", "~/idx"),
    "load_results": lambda: en.load_results("~/stored"),
    "load_history": lambda: en.load_history("~/stored"),
    "export": lambda: export_results("~/stored", "~/new.csv", "~/new_history.csv"),
    "import": lambda: import_results("~/stored.csv", "~/new", "~/stored_history.csv"),
}


@pytest.mark.parametrize("name", TAKES)
def test_the_home_folder_in_python(home, name):
    before = set(home.iterdir())
    TAKES[name]()
    assert not list(Path().iterdir())
    reads = name.startswith(("load", "from"))
    assert (set(home.iterdir()) == before) == reads


TRAIN = "train --hidden 3 --max-steps 1 --test-every 1 --quiet --data=~/idx"
COMMANDS = {
    f"{TRAIN} --save=~/new.npz --checkpoint=~/new": {0, 3},
    "sweep ~/grid.toml --store=~/new --data=~/idx --workers 1 --quiet": {0},
    "sweep ~/grid.toml --store=~/new --data=~/idx --dry-run": {0},
    "status ~/stored --grid=~/grid.toml --data=~/idx": {0},
    "export ~/stored --out=~/new.csv --history=~/new_history.csv": {0},
    "import ~/stored.csv --store=~/new --history=~/stored_history.csv": {0},
    "claims ~/stored.csv --out=~/new.md": {0},
    "figures ~/stored --out=~/new": {0},
    "report ~/stored --out=~/new.html": {0},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_home_folder_on_the_command_line(home, command):
    assert main(command.split()) in COMMANDS[command]
    assert not list(Path().iterdir())
    written = "new" in command and "--dry-run" not in command
    assert bool(list(home.glob("new*"))) == written


@pytest.mark.parametrize("variable", ["ENERGYNET_CACHE", "XDG_CACHE_HOME"])
def test_the_home_folder_in_the_environment(home, monkeypatch, variable):
    monkeypatch.delenv("ENERGYNET_CACHE", raising=False)
    monkeypatch.setenv(variable, "~/new")
    assert home / "new" in cache_folder("things").parents
    assert not list(Path().iterdir())


@pytest.mark.usefixtures("home")
def test_a_user_who_is_not_known_is_a_name_like_any_other():
    RESULT.network.save("~nobody of that name")
    assert Path("~nobody of that name").is_file()


@pytest.mark.parametrize("name", WRITERS)
def test_links_and_modes_stay(tmp_path, name):
    """A link to a file that is there, then to one that is not."""
    (tmp_path / "far").mkdir()
    for target in (tmp_path / "far" / "old", tmp_path / "far" / "new"):
        link = tmp_path / f"{target.name} link"
        link.symlink_to(os.path.relpath(target, tmp_path))
        if target.name == "old":
            WRITERS[name](target)
            target.chmod(0o604)
        WRITERS[name](link)
        assert link.is_symlink()
        assert target.is_file()
        assert not target.is_symlink()
    assert (tmp_path / "far" / "old").stat().st_mode & 0o777 == 0o604
    assert sorted(path.name for path in (tmp_path / "far").iterdir()) == ["new", "old"]
    before = os.umask(0o027)
    try:
        WRITERS[name](tmp_path / "other")
    finally:
        os.umask(before)
    assert (tmp_path / "other").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_may_be_a_link_to_one_that_is_not_there_yet(tmp_path, name):
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "results")
    FOLDERS[name](tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert list((tmp_path / "disk" / "results").iterdir())


def test_nobody_else_may_read_a_private_file_while_it_is_written(tmp_path):
    path = tmp_path / "file"
    path.touch(mode=0o600)
    with written_whole(path):
        (part,) = tmp_path.glob(".*.part")
        assert part.stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_keeps_the_file_that_was_there(stored, tmp_path, monkeypatch, capsys):
    path = tmp_path / "out.csv"
    path.write_text("earlier")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["export", str(stored / "stored"), "--out", str(path)]) == 2
    said = f"energynet: {path} cannot be written: No space left on device\n"
    assert capsys.readouterr().err == said
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_names_too_long_for_the_temporary_file_are_refused_at_once(tmp_path):
    name = "x" * (250 - len(socket.gethostname()))
    with pytest.raises(en.FileError, match=r"save .*cannot be written: File name too long"):
        check_writable(tmp_path / name, "save")


def loop(place):
    (place / "loop").symlink_to("loop")
    return place / "loop" / "file"


def beside_a_file(place):
    (place / "file").touch()
    return place / "file" / "new"


def nowhere(place):
    (place / "link").symlink_to(place / "nowhere" / "file")
    return place / "link"


@pytest.mark.parametrize("kind", [loop, beside_a_file, nowhere])
@pytest.mark.parametrize("name", WRITERS)
def test_paths_that_cannot_be_written_are_refused_before_work(tmp_path, kind, name):
    path = kind(tmp_path)
    before = set(tmp_path.iterdir())
    with pytest.raises(en.FileError, match="cannot be"):
        WRITERS[name](path)
    assert set(tmp_path.iterdir()) == before


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has other permissions")
@pytest.mark.parametrize("mode", [0o500, 0])
@pytest.mark.parametrize("name", [*WRITERS, *FOLDERS])
def test_no_permission_is_one_sentence(tmp_path, name, mode):
    write = (WRITERS | FOLDERS)[name]
    write(tmp_path / "first")  # imports all
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(mode)
    try:
        with (
            permissions_count(),
            pytest.raises(en.FileError, match=r"cannot be .*: Permission denied"),
        ):
            write(locked / "file")
    finally:
        locked.chmod(0o700)
    assert not list(locked.iterdir())


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (check_writable, "it x cannot be written: No such file"),
        (check_folder, "the current folder cannot be used"),
        (made_folder, "it x cannot be made: No such file"),
    ],
)
def test_a_current_folder_that_was_removed_is_one_sentence(tmp_path, monkeypatch, check, sentence):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(en.FileError, match=sentence):
        check(Path("x"), "it")
