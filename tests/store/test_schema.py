"""The columns of a table: each is declared once."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stores import exported
from support import digits
from sweeps import GRID

import energynet as en
from energynet.rules.base import Shape
from energynet.store import schema, table
from energynet.store.exchange import import_results, read_table
from energynet.store.folder import run_id


def test_table_holds_what_the_runs_gave(runs):
    table = en.load_results(runs)
    columns = [schema.FAMILY if name.startswith(schema.FAMILY) else name for name in table]
    assert columns == [column.name for column in schema.COLUMNS if column.name in columns]
    of_runs = {c.name for c in schema.COLUMNS if c.group in (schema.RUN, schema.MEASURE)}
    assert of_runs - {schema.COST} <= {*columns}  # no rule here has costs
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
    names = {schema.FAMILY: "`m_alpha_0.5` ...", schema.COST: "`cost_maintenance` ..."}
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
