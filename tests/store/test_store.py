"""Results on disk: tables, what crashes leave, and the way out and back in."""

import json
import os
import shutil
import sqlite3
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support import NOBODY, digits, permissions_count
from sweeps import GRID, timeless

import energynet as en
from energynet.cli.main import main
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.rules.base import Shape
from energynet.rules.custom import NamedRule
from energynet.store import schema, table
from energynet.store.exchange import export_results, import_results, read_table, write_table
from energynet.store.folder import Store, run_id
from energynet.support.contents import content_of
from energynet.support.files import written_whole


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    en.sweep(GRID, folder, data=digits(), workers=1, progress=False)
    return folder


FIRST = [
    *("id", "hidden", "rule", "fraction", "output_fraction", "seed", "outcome", "steps"),
    *("learning_steps", "accuracy", "best_accuracy", "synapses", "plastic_synapses", "m0", "m1"),
    *("m0_layer1", "m0_layer2", "m1_layer1", "m1_layer2", "m0_direct", "m1_direct", "m_alpha_0.5"),
    *("train_seconds", "evaluate_seconds", "target_accuracy", "test_every", "max_steps"),
    "alpha",
]


def test_table_holds_what_the_runs_gave(runs):
    table = en.load_results(runs)
    assert list(table.columns)[: len(FIRST)] == FIRST
    assert len(table) == len(GRID) == 20
    assert list(table["id"]) == sorted(table["id"])
    for config in list(GRID)[::7]:
        identity = run_id(config, digits().sha256)
        row = table.set_index("id").loc[identity]
        result = en.train(config, digits())
        assert (row["steps"], row["m0"], row["m1"]) == (300, result.energy.m0, result.energy.m1)
        assert row["m0_layer2"] == result.energy.per_layer.m0[1]
        assert row["m1_direct"] == result.energy.direct.m1
        assert row["best_accuracy"] == result.best_accuracy
        if config.alpha:
            assert row["m_alpha_0.5"] == result.energy.alpha[0.5]
        history = en.load_history(runs, [identity])
        assert list(history.columns) == ["id", "step", "accuracy", "m0", "m1"]
        assert [tuple(row)[1:] for row in history.itertuples(index=False)] == list(result.history)
    for name in ("hidden", "seed", "steps", "m0", "m0_direct"):
        assert table[name].dtype == np.int64
    for name in ("fraction", "accuracy", "m1"):
        assert table[name].dtype == np.float64
    assert len(en.load_history(runs)) == 3 * 20


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


def copy_of(runs, folder):
    assert import_results(exported(runs, folder / "all.csv"), folder / "copy") == 20
    return folder / "copy"


def exported(runs, path, number=20):
    assert export_results(runs, path) == number
    return path


@pytest.mark.parametrize("ending", ["csv", "csv.xz", "sqlite", "parquet"])
def test_out_and_back_in(runs, tmp_path, ending):
    if ending == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    out, curves = tmp_path / f"runs.{ending}", tmp_path / f"curves.{ending}"
    assert export_results(runs, out, curves) == 20
    table = en.load_results(runs)
    pd.testing.assert_frame_equal(read_table(out), table)
    assert import_results(out, tmp_path / "back", curves) == 20
    pd.testing.assert_frame_equal(en.load_results(tmp_path / "back"), table)
    pd.testing.assert_frame_equal(
        en.load_history(tmp_path / "back"), en.load_history(runs), check_exact=True
    )
    assert import_results(out, tmp_path / "back", curves) == 0
    done = en.sweep(GRID, tmp_path / "back", data=digits(), progress=False)
    pd.testing.assert_frame_equal(done, table)


@pytest.mark.parametrize("ending", ["csv", "csv.xz", "sqlite", "parquet"])
def test_a_table_is_loaded_like_the_folder_it_came_from(runs, tmp_path, ending):
    if ending == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    out, curves = tmp_path / f"runs.{ending}", tmp_path / f"curves.{ending}"
    export_results(runs, out, curves)
    table, history = en.load_results(runs), en.load_history(runs)
    pd.testing.assert_frame_equal(en.load_results(str(out)), table)
    pd.testing.assert_frame_equal(en.load_history(curves), history)
    ids = table["id"].tolist()[3:5]
    expected = history[history["id"].isin(ids)]
    pd.testing.assert_frame_equal(en.load_history(curves, ids), expected)
    with pytest.raises(en.ConfigError, match="ids must be a list of ids"):
        en.load_history(curves, "one")
    with pytest.raises(en.FileError, match="is not a table of learning curves: it lacks step"):
        en.load_history(out)


def test_a_locked_database_is_not_called_something_else(runs, tmp_path, monkeypatch):
    path = exported(runs, tmp_path / "runs.sqlite")
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, timeout=0))
        with pytest.raises(en.FileError, match=r"sqlite cannot be read: database is locked$"):
            en.load_results(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE results")
    with pytest.raises(en.FileError, match="is not a table of results"):
        en.load_results(path)


BALANCED = {"output_fraction": "balanced"}
ODD = [
    en.TrainingConfig(hidden=5, **{"max_steps": 1, "test_every": 1, **values})
    for values in (
        {"learning_rate": "auto", "seed": 1},
        {"learning_rate": 1 / 300, "seed": 2**63 - 1, "target_accuracy": 0.01},
        {"center": False, "alpha": (1 / 3, 0.5)},
        {"learning_rate": 1e38, "max_steps": 9, "alpha": (0.25,)},  # diverges
        {"rule": en.LargestUpdates(0.1, within=en.FixedMask(0.5, over="units"))},
        {"rule": en.FixedMask(0.1, **BALANCED), "learning_rate": "auto", "dtype": "float64"},
        {"rule": NamedRule("0042:Rule", 3, (("a", "007"), ("fraction", 0.5), ("n", 1)))},
        {"rule": en.LargestUpdates(1 / 3, scope="layer", **BALANCED), "learning_rate": "auto"},
        {"seed": 9},
    )
]


@pytest.fixture
def odd_runs(tmp_path):
    """Runs whose values are easily mistaken for others; one has failed for an ugly reason."""
    store = Store(tmp_path / "odd, 100% #1?")
    origin = {
        "data_sha256": "0" * 64,  # a number, to a careless reader
        "numerics": NUMERICS_VERSION,
        "commit": "12e4567",
        "host": "0042",
        "processor": 'a "fast", one',
        "started": "",
    }
    origin |= {"data_sha256": digits().sha256}
    *done, failed, skipped = ODD
    for config in done:
        known = config if config.rule.name != "0042:Rule" else replace(config, rule=ODD[0].rule)
        store.finish(replace(en.train(known, digits()), config=config), origin)
    for config, outcome in ((failed, "failed"), (skipped, "skipped")):
        reason = 'it said "no",\n  twice'
        store.give_up(run_id(config, digits().sha256), config, outcome, reason, origin)
    return store.root


@pytest.mark.parametrize("ending", ["csv", "csv.xz", "sqlite", "parquet"])
def test_values_that_look_like_others_come_back_as_they_were(odd_runs, ending):
    if ending == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    table = en.load_results(odd_runs)
    assert set(table["outcome"]) == {"reached", "exhausted", "diverged", "failed", "skipped"}
    assert set(table["host"]) == {"0042"}
    assert set(table["reason"].dropna()) == {'it said "no", twice'}
    assert "m_alpha_0.3333333333333333" in table
    out = odd_runs.parent / f"a #b?.{ending}"
    export_results(odd_runs, out)
    same = partial(pd.testing.assert_frame_equal, check_exact=True, check_column_type=True)
    same(read_table(out), table)
    back = odd_runs.parent / "back"
    assert import_results(out, back) == len(ODD)
    same(en.load_results(back), table)
    for part in (table[table["outcome"] == "failed"], table[["m0", "id", "m1"]], table[::-1]):
        part = part.reset_index(drop=True)
        write_table(part, out)
        back = read_table(out)
        same(back, part.astype(back.dtypes))  # Int64 if some are missing, int64 if none is
        assert [kind.name.lower() for kind in back.dtypes] == [
            kind.name.lower() for kind in part.dtypes
        ]


def test_words_stand_beside_the_numbers_that_they_came_to(odd_runs):
    """The resolved Q and rate in the columns, flags beside them; "balanced" and "auto" in ids."""
    found = en.load_results(odd_runs).set_index("id")
    names = list(found.columns)
    assert names[names.index("output_fraction") + 1] == "output_balanced"
    assert names[names.index("learning_rate") + 1] == "learning_rate_auto"
    for config in ODD:
        row = found.loc[run_id(config, digits().sha256)]
        balanced = getattr(config.rule, "output_fraction", None) == "balanced"
        assert row["learning_rate_auto"] == (config.learning_rate == "auto")
        assert row["output_balanced"] == balanced
        if row["outcome"] == "failed":
            assert row[["learning_rate", "output_fraction"]].isna().all()
        elif row["outcome"] != "skipped" and config.rule.name != "0042:Rule":
            result = en.train(config, digits())
            n1, n2 = result.network.w1.size, result.network.w2.size
            if balanced:
                assert row["output_fraction"] == min(1, config.rule.fraction * n1 / n2)
            if config.learning_rate == "auto":
                kind = np.dtype(config.dtype).type
                assert kind(row["learning_rate"]) == result.learning_rate
                assert str(kind(row["learning_rate"])) == str(row["learning_rate"])


def with_words(frame):
    """A table as energynet 0.1 wrote it."""
    for name, word in schema.WORDS.items():
        texts = frame[name].map(str, na_action="ignore").astype(object)
        frame[name] = texts.mask(frame.pop(word.flag), word.text)
    return frame


@pytest.mark.parametrize("ending", ["csv", "sqlite"])
def test_tables_with_words_among_the_numbers_are_read(odd_runs, tmp_path, ending):
    expected = en.load_results(odd_runs)
    path = tmp_path / f"old.{ending}"
    write_table(with_words(expected.copy()), path)
    if ending == "csv":
        assert ",balanced," in path.read_text()
    auto = expected["learning_rate_auto"]
    rates = expected["learning_rate"].mask(auto)  # a table of words does not tell those
    pd.testing.assert_frame_equal(read_table(path), expected.assign(learning_rate=rates))
    assert import_results(path, tmp_path / "back") == len(ODD)  # ids are those of the words
    pd.testing.assert_frame_equal(
        en.load_results(tmp_path / "back"), expected.assign(learning_rate=rates)
    )


def test_results_without_a_resolved_output_fraction_are_read(odd_runs):
    expected = en.load_results(odd_runs)
    for path in odd_runs.glob("*/*/result.json"):
        content = json.loads(path.read_text())
        content.pop("output_fraction", None)
        path.write_text(json.dumps(content))
    pd.testing.assert_frame_equal(en.load_results(odd_runs), expected)


@pytest.mark.parametrize(("fraction", "known"), [(0.1, True), (1e-6, False)])
def test_an_output_fraction_that_the_synapses_leave_open_is_missing(fraction, known):
    """Of 3 hidden units and one plastic synapse in each layer, n_out could be 1, 4, 7 ..."""
    rule = en.FixedMask(fraction, output_fraction="balanced")
    shape = Shape(40, 3, 4)
    row = {
        "hidden": 3, "rule": rule.name, "fraction": fraction, "output_balanced": True,
        "synapses": shape.synapses, "plastic_synapses": rule.counts(shape).plastic,
    }  # fmt: skip
    found = table.balanced_fraction(row)
    assert found == (fraction * shape.synapses_hidden / shape.synapses_output if known else None)
    for odd in ({"hidden": 0}, {"synapses": 2**62}, {"rule": "all"}, {"fraction": 5.0}):
        assert table.balanced_fraction(row | odd) is None


def test_a_new_column_needs_its_declaration_alone(runs, tmp_path, monkeypatch):
    """From there it is in tables, files, what is imported, and out of date indexes."""
    before = en.load_results(runs)
    total = schema.Column("total_seconds", schema.NUMBER, schema.MEASURE, "seconds.total", "")
    columns = (*schema.COLUMNS, total)
    for module in (schema, table):
        monkeypatch.setattr(module, "COLUMNS", columns)
    monkeypatch.setitem(schema._KNOWN, total.name, total)
    after = en.load_results(runs)
    assert list(after.columns) == [*before.columns, "total_seconds"]
    assert (after["total_seconds"] > 0).all()
    out = exported(runs, tmp_path / "all.csv")
    pd.testing.assert_frame_equal(read_table(out), after)
    import_results(out, tmp_path / "back")
    pd.testing.assert_frame_equal(en.load_results(tmp_path / "back"), after)


def markdown(columns):
    """The table of these columns on the page."""
    names = {schema.FAMILY: "`m_alpha_0.5` ..."}
    meanings = [column.meaning.replace("|", r"\|") for column in columns]
    rows = [
        f"| {names.get(name, f'`{name}`')} | {kind} | {meaning} |"
        for (name, kind, *_), meaning in zip(columns, meanings, strict=True)
    ]
    return "\n".join(["| column | type | meaning |", "| --- | --- | --- |", *rows])


def test_the_page_about_tables_holds_the_schema():
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text()
    first = [c for c in schema.COLUMNS if c.group in (schema.RUN, schema.MEASURE)]
    others = [c for c in schema.COLUMNS if c not in first]
    for columns in (first, others, schema.CURVE_COLUMNS):
        assert markdown(columns) in page, markdown(columns)
    assert all(c.name in en.load_results.__doc__ for c in first)


def test_a_result_replaces_a_failure_but_no_failure_a_result(odd_runs, tmp_path):
    failed = exported(odd_runs, tmp_path / "failed.csv", len(ODD))
    done = tmp_path / "done"
    known = [config for config in ODD if config.rule.name != "0042:Rule"]
    assert len(en.sweep(known, done, data=digits(), progress=False)) == len(known)
    complete = exported(done, tmp_path / "done.csv", len(known))
    assert import_results(failed, done) == 1  # that of the custom rule
    assert import_results(complete, odd_runs) == 2
    assert set(en.load_results(odd_runs)["outcome"]) == {"reached", "exhausted", "diverged"}


def test_curves_that_are_none(runs, tmp_path):
    path = exported(runs, tmp_path / "all.csv")
    with pytest.raises(en.FileError, match="not a table of learning curves: it lacks step"):
        import_results(path, tmp_path / "back", path)
    assert not (tmp_path / "back").exists()


def test_an_empty_store_goes_out_and_in(tmp_path):
    (tmp_path / "runs").mkdir()
    path = exported(tmp_path / "runs", tmp_path / "none.csv", 0)
    assert import_results(path, tmp_path / "back") == 0
    pd.testing.assert_frame_equal(read_table(path), en.load_results(tmp_path / "runs"))


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


def test_changed_rows_are_refused(runs, tmp_path):
    path = exported(runs, tmp_path / "all.csv")
    lines = path.read_text().splitlines(keepends=True)
    cells = lines[3].split(",")
    cells[1] = "7"
    path.write_text("".join([*lines[:3], ",".join(cells), *lines[4:]]))
    with pytest.raises(en.FileError, match=r"row 3, is not a result .* other settings"):
        import_results(path, tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"a,b\n1,2\n", b"PK\x03\x04"])
@pytest.mark.parametrize("ending", ["csv", "csv.xz", "sqlite"])
def test_files_that_are_no_tables(tmp_path, content, ending):
    path = tmp_path / f"x.{ending}"
    path.write_bytes(content)
    with pytest.raises(en.FileError):
        import_results(path, tmp_path / "back")


def test_bad_names(runs, tmp_path):
    with pytest.raises(en.FileError, match=r"must end in one of .csv, .* got 'x.txt'"):
        export_results(runs, tmp_path / "x.txt")
    for load in (en.load_results, en.load_history):
        with pytest.raises(
            en.FileError, match="is neither a folder of runs nor a table of results"
        ):
            load(tmp_path / "none")
    with pytest.raises(en.FileError, match="cannot be read"):
        read_table(tmp_path / "none.csv")


DAMAGED = [
    b"",
    b"{",
    b"[]",
    b'{"outcome": "reached"}',
    b'{"outcome": "good", "config": {}}',
    b"\xff",
]


@pytest.mark.parametrize("content", DAMAGED)
def test_damaged_results_are_reported_left_out_and_done_again(runs, tmp_path, caplog, content):
    copy = copy_of(runs, tmp_path)
    expected = en.load_results(runs)
    store = Store(copy)
    victim = run_id(GRID.configs[5], digits().sha256)
    (store.folder(victim) / "result.json").write_bytes(content)
    table = en.load_results(copy)
    assert victim not in set(table["id"])
    assert len(table) == 19
    assert str(store.folder(victim)) in caplog.text
    assert store.outcome(victim) in ("running", "interrupted")
    caplog.clear()
    again = en.sweep(GRID, copy, data=digits(), workers=1, progress=False)
    assert str(store.folder(victim)) in caplog.text
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


def test_a_read_only_store_can_be_read(runs, tmp_path, read_only, capsys, caplog):
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
