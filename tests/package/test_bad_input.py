"""Every public parameter and every flag against every kind of bad value: one sentence, or it works.

A table says of each parameter which of the odd values it takes; all others must be refused. The
tables must name exactly the parameters and flags that there are.
"""

import inspect
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from custom_rules import AllKinds
from support import digits
from tables import complete

import energynet as en
from energynet.cli import main as cli
from energynet.store.exchange import export_results, import_results
from energynet.store.folder import Store
from energynet.support import checks
from energynet.support.provenance import provenance
from energynet.sweeps.grid import _FIELDS


class Ugly:
    def __repr__(self):
        raise RuntimeError("no words")


ODD = {
    "none": None,
    "object": Ugly(),
    "true": True,
    "numpy true": np.True_,
    "zero": 0,
    "one": 1,
    "negative": -1,
    "half": 0.5,
    "nan": np.float64("nan"),
    "inf": np.inf,
    "huge": 10**400,
    "too many digits": -(10**9000),
    "complex": np.complex128(1),
    "date": datetime(2024, 1, 1, tzinfo=UTC),
    "bytes": b"1",
    "buffer": bytearray(b"0.5"),
    "no text": "",
    "word": "wörd",
    "long text": "x" * 10**6,
    "null": "a\0b",
    "half a character": "\udcff",
    "no list": [],
    "list": ["a", 2],
    "endless": [[[[[]]]]] * 1000,
    "dict": {"name": "all", 3: 4},
    "array": np.zeros(3),
    "texts": np.array(["a", "b"]),
    "big array": np.full((1000, 1000), np.nan),
    "ragged": [[1], [1, 2]],
}
DATA = digits()
CONFIG = en.TrainingConfig(hidden=3, max_steps=2, test_every=1)
RESULT = en.train(CONFIG, DATA)
NETWORK = RESULT.network
TABLE, HISTORY = complete(sizes=(100,))
X, Y = DATA.x_train, DATA.y_train
FILES = {"word", "half a character"}  # names that files may have
TITLES = {"no text", "word", "long text", "null", "half a character"}
NOTHING, NONE = set(), {"none"}
BY = {"no list"}


def build(cls, good, **takes):
    return cls, good, takes


def grid(**values):
    return len(en.Grid(**values))


SETTINGS = {  # of a config, and of the configs of a grid
    "hidden": {"one"},
    "rule": NOTHING,
    "activation": NOTHING,
    "output": NOTHING,
    "learning_rate": {"one", "half"},
    "init_std": {"zero", "one", "half"},
    "center": {"true", "numpy true"},
    "sample_order": NOTHING,
    "target_accuracy": {"half", "one"},
    "test_every": {"one"},
    "max_steps": {"one"},
    "margin": {"none", "zero", "one", "half"},
    "hold": {"one"},
    "dtype": NOTHING,
    "alpha": {"half", "one", "no list"},
    "start": {"none", "no text"},
}
STUDY = {"table": NOTHING, "by": BY, "criterion": {"none", "half"}, "history": NONE}
CURVES = {"table": TABLE, "history": HISTORY}
ARRAYS = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}
CHECKED = {
    "TrainingConfig": build(
        en.TrainingConfig,
        {"hidden": 3},
        seed={"zero", "one"},
        **SETTINGS,
    ),
    "AllSynapses": build(en.AllSynapses, {}),
    "FixedMask": build(
        en.FixedMask,
        {"fraction": 0.5},
        fraction={"half", "one"},
        over=NOTHING,
        output_fraction={"none", "half", "one"},
    ),
    "GivenMask": build(
        en.GivenMask,
        {"hidden": np.ones((3, 2), bool), "output": np.ones((3, 4), bool)},
        hidden=NOTHING,
        output=NOTHING,
    ),
    "GivenMask.load": build(en.GivenMask.load, {}, path=NOTHING),
    "Readout": build(en.Readout, {}),
    "RandomSubset": build(
        en.RandomSubset,
        {"fraction": 0.5},
        fraction={"half", "one"},
        output_fraction={"none", "half", "one"},
    ),
    "LargestUpdates": build(
        en.LargestUpdates,
        {"fraction": 0.5, "scope": "layer"},
        fraction={"half", "one"},
        scope=NOTHING,
        output_fraction={"none", "half", "one"},
        within=NONE,
    ),
    "PlasticityRule": build(
        AllKinds,
        {"whole": 1},
        whole={"zero", "one", "negative"},
        number={"zero", "one", "negative", "half"},
        flag={"true", "numpy true"},
        word={"no text", "word", "long text", "null", "half a character"},
    ),
    "rule_from_name": build(lambda name: en.rule_from_name(name), {"name": "all"}, name=NOTHING),
    "Dataset": build(
        en.Dataset.from_arrays,
        ARRAYS,
        **dict.fromkeys(ARRAYS, NOTHING),
        classes={"none"},
    ),
    "Dataset.only": build(DATA.only, {}, classes=NOTHING),
    "Dataset.permuted": build(DATA.permuted, {}, seed={"zero", "one"}),
    "Dataset.save": build(DATA.save, {}, path=FILES),
    "load_idx": build(en.load_idx, {}, folder=NOTHING),
    "train": build(
        en.train,
        {"config": CONFIG, "dataset": DATA},
        config=NOTHING,
        dataset=NOTHING,
        threads={"none", "one"},
        checkpoint=FILES | NONE,
        start=NONE,
        progress={"none"},
        on_test={"none"},
        count_updates={"true", "numpy true"},
    ),
    "initial_network": build(
        en.initial_network,
        {"config": CONFIG, "dataset": DATA},
        config=NOTHING,
        dataset=NOTHING,
    ),
    "Grid": build(
        grid,
        {"hidden": 3},
        fraction=NOTHING,
        output_fraction=NOTHING,
        within_units=NOTHING,
        mask=NOTHING,
        params=NOTHING,
        seeds={"one", "array"},
        **SETTINGS | {name: SETTINGS[name] | {"array"} for name in ("init_std", "margin")},
    ),
    "sweep": build(
        en.sweep,
        {"grid": [], "store": "runs", "data": DATA, "progress": False},
        grid={"no list"},
        store=FILES,
        executor={"none"},
        data={"none"},
        workers={"none", "one"},
        shard=NONE,
        retry_failed={"true", "numpy true"},
        progress={"true", "numpy true"},
    ),
    "load_results": build(en.load_results, {}, store=NOTHING),
    "load_history": build(
        en.load_history, {"store": "stored"}, store=NOTHING, ids={"none", "no list"}
    ),
    "compiled": build(en.compiled, {}, select=NONE, python={"true", "numpy true"}),
    "compare": build(en.compare, {}, runs=NOTHING),
    "plot": build(en.plot, {}, runs=NOTHING),
    "cells": build(en.cells, CURVES, **STUDY, seeds=NONE),
    "optimal_energy": build(en.optimal_energy, CURVES, **STUDY, seeds=NONE),
    "savings": build(en.savings, CURVES, **STUDY, seeds=NONE, at=NOTHING, against=NOTHING),
    "study": build(
        en.study,
        {
            **{"methods": ["all"], "hidden": 3, "data": DATA, "store": "study"},
            **{"seeds": {"exploration": [0], "confirmation": [1]}, "progress": False},
            **{"max_steps": 2, "test_every": 1},
        },
        methods=NOTHING,
        hidden={"one"},
        data=NOTHING,
        seeds=NONE,
        energies=NOTHING,
        extend={"zero", "one"},
        store=FILES,
        out=FILES | NONE,
        executor=NONE,
        workers={"none", "one"},
        progress={"true", "numpy true"},
        title=TITLES,
        settings=NOTHING,
    ),
    "claims": build(en.claims, CURVES, **STUDY),
    "Network": build(
        en.Network,
        {"w1": NETWORK.w1, "w2": NETWORK.w2, "mean": 0.0, "background": 0.0},
        w1=NOTHING,
        w2=NOTHING,
        mean={"zero", "one", "negative", "half"},
        background={"zero", "one", "negative", "half"},
        activation=NOTHING,
    ),
    "Network.outputs": build(NETWORK.outputs, {"images": X}, images=NOTHING, threads={"one"}),
    "Network.predict": build(NETWORK.predict, {"images": X}, images=NOTHING, threads={"one"}),
    "Network.save": build(NETWORK.save, {}, path=FILES),
    "Network.load": build(en.Network.load, {}, path=NOTHING),
    "TrainingConfig.from_dict": build(en.TrainingConfig.from_dict, {}, values=NOTHING),
    "Grid.from_toml": build(en.Grid.from_toml, {}, path=NOTHING),
    "Grid.to_toml": build(en.Grid(hidden=1).to_toml, {}, path=FILES),
    "export": build(
        export_results,
        {"store": "stored", "out": "out.csv"},
        store=NOTHING,
        out=NOTHING,
        history=NONE,
    ),
    "import": build(
        import_results,
        {"table": "stored.csv", "store": "runs"},
        table=NOTHING,
        store=FILES,
        history=NONE,
    ),
}
# Where the sentence may name the parameter by another word.
CALLED = {("rule_from_name", "name"): "rule", ("Grid.from_toml", "path"): "grid"}
CALLED |= {("TrainingConfig.from_dict", "values"): "parameter", ("import", "history"): "table"}
CALLED |= {("GivenMask.load", "path"): "mask", ("Grid", "mask"): "cannot be read"}
CALLED |= {("study", "methods"): "method"}
CALLED |= {("Dataset", "classes"): "labels", ("Grid", "params"): "name"}
# Made by the package alone, or without parameters, or checked as what a rule returns.
GIVEN = {
    *("Claim", "CurvePoint", "DirectEnergy", "Energy", "Layer", "LayerEnergy", "Progress", "Step"),
    *("TrainingResult", "load_mnist", "Change", "End", "LayerWeights", "State", "StudyOutcome"),
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder with a store of one run, and a table of it."""
    place = tmp_path_factory.mktemp("stored")
    store = Store(place / "stored")
    origin = provenance() | {"data_sha256": DATA.sha256, "numerics": 2}
    store.finish(RESULT, origin)
    export_results(store.root, place / "stored.csv", place / "curves.csv")
    return place


@pytest.fixture
def here(stored, tmp_path, monkeypatch):
    shutil.copytree(stored, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")


def test_every_public_parameter_has_its_row():
    public = {name for name in en.__all__ if not name.endswith(("Error", "Warning"))}
    assert public == {name for name in CHECKED if name in en.__all__} | GIVEN
    for name, (function, _, takes) in CHECKED.items():
        if name == "Grid":
            assert set(takes) == set(_FIELDS)
        elif name != "rule_from_name":
            known = set(inspect.signature(function).parameters) - {"on_checkpoint"}  # its old name
            assert set(takes) == known, name


CASES = [(name, parameter) for name, row in CHECKED.items() for parameter in row[2]]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("name", "parameter"), CASES)
def test_odd_values_of_parameters(name, parameter):
    function, good, takes = CHECKED[name]
    for odd, value in ODD.items():
        arguments = {**good, parameter: value}
        if odd in takes[parameter]:
            function(**arguments)
            continue
        with pytest.raises(en.EnergynetError) as caught:
            function(**arguments)
        message = str(caught.value)
        words = {parameter, CALLED.get((name, parameter), parameter)}
        words |= {value} if isinstance(value, str) and value else set()
        assert any(word in message for word in words), (odd, message)
        assert "\n" not in message, odd
        assert len(message) < 500, odd


OTHERS = {"Dataset", "rule_from_name"}
CALLED_BY_USERS = [name for name in CHECKED if name in en.__all__ and name not in OTHERS]


@pytest.mark.parametrize("name", CALLED_BY_USERS)
def test_unknown_keywords_are_answered_in_a_sentence(name):
    function = AllKinds if name == "PlasticityRule" else getattr(en, name)
    with pytest.raises(en.ConfigError, match="colour"):
        function(**CHECKED[name][1], colour=3)


def test_mistyped_keywords_get_a_hint():
    with pytest.raises(en.ConfigError, match=r"^train takes config, .* 'thread'; .* 'threads'"):
        en.train(CONFIG, DATA, thread=1)
    with pytest.raises(en.ConfigError, match=r"^sweep takes .*: missing .* 'store'$"):
        en.sweep([])
    assert list(inspect.signature(en.train).parameters)[:2] == ["config", "dataset"]


def test_a_type_error_within_a_call_is_no_wrong_argument():
    @checks.arguments
    class Pair:
        def __init__(self, first, second):
            raise TypeError(f"from within: {first}, {second}")

    @checks.arguments
    def pair(first, second):
        raise TypeError(f"from within: {first}, {second}")

    for called in (Pair, pair):
        with pytest.raises(TypeError, match="from within"):
            called(1, 2)
        with pytest.raises(en.ConfigError, match="missing"):
            called(1)


def layouts(array):
    """The same values, laid out in memory in other ways."""
    wide = np.zeros((*array.shape, 2), array.dtype)
    wide[..., 0] = array
    frozen = array.copy()
    frozen.flags.writeable = False
    reverse = tuple(slice(None, None, -1) for _ in array.shape)
    yield np.asfortranarray(array)
    yield wide[..., 0]
    yield array[reverse].copy()[reverse]
    yield frozen
    yield pd.DataFrame(array) if array.ndim == 2 else pd.Series(array)
    yield np.ma.masked_array(array)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_layout_in_memory_makes_no_difference(dtype):
    data = digits(dtype=dtype)
    plain = [getattr(data, name) for name in ARRAYS]
    result = en.train(CONFIG, data)
    expected = result.network.outputs(data.x_test)
    for others in zip(*map(layouts, plain), strict=True):
        same = en.Dataset.from_arrays(*others)
        assert same.sha256 == data.sha256
        assert en.train(CONFIG, same).energy == result.energy
        np.testing.assert_array_equal(result.network.outputs(others[2]), expected)
    w1, w2 = result.network.w1, result.network.w2
    for others in zip(layouts(w1), layouts(w2), strict=True):
        if all(type(other) is np.ndarray for other in others):
            other = replace(result.network, w1=others[0], w2=others[1])
            np.testing.assert_array_equal(other.outputs(data.x_test), expected)


def test_no_images_and_more_threads_than_images():
    assert NETWORK.outputs(X[:0]).shape == (0, 4)
    assert NETWORK.predict(X[:3], threads=2**16).shape == (3,)


def test_numpy_scalars_are_numbers():
    plain = {"hidden": 3, "learning_rate": 0.5, "center": False, "seed": 2, "alpha": 0.5}
    for kind in (np.asarray, lambda value: np.asarray(value)[()]):
        given = {name: kind(value) for name, value in plain.items()}
        assert en.TrainingConfig(**given) == en.TrainingConfig(**plain)
    assert en.TrainingConfig(hidden=np.float32(3)).hidden == 3


def test_a_network_too_large_for_any_machine():
    for hidden in (2**31 - 2, 10**9):
        for function in (en.train, en.initial_network):
            with pytest.raises(en.ConfigError, match="hidden must be small enough for memory"):
                function(replace(CONFIG, hidden=hidden), DATA)


def changed(**columns):
    return TABLE.assign(**columns)


OWN = {"rule_version": 1, "synapses": 9}
BAD_TABLES = {
    "words": (changed(m0="many"), "column 'm0' must hold numbers"),
    "words in a setting": (changed(max_steps="many"), "column 'max_steps' must hold numbers"),
    "no hidden": (changed(hidden=np.nan), "column 'hidden' of the table must have a value"),
    "lists of energies": (changed(m1=[[]] * len(TABLE)), "column 'm1' must hold numbers"),
    "no steps": (changed(steps=0), "column 'steps' must be there for each run, and 1 or more"),
    "no energy": (changed(m0=pd.array([None] * len(TABLE), "Int64")), "column 'm0' must be there"),
    "endless energy": (changed(m1=np.inf), "column 'm1' must be finite"),
    "large fraction": (changed(fraction=2.0), r"column 'fraction' must be in \[0, 1\]"),
    "number of a rule": (changed(rule=5), "column 'rule' must hold words, got 5"),
    "list of a share": (changed(output_fraction=[[]] * len(TABLE)), "must hold numbers"),
    "no version": (changed(parameters="{}"), "lacks the columns rule_version, synapses"),
    "no parameters": (changed(parameters="[" * 9000, **OWN), "'parameters' must hold JSON objects"),
    "lists": (changed(parameters='{"a": []}', **OWN), "'parameters' must hold JSON objects"),
    "lacking": (TABLE.drop(columns="seed"), "lacks the columns seed"),
    "twice": (pd.concat([TABLE, TABLE], axis=1), "each column once"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
@pytest.mark.parametrize("function", [en.cells, en.optimal_energy, en.savings, en.claims])
def test_bad_tables(case, function):
    table, message = BAD_TABLES[case]
    with pytest.raises(en.DataError, match=message):
        function(table)


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (["hidden"], "columns other than hidden, rule, fraction, seed, seeds, got 'hidden'"),
        (["seeds"], "columns other than hidden, rule, .* got 'seeds'"),
        (["m0", "m0"], "each column once, got 'm0' twice"),
        ([3], "columns of the table, got 3"),
        (["nothing"], "columns of the table, got 'nothing'"),
    ],
)
def test_bad_groups(by, message):
    with pytest.raises(en.ConfigError, match=f"by must name {message}"):
        en.cells(TABLE, by)


def test_an_empty_table_and_odd_indexes():
    assert en.cells(TABLE.iloc[:0]).empty
    assert en.optimal_energy(TABLE.iloc[:0]).empty
    assert en.savings(TABLE.iloc[:0]).empty
    with pytest.raises(en.DataError, match="holds no runs"):
        en.claims(TABLE.iloc[:0])
    same = TABLE.set_index(np.zeros(len(TABLE), int))
    pd.testing.assert_frame_equal(en.savings(same), en.savings(TABLE))


# Texts for flags, and what each flag takes of them.
TEXTS = {
    "empty": "",
    "word": "wörd",
    "line": "a\nb",
    "no text": "\udcff",
    "nan": "nan",
    "negative": "-1",
    "one": "1",
    "digits": "9" * 5000,
    "long": "x" * 100_000,
    "shard": "2/1",
    "superscript": "²",
}
NAMES = {"word", "line", "no text", "nan", "negative", "one", "superscript"}  # of files
MADE = NAMES | {"shard"}  # of folders, which are made
BASE = {
    "train": "--hidden 3 --data DATA --max-steps 1 --test-every 1 --quiet",
    "reproduce": "--data DATA --quiet",
    "sweep": "grid.toml --store runs --data DATA --workers 1 --dry-run",
    "status": "stored --data DATA",
    "export": "stored --out out.csv",
    "import": "stored.csv --store runs",
    "claims": "stored",
    "figures": "stored --out figures",
    "report": "stored --out report.html",
    "info": "",
}
FLAGS = {
    "train": {
        "hidden": {"one"},
        "data": NOTHING,
        "activation": NOTHING,
        "output": NOTHING,
        "init_std": {"one"},
        "dtype": NOTHING,
        "rule": NOTHING,
        "param": NOTHING,
        "fraction": NOTHING,
        "output_fraction": NOTHING,
        "within_units": NOTHING,
        "mask": NOTHING,
        "seed": {"one"},
        "learning_rate": {"one"},
        "sample_order": NOTHING,
        "target_accuracy": {"one"},
        "test_every": {"one"},
        "max_steps": {"one"},
        "margin": {"one"},
        "hold": {"one"},
        "threads": {"one"},
        "alpha": {"one"},
        "save": NAMES,
        "count_updates": NAMES,
        "checkpoint": NAMES,
        "start": NOTHING,
    },
    "reproduce": {
        "preset": NOTHING,
        "data": NOTHING,
        "target_accuracy": {"one"},
        "test_every": {"one"},
        "out": MADE,
        "workers": {"one"},
        "scheduler": NOTHING,
    },
    "sweep": {
        "grid": NOTHING,
        "store": MADE,
        "data": NOTHING,
        "workers": {"one"},
        "scheduler": NOTHING,
        "shard": NOTHING,
    },
    "status": {"store": NOTHING, "grid": NOTHING, "data": {*TEXTS}},
    "export": {"store": NOTHING, "out": NOTHING, "history": NOTHING},
    "import": {"table": NOTHING, "store": MADE, "history": NOTHING},
    "claims": {"results": NOTHING, "out": NAMES},
    "figures": {"results": NOTHING, "out": MADE},
    "report": {"results": NOTHING, "out": NAMES, "against": set(TEXTS)},
    "info": {},
}


def actions(command):
    """The arguments of a command that take a value."""
    parser = cli._parser()[1].choices[command]
    return [action for action in parser._actions if action.nargs != 0]


def test_every_flag_has_its_row():
    assert set(FLAGS) == set(BASE) == set(cli._parser()[1].choices)
    for command, flags in FLAGS.items():
        assert set(flags) == {action.dest for action in actions(command)}, command


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("command", "flag"), [(c, f) for c in FLAGS for f in FLAGS[c]])
def test_odd_values_of_flags(idx_folder, command, flag, monkeypatch, capsys):
    def enough(*_, **__):
        raise KeyboardInterrupt

    for heavy in ("stages.run.reproduce", "figures.save_figures", "report.write_report"):
        monkeypatch.setattr(f"energynet.studies.{heavy}", enough)
    monkeypatch.setitem(sys.modules, "distributed", None)
    Path("grid.toml").write_text("[[block]]\nhidden = 3\n")
    (action,) = (action for action in actions(command) if action.dest == flag)
    base = BASE[command].replace("DATA", str(idx_folder)).split()
    for name, text in TEXTS.items():
        if action.option_strings:
            arguments = [*base, f"{action.option_strings[0]}={text}"]
            if flag == "scheduler":
                arguments = [a for a in arguments if a not in ("--workers", "1", "--dry-run")]
        else:
            arguments = ["--", text] if len(base) == 1 else [*base[1:], "--", text]
        try:
            status = cli.main([command, *arguments])
        except SystemExit as stop:
            status = stop.code
        shown = capsys.readouterr()
        if name in FLAGS[command][flag]:
            assert status in (0, 3, 4, 130), (name, shown.err)
            continue
        assert status == 2, (name, shown.out)
        assert shown.out == ""
        assert shown.err.startswith("energynet: "), (name, shown.err)
        assert shown.err.count("\n") == 1, (name, shown.err)
        assert len(shown.err) < 700, name
