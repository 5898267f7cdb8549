"""Damaged and foreign files: each is read or refused in one sentence, and no code is run."""

import gzip
import json
import lzma
import random
import sys
import warnings
from dataclasses import replace
from importlib.abc import MetaPathFinder

import numpy as np
import pandas as pd
import pytest
from support import digits

import energynet as en
from energynet.data.idx import read_idx
from energynet.data.named import load_named
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.rules.custom import NamedRule
from energynet.store.exchange import export_results, import_results
from energynet.store.folder import Store

ABSENT = "energynet_forbidden"  # a module that no reader may import
DATA = digits(n_in=4, train=6, test=3, classes=2)
CONFIG = en.TrainingConfig(hidden=2, max_steps=2, test_every=1, alpha=0.5)
IMAGES = bytes((0, 0, 8, 3)) + np.array([5, 3, 2], ">u4").tobytes() + bytes(range(30))
TABLES = (".csv", ".csv.xz", ".sqlite", ".parquet")
READERS = {
    "images": lambda path, _: read_idx(path, 3),
    "images.gz": lambda path, _: read_idx(path, 3),
    "images.xz": lambda path, _: read_idx(path, 3),
    "network.npz": lambda path, _: en.Network.load(path).predict(DATA.x_test),
    "run.npz": lambda path, _: en.train(replace(CONFIG, max_steps=3), DATA, checkpoint=path),
    "data.npz": lambda path, _: load_named(path),
    "grid.toml": lambda path, _: en.Grid.from_toml(path),
    **{f"table{ending}": import_results for ending in TABLES},
}


class Watch(MetaPathFinder):
    """Notes whether anybody looks for the absent module."""

    seen = False

    def find_spec(self, name, path=None, target=None):
        self.seen |= name == ABSENT


@pytest.fixture
def watch(monkeypatch):
    finder = Watch()
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    return finder


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """A folder with a valid file of every format, and a store."""
    pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    place = tmp_path_factory.mktemp("valid")
    for suffix, pack in (("", bytes), (".gz", gzip.compress), (".xz", lzma.compress)):
        (place / f"images{suffix}").write_bytes(pack(IMAGES))
    result = en.train(CONFIG, DATA, checkpoint=place / "run.npz")
    result.network.save(place / "network.npz")
    DATA.save(place / "data.npz")
    en.Grid(hidden=[3, 4], rule="largest", fraction=0.1).to_toml(place / "grid.toml")
    store, origin = (
        Store(place / "runs"),
        {"data_sha256": DATA.sha256, "numerics": NUMERICS_VERSION},
    )
    named = NamedRule(f"{ABSENT}:Rule", 1, (("fraction", 0.5),))
    for config in (CONFIG, replace(CONFIG, rule=named)):
        store.finish(replace(result, config=config), origin)
    for ending in TABLES:
        export_results(store.root, place / f"table{ending}")
    return place


def damaged(content):
    """Empty, cut, foreign, and with single bits flipped."""
    yield from (b"", content[: len(content) // 2], content[:-1], b"\x89PNG\r\n" + bytes(40))
    chance = random.Random(0)
    for _ in range(12):
        flipped = bytearray(content)
        flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        yield bytes(flipped)


@pytest.mark.parametrize("name", READERS)
def test_damaged_files(valid, tmp_path, watch, name):
    content, path = (valid / name).read_bytes(), tmp_path / name
    path.write_bytes(content)
    READERS[name](path, tmp_path / "into")
    messages = []
    for number, wrong in enumerate(damaged(content)):
        path.write_bytes(wrong)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", en.DataWarning)
                READERS[name](path, tmp_path / f"into {number}")
        except en.EnergynetError as error:
            messages.append(str(error))
    assert len(messages) >= 2
    assert all(0 < len(text) < 1000 and "\n" not in text for text in messages)
    assert not watch.seen


class Payload:
    def __reduce__(self):
        return exec, (f"import {ABSENT}",)


WRONG = {
    "object": np.array([Payload()], object),
    "whole": np.ones((3, 2), int),
    "swapped": np.ones((3, 2), ">f8"),
    "vector": np.ones(6),
    "empty": np.ones((0, 2)),
    "not finite": np.nan,
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("name", ["w1", "w2", "mean", "activation"])
def test_networks_of_wrong_arrays(valid, tmp_path, watch, case, name):
    with np.load(valid / "network.npz") as file:
        arrays = dict(file)
    np.savez(tmp_path / "network.npz", **arrays | {name: WRONG[case]})
    with pytest.raises(en.FileError, match="is not a network saved by energynet"):
        en.Network.load(tmp_path / "network.npz")
    assert not watch.seen


@pytest.mark.parametrize("case", WRONG)
def test_checkpoints_of_wrong_arrays(valid, tmp_path, case):
    with np.load(valid / "run.npz") as file:
        arrays = dict(file)
    for name in arrays:
        np.savez(tmp_path / "run.npz", **arrays | {name: WRONG[case]})
        with pytest.raises(en.FileError):
            en.train(CONFIG, DATA, checkpoint=tmp_path / "run.npz")


def test_networks_without_a_background_are_read(valid, tmp_path):
    whole = en.Network.load(valid / "network.npz")
    with np.load(valid / "network.npz") as file:
        arrays = {name: file[name] for name in file if name != "background"}
    np.savez(tmp_path / "network.npz", **arrays)
    again = en.Network.load(tmp_path / "network.npz")
    assert again.background == 0.0
    np.testing.assert_allclose(again.outputs(DATA.x_test), whole.outputs(DATA.x_test), rtol=1e-4)


def test_no_code_is_run_by_names_of_rules(valid, tmp_path, watch):
    """A table, a store and its index hold the rule; only a grid, or a config, imports it."""
    table = en.load_results(valid / "runs")
    assert f"{ABSENT}:Rule" in set(table["rule"])
    for ending in TABLES:
        import_results(valid / f"table{ending}", tmp_path / "into")
    en.load_results(tmp_path / "into")
    en.claims(table)
    assert not watch.seen
    with pytest.raises(en.ConfigError, match=f"'{ABSENT}:Rule' cannot be imported"):
        en.rule_from_name(f"{ABSENT}:Rule")
    assert watch.seen


BAD_ROWS = {
    "outcome": ("good", "outcome must be one of reached"),
    "steps": ("2.5", "column 'steps' must hold whole numbers, got '2.5'"),
    "hidden": ("9" * 30, "column 'hidden' must hold whole numbers, got '999"),
    "m0": ("many", "column 'm0' must hold whole numbers, got 'many'"),
    "accuracy": ("high", "column 'accuracy' must hold numbers, got 'high'"),
    "m_alpha_0.5": ("x", "column 'm_alpha_0.5' must hold numbers, got 'x'"),
    "numerics": ("1", "other settings or another numerics version"),
    "alpha": ("half", "could not convert"),
    "rule": ("os:system", "rule must be one of all"),
}


@pytest.mark.parametrize("column", BAD_ROWS)
def test_rows_that_are_no_results(valid, tmp_path, column):
    value, message = BAD_ROWS[column]
    table = pd.read_csv(valid / "table.csv", dtype=str, keep_default_na=False)
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
def test_results_of_wrong_types_are_left_out(valid, tmp_path, name, caplog):
    result = json.loads(next((valid / "runs").glob("*/*/result.json")).read_text())
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
