"""Damaged and hostile files: refused in a sentence, within bounds of memory, and no code is run.

`python tests/helpers/fuzz.py MINUTES` does the same for longer.
"""

import gzip
import io
import json
import lzma
import pickle
import random
import sqlite3
import subprocess
import zipfile
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from formats import CONFIG, DATA, FORBIDDEN, TABLES, Watch, attempt, formats, zipped
from hypothesis import given, settings
from hypothesis import strategies as st
from support import PYTHON

import energynet as en
from energynet.store.exchange import export_results, import_results, read_table
from energynet.store.folder import Store
from energynet.support.npz import read_npz
from energynet.training.checkpoint import identity, load_checkpoint
from energynet.training.run import prepare

NAMES = [
    *("idx", "idx.gz", "idx.xz", "npz network", "npz run", "npz data", "toml"),
    *("store result.json", "store history.csv", "store .index.json"),
    *(f"table {ending}" for ending in TABLES),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def known(place):
    pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    return formats(place / "valid")


def test_every_format_is_named(known):
    assert list(known) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_valid_files_are_read(known, place, name):
    for file, content in known[name].files.items():
        (place / file).write_bytes(content)
        known[name].read(place / file)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", NAMES)
def test_damaged_files(known, place, name):
    @settings(max_examples=25)
    @given(st.integers(0, 2**32))
    def check(seed):
        _, read = attempt(known[name], random.Random(seed), place)
        read()

    with Watch() as watch:
        check()
    assert not watch.seen


@pytest.mark.parametrize("name", NAMES)
def test_random_bytes(known, place, name):
    (file, *_) = known[name].files

    @settings(max_examples=10)
    @given(st.binary(max_size=200))
    def check(content):
        (place / file).write_bytes(content)
        if name.startswith("store"):
            known[name].read(place / file) if "history" not in name else None
            return
        with pytest.raises(en.EnergynetError):
            known[name].read(place / file)

    check()


class Payload:
    def __reduce__(self):
        return exec, (f"import {FORBIDDEN}",)


def member(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def announcing(shape, descr="'<f4'", body=bytes(16)):
    """A member of an archive that claims a shape and a type."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + body


SAVED = {"format": 1, "w1": np.ones((3, 2)), "w2": np.ones((3, 2)), "mean": 0.0, "background": 0.0}
SAVED |= {"activation": "relu"}
HOSTILE = {
    "object": member(np.array([Payload()], object)),
    "pickle": pickle.dumps(Payload()),
    "huge": announcing("(10000000000, 10)"),
    "endless": announcing("(1000000000000000000,)", "'V0'", b""),
    "no columns": announcing("(1000000000000000000, 0)", body=b""),
    "negative": announcing("(-1, 2)"),
    "records": announcing("(1,)", "[('a', 'O')]"),
    "short": announcing("(5,)"),
    "long": announcing("(3,)"),
    "swapped": member(np.ones((3, 2), ">f8")),
    "whole": member(np.ones((3, 2), int)),
    "vector": member(np.ones(6)),
    "empty": member(np.ones((0, 2))),
    "text": member(np.array("relu")),
    "nan": member(np.nan),
    "no character": announcing("()", "'<U1'", b"\x00\x00\x11\x00"),
    "no character in a record": announcing("(1,)", "[('a', '<U1')]", b"\x00\x00\x11\x00"),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("name", SAVED)
def test_hostile_members_of_networks(tmp_path, case, name):
    members = {f"{key}.npy": member(value) for key, value in SAVED.items()}
    path = tmp_path / "network.npz"
    path.write_bytes(zipped(members))
    assert en.Network.load(path).activation == "relu"
    if (name, case) == ("activation", "text"):
        return
    path.write_bytes(zipped({**members, f"{name}.npy": HOSTILE[case]}))
    with Watch() as watch, pytest.raises(en.FileError, match="is not a network saved by energynet"):
        en.Network.load(path)
    assert not watch.seen


def test_what_other_packages_say_is_shortened(tmp_path):
    path = tmp_path / "network.npz"
    path.write_bytes(zipped({f"{key}.npy": member(value) for key, value in SAVED.items()}))
    np.savez(path, **read_npz(path, ""), **{"x" * 9000: 1})
    with pytest.raises(en.FileError, match="is not a network saved by energynet") as caught:
        en.Network.load(path)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_members_of_checkpoints(known, tmp_path, case):
    with zipfile.ZipFile(io.BytesIO(known["npz run"].files["run.npz"])) as file:
        members = {name: file.read(name) for name in file.namelist()}
    run, path = prepare(CONFIG, DATA), tmp_path / "run.npz"
    for name in members:
        path.write_bytes(zipped({**members, name: HOSTILE[case]}))
        with pytest.raises(en.FileError):
            load_checkpoint(path, identity(CONFIG, DATA.sha256), run)


def test_a_checkpoint_before_the_first_step(known, tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(known["npz run"].files["run.npz"])
    arrays = read_npz(path, "")
    np.savez(path, **{**arrays, "clock": np.array([-5, 0])})
    with pytest.raises(en.FileError, match="is not a checkpoint of energynet: its step is invalid"):
        en.train(CONFIG, DATA, checkpoint=path)


@pytest.mark.usefixtures("known")
def test_no_code_is_run_by_names_of_rules(place, tmp_path):
    """A table, a store and its index hold the rule; only a grid, or a config, imports it."""
    store = place / "valid" / "runs"
    with Watch() as watch:
        table = en.load_results(store)
        assert f"{FORBIDDEN}:Rule" in set(table["rule"])
        for ending in TABLES:
            export_results(store, tmp_path / f"a{ending}")
            import_results(tmp_path / f"a{ending}", tmp_path / "into")
        en.load_results(tmp_path / "into")
        en.claims(table)
        assert not watch.seen
        with pytest.raises(en.ConfigError, match=f"'{FORBIDDEN}:Rule' cannot be imported"):
            en.rule_from_name(f"{FORBIDDEN}:Rule")
        assert watch.seen


BAD_ROWS = {
    "outcome": ("good", "outcome must be one of reached"),
    "steps": ("2.5", "column steps must hold whole numbers, got '2.5'"),
    "hidden": ("9" * 30, "column hidden must hold whole numbers, got '999"),
    "m0": ("many", "column m0 must hold whole numbers, got 'many'"),
    "accuracy": ("high", "column accuracy must hold numbers, got 'high'"),
    "m_alpha_0.5": ("x", "column m_alpha_0.5 must hold numbers, got 'x'"),
    "numerics": ("1", "other settings or another numerics version"),
    "alpha": ("half", "could not convert"),
    "rule": ("os:system", "rule must be one of all"),
}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("column", BAD_ROWS)
def test_rows_that_are_no_results(place, tmp_path, column):
    value, message = BAD_ROWS[column]
    table = pd.read_csv(place / "valid" / "table.csv", dtype=str, keep_default_na=False)
    row = table.index[table["rule"] == "all"][0]
    table.loc[row, column] = value
    table.to_csv(tmp_path / "table.csv", index=False)
    with pytest.raises(en.FileError, match=message):
        import_results(tmp_path / "table.csv", tmp_path / "into")


BAD_RESULTS = {
    "steps": "x",
    "m0": 2**70,
    "m1": "much",
    "m_alpha": {"x": 1},
    "seconds": None,
    "accuracy": 10**400,
    "id": 5,
    "m0_layers": [1],
    "provenance": {"host": {"a": 1}},
    "config": {"rule": {"name": 5}, "hidden": 1, "seed": 0},
}


@pytest.mark.parametrize("name", BAD_RESULTS)
def test_results_of_wrong_types_are_left_out(known, tmp_path, name, caplog):
    result = json.loads(known["store result.json"].files["result.json"])
    identity = result["id"]
    path = Store(tmp_path).folder(identity) / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(result))
    assert len(en.load_results(tmp_path)) == 1
    index = json.loads((tmp_path / ".index.json").read_text())
    index["entries"][identity][2]["steps"] = "x"  # a damaged cache alone does no harm
    (tmp_path / ".index.json").write_text(json.dumps(index))
    assert en.load_results(tmp_path)["steps"].tolist() == [result["steps"]]
    path.write_text(json.dumps({**result, name: BAD_RESULTS[name]}))
    assert en.load_results(tmp_path).empty
    assert "is not a result of energynet; it is left out" in caplog.text


@pytest.mark.parametrize("content", ["[" * 100_000, "1" * 10_000, '{"format": ' * 9_000])
def test_nesting_and_digits_without_end(tmp_path, content):
    (tmp_path / "runs" / "00" / ("0" * 16)).mkdir(parents=True)
    for path in (tmp_path / "runs" / ".index.json", *(tmp_path / "runs").glob("00/*")):
        (path / "result.json" if path.is_dir() else path).write_text(content)
    assert en.load_results(tmp_path / "runs").empty
    (tmp_path / "grid.toml").write_text(f"a = {content}")
    with pytest.raises(en.ConfigError, match="is not valid TOML"):
        en.Grid.from_toml(tmp_path / "grid.toml")


@pytest.mark.parametrize(
    "script",
    [
        "CREATE VIEW results AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i FROM n",
        "CREATE TABLE results (i, b GENERATED ALWAYS AS (zeroblob(1000000000)));"
        "INSERT INTO results (i) VALUES (1), (2)",
        "CREATE TABLE other (i)",
    ],
)
def test_databases_that_compute(tmp_path, script):
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    with pytest.raises(en.FileError, match="no table results, or one that is computed"):
        read_table(path)


BOMBS = """
import resource, sys
from pathlib import Path
import numpy, pandas, pyarrow.parquet
import energynet as en
from energynet.store.exchange import read_table
from energynet.data.idx import read_idx
readers = {".npz": en.Network.load, ".gz": lambda path: read_idx(path, 3)}
pyarrow.set_cpu_count(1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
for path in sorted(Path(sys.argv[1]).iterdir()):
    read = readers.get(path.suffix, read_table)
    if path.name.startswith("images"):
        read = readers[".gz"]
    try:
        read(path)
        sys.exit(f"{path.name} was read")
    except en.EnergynetError as error:
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{path.name}: {grown:.0f} MB: {error}")
        if grown > 100:
            sys.exit(f"{path.name} took {grown:.0f} MB")
"""


def test_bombs(tmp_path):
    """Files of a few MB at most that would unpack to gigabytes; read in a process of its own."""
    pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    header = bytes((0, 0, 8, 3)) + np.array([10**6, 28, 28], ">u4").tobytes()
    folder, block = tmp_path / "bombs", b"1" * 10**7
    folder.mkdir()
    for suffix, pack in ((".gz", gzip.compress), (".xz", lzma.compress)):
        (folder / f"images{suffix}").write_bytes(pack(header) + 40 * pack(block))
    (folder / "table.csv.xz").write_bytes(40 * lzma.compress(block))
    (folder / "packed.npz").write_bytes(
        zipped({"w1.npy": announcing("(50000000,)", body=bytes(200_000_000))}, zipfile.ZIP_DEFLATED)
    )
    (folder / "claims.npz").write_bytes(zipped({"w1.npy": announcing("(900000000,)")}))
    frame = pd.DataFrame({"id": np.zeros(6_000_000, np.int8), "m0": np.int8(1)})
    frame.to_parquet(folder / "table.parquet")
    done = subprocess.run(
        [*PYTHON, "-c", BOMBS, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\n") == 6
