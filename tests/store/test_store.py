"""Results on disk: the index, what crashes leave, and what cannot be read."""

import json
import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stores import copy_of
from support import NOBODY, digits, permissions_count
from sweeps import GRID, timeless

import energynet as en
from energynet.cli.main import main
from energynet.store.exchange import read_table
from energynet.store.folder import Store, run_id
from energynet.studies.figures import save, schematic
from energynet.support.contents import content_of
from energynet.support.files import written_whole


def test_index_is_a_cache(runs):
    expected = en.load_results(runs)
    index = runs / ".index.json"
    for content in (None, b"", b"[]", b'{"format": 1, "entries": {}}'):
        if content is None:
            index.unlink(missing_ok=True)
        else:
            index.write_bytes(content)
        pd.testing.assert_frame_equal(en.load_results(runs), expected)
        pd.testing.assert_frame_equal(en.load_results(runs), expected)


def test_arrays_are_kept_by_what_they_hold(tmp_path):
    store = Store(tmp_path)
    arrays = {"w1": np.arange(6.0).reshape(2, 3), "w2": np.ones((4, 1), bool)}
    name = store.keep(arrays)
    (path,) = tmp_path.iterdir()
    written = path.stat().st_mtime_ns
    assert (
        store.keep({"a": arrays["w1"].copy(), "b": arrays["w2"]})
        == name
        == content_of(arrays.values())
    )
    assert path.stat().st_mtime_ns == written  # it was there
    for key, array in store.kept(name).items():
        np.testing.assert_array_equal(array, arrays[key], strict=True)
    others = [arrays["w1"].T, arrays["w1"].reshape(3, 2), arrays["w1"].astype("f4")]
    assert len({name, *(content_of([other, arrays["w2"]]) for other in others)}) == 4
    np.savez(path, **{**arrays, "w1": np.zeros((2, 3))})
    with pytest.raises(
        en.FileError, match="was changed: it no longer holds the arrays of its name"
    ):
        store.kept(name)
    assert store.keep(arrays) == name  # mended
    assert store.kept(name).keys() == arrays.keys()
    with pytest.raises(en.FileError, match=r"arrays-0+\.npz cannot be read"):
        store.kept("0" * 16)


def test_what_is_no_run_is_left_alone(runs, tmp_path):
    copy = copy_of(runs, tmp_path)
    (copy / "aa").mkdir(exist_ok=True)
    (copy / "aa" / "aa-notes").mkdir()
    os.utime(copy / "aa" / "aa-notes", (0, 0))
    free = next(f"{n:02x}" for n in range(256) if not (copy / f"{n:02x}").exists())
    (copy / free).write_text("")
    assert main(["status", str(copy), "--clean"]) == 0
    assert (copy / "aa" / "aa-notes").is_dir()
    assert len(en.load_results(copy)) == 20


DAMAGED = [
    b"",
    b"{",
    b"[]",
    b'{"outcome": "reached"}',
    b'{"outcome": "good", "config": {}}',
    b"\xff",
]


def test_damaged_results_are_reported_left_out_and_done_again(runs, tmp_path, caplog):
    store, expected = Store(copy_of(runs, tmp_path)), en.load_results(runs)
    victims = [run_id(config, digits().sha256) for config in GRID.configs[5 : 5 + len(DAMAGED)]]
    for victim, content in zip(victims, DAMAGED, strict=True):
        (store.folder(victim) / "result.json").write_bytes(content)
    assert set(en.load_results(store.root)["id"]) == set(expected["id"]) - set(victims)
    for victim in victims:
        assert str(store.folder(victim)) in caplog.text
        assert store.outcome(victim) in ("running", "interrupted")
    caplog.clear()
    again = en.sweep(GRID, store.root, data=digits(), workers=1, progress=False)
    assert [victim for victim in victims if str(store.folder(victim)) not in caplog.text] == []
    pd.testing.assert_frame_equal(timeless(again), timeless(expected))


@pytest.fixture
def place():
    """A folder of a user whom permissions keep out."""
    en.train(GRID.configs[0], digits())  # imports all
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, -1)
        with permissions_count():
            yield Path(folder)


def test_what_belongs_to_somebody_else_is_reported_and_left_out(place, caplog):
    store, configs = Store(place / "runs"), GRID.configs[:3]
    for config in configs:
        store.give_up(run_id(config, ""), config, "failed", "none", {})
    group, run = (store.folder(run_id(config, "")) for config in configs[:2])
    assert group.parent != run.parent
    left = store.folder(run_id(configs[2], "")) / ".spec.json.part"
    left.touch()
    left.parent.chmod(0o500)
    group.parent.chmod(0)
    run.chmod(0)
    try:
        assert list(en.load_results(store.root)["id"]) == [run_id(configs[2], "")]
        assert [record.getMessage() for record in caplog.records] == [
            f"{path} cannot be read: Permission denied; it is left out"
            for path in sorted((group.parent, run / "result.json"))
        ]
        assert set(store.outcomes(run_id(config, "") for config in configs[:2]).values()) <= {
            None, "running", "interrupted",
        }  # fmt: skip
        for config in configs[:2]:
            with pytest.raises(en.FileError, match=r"cannot be (made|written): Permission denied"):
                store.begin(run_id(config, ""), config, "")
        with pytest.raises(en.FileError, match="cannot be read: Permission denied"):
            en.load_history(store.root, [run.name])
        assert set(store.leftovers(age=-60)) == {run, left}
        assert store.clean(age=-60) == []
        store.root.chmod(0o300)
        with pytest.raises(en.FileError, match="runs cannot be read: Permission denied"):
            en.load_results(store.root)
    finally:
        for path in (store.root, group.parent, run, left.parent):
            path.chmod(0o700)


def test_files_that_may_not_be_read(place):
    for name, read in {
        "net.npz": en.Network.load,
        "grid.toml": en.Grid.from_toml,
        "table.csv": read_table,
        "table.sqlite": read_table,
        "run.npz": lambda path: en.train(GRID.configs[0], digits(), checkpoint=path),
    }.items():
        (place / name).touch(mode=0)
        with pytest.raises(en.FileError, match=f"{name} cannot be read: Permission den"):
            read(place / name)
        (place / name).unlink()
        (place / name).mkdir()
        with pytest.raises(
            en.FileError, match=r"(be read: it is not a file|be read: Is a dir|is a folder)"
        ):
            read(place / name)


def test_leftovers_of_crashes(runs, tmp_path, capsys):
    copy = copy_of(runs, tmp_path)
    part = next(Store(copy).folders()) / ".result.json.host.1.part"
    part.write_text("{")
    half = copy / "00" / "00aa00aa00aa00aa"
    half.mkdir(parents=True)
    assert len(en.load_results(copy)) == 20
    assert Store(copy).leftovers() == []  # they may be in use
    for path in (part, half):
        os.utime(path, (1, 1))
    assert main(["status", str(copy), "--clean"]) == 0
    shown = capsys.readouterr()
    assert str(part) in shown.err
    assert str(half) in shown.err
    assert not part.exists()
    assert not half.exists()
    assert "5 all" in shown.out


def test_status(runs, tmp_path, capsys, monkeypatch):
    grid = tmp_path / "grid.toml"
    GRID.to_toml(grid)
    assert main(["status", str(runs), "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert {"runs": "9 largest", "exhausted": 4} in counts
    assert main(["status", str(runs), "--grid", str(grid)]) == 0  # of MNIST: nothing is there
    shown = capsys.readouterr()
    assert shown.out.split() == ["missing", "block", "1", "4", "block", "2", "16"]
    assert "are of other data than 'mnist': give theirs with --data" in shown.err
    assert shown.err.count("\n") == 1
    monkeypatch.setattr("energynet.data.named.load_mnist", digits)
    assert main(["status", str(runs), "--grid", str(grid)]) == 0
    shown = capsys.readouterr()
    assert shown.out.split() == ["exhausted", "block", "1", "4", "block", "2", "16"]
    assert shown.err == ""
    failed = copy_of(runs, tmp_path)
    config = replace(GRID.configs[0], rule=en.LargestUpdates(0.25, scope="layer"), hidden=1000)
    sha256 = digits().sha256
    identity = run_id(config, sha256)
    Store(failed).give_up(identity, config, "failed", "no luck", {"data_sha256": sha256})
    line = f"energynet: run {identity} (1,000 hidden units, rule largest-per-layer with fraction"
    line += f" 0.25, seed {config.seed}) failed: no luck\n"
    for more, told in (([], line), (["--json"], line), (["--grid", str(grid)], "")):
        assert main(["status", str(failed), *more]) == 0
        assert capsys.readouterr().err == told
    assert main(["status", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "no runs\n"


def test_leftover_checkpoints_and_signs_to_stop(runs, tmp_path):
    store = Store(copy_of(runs, tmp_path))
    ended = store.checkpoint(next(store.folders()).name)
    unfinished = store.checkpoint("00aa00aa00aa00aa")
    store.begin(unfinished.parent.name, GRID.configs[0], "")
    sign = store.root / ".stop-1"
    for path in (ended, unfinished, sign):
        path.touch()
        os.utime(path, (1, 1))
    assert store.clean() == sorted([ended, sign])
    assert unfinished.exists()


def test_a_run_that_gives_no_sign_of_life_was_interrupted(tmp_path):
    store, identity = Store(tmp_path), "00aa00aa00aa00aa"
    store.begin(identity, GRID.configs[0], "")
    folder = store.folder(identity)
    assert store.outcome(identity) == "running"
    for path in (folder / "spec.json", folder):
        os.utime(path, (1, 1))
    assert store.outcome(identity) == "interrupted"
    store.still_running(identity)
    assert store.outcome(identity) == "running"
    store.leave(identity)
    assert store.outcome(identity) == "interrupted"
    store.begin(identity, GRID.configs[0], "")
    assert store.outcome(identity) == "running"


def test_dates_in_the_future_are_no_signs_of_life(tmp_path):
    store, identity = Store(tmp_path), "00aa00aa00aa00aa"
    store.begin(identity, GRID.configs[0], "")
    folder, sign = store.folder(identity), store.root / ".stop-1"
    sign.touch()
    for path in (folder / "spec.json", folder, sign):
        os.utime(path, (time.time() + 60, time.time() + 60))  # clocks may differ a little
    assert store.outcome(identity) == "running"
    assert store.leftovers() == []
    for path in (folder / "spec.json", folder, sign):
        os.utime(path, (time.time() + 1e8, time.time() + 1e8))
    assert store.outcome(identity) == "interrupted"
    assert store.clean() == [sign]
    store.still_running(identity)
    assert store.outcome(identity) == "running"


def test_a_read_only_store_can_be_read(runs, tmp_path, read_only, capsys, caplog, monkeypatch):
    monkeypatch.setattr(save, "DRAWINGS", (schematic,))  # drawing is slow, and reads no store
    copy, out = shutil.copytree(runs, tmp_path / "copy"), tmp_path / "out"
    out.mkdir()
    (copy / ".index.json").unlink(missing_ok=True)
    grid = tmp_path / "grid.toml"
    GRID.to_toml(grid)
    with read_only(copy):
        assert len(en.load_results(copy)) == 20
        assert len(en.load_history(copy)) == 60
        for command in (
            f"status {copy}",
            f"status {copy} --clean",
            f"export {copy} --out {out / 'runs.csv'} --history {out / 'curves.csv'}",
            f"figures {copy} --out {out / 'figures'}",
            f"claims {copy} --out {out / 'claims.md'}",
            f"report {copy} --out {out / 'report.html'}",
            f"sweep {grid} --store {copy} --dry-run",
        ):
            assert main(command.split()) == 0, capsys.readouterr().err
    assert capsys.readouterr().err == ""
    caplog.clear()
    (copy / ".stop-1").touch()
    os.utime(copy / ".stop-1", (1, 1))
    with read_only(copy):
        assert main(["status", str(copy), "--clean"]) == 0
    assert caplog.messages == [f"{copy / '.stop-1'} cannot be removed: Read-only file system"]


def test_fields_added_later_leave_stored_ids_alone():
    """Ids of today, held here; and a field of tomorrow counts only where it is set."""

    @dataclass(frozen=True, kw_only=True)
    class Later(en.TrainingConfig):
        noise: float = 0.0

    config = en.TrainingConfig(hidden=7, rule=en.LargestUpdates(0.1), seed=2)
    values = {"hidden": 7, "rule": config.rule, "seed": 2}
    assert run_id(config, "data") == "c543bd92991d33de"
    assert run_id(Later(**values), "data") == run_id(config, "data")
    assert run_id(Later(**values, noise=0.1), "data") != run_id(config, "data")


def test_threads_that_write_one_file_do_not_mix(tmp_path):
    path = tmp_path / "file"

    def write(content):
        with written_whole(path) as file:
            file.write(content)

    with ThreadPoolExecutor(1) as other, written_whole(path) as file:
        file.write(b"the one that ends last")
        other.submit(write, b"another").result()
        assert path.read_bytes() == b"another"
    assert path.read_bytes() == b"the one that ends last"
    assert list(tmp_path.iterdir()) == [path]
