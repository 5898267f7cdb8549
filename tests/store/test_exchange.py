"""Results go out to files and come back as they were."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from stores import exported
from support import digits
from sweeps import GRID

import energynet as en
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.rules.custom import NamedRule
from energynet.store import schema
from energynet.store.exchange import export_results, import_results, read_table, write_table
from energynet.store.folder import Store, run_id


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
    done = en.sweep(GRID, tmp_path / "back", data=digits(), workers=1, progress=False)
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


def test_a_result_replaces_a_failure_but_no_failure_a_result(odd_runs, tmp_path):
    failed = exported(odd_runs, tmp_path / "failed.csv", len(ODD))
    done = tmp_path / "done"
    known = [config for config in ODD if config.rule.name != "0042:Rule"]
    assert len(en.sweep(known, done, data=digits(), workers=1, progress=False)) == len(known)
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
