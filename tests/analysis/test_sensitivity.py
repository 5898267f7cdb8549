"""What the savings depend on, on tables made by hand."""

import pandas as pd
import pytest
from tables import CONFIRMATION, EXPLORATION, frame, run

from energynet.analysis.awaited import awaited
from energynet.analysis.sensitivity import (
    first_of_window,
    floor,
    other_settings,
    price_per_step,
    smallest_fraction,
)
from energynet.analysis.study import Study
from energynet.studies.report.tables import facts

N, STEPS = 1000, 10_000
COSTS = {1.0: (1, 1), 0.1: (0.1, 1), 0.01: (0.02, 2)}  # of N x STEPS; times STEPS


@pytest.fixture(scope="module")
def study():
    """A tenth of the synapses costs a tenth, a hundredth costs a fiftieth and twice the steps."""
    rows = []
    for fraction, (cost, longer) in COSTS.items():
        rule = "all" if fraction == 1 else "largest-per-layer"
        for seed in (*EXPLORATION, *CONFIRMATION):
            m0 = cost * N * STEPS * (1 + seed % 3 / 100)
            row = run(100, rule, fraction, seed, m0, m0, steps=longer * STEPS, synapses=N)
            row |= {"output_fraction": None if rule == "all" else 1.0, "output_balanced": False}
            share = 0.02 if rule == "all" else 0.5
            rows.append(row | {"m0_layer1": m0 * (1 - share), "m0_layer2": m0 * share})
    return Study.of(frame(rows))


def test_a_smallest_fraction_bounds_the_saving(study):
    found = smallest_fraction(study, (0.001, 0.1)).query("energy == 'm0'")
    assert list(found["fraction"]) == [0.01, 0.1]
    assert list(found["explored"]) == pytest.approx([50, 10])
    assert list(found["ratio"]) == pytest.approx([50, 10])
    assert (found["low"] < found["ratio"]).all()


@pytest.mark.parametrize(("price", "fraction", "ratio"), [(0, 0.01, 50), (1, 0.1, 2 / 1.1)])
def test_a_price_of_steps_moves_the_best_fraction(study, price, fraction, ratio):
    [found] = price_per_step(study, [price]).to_dict("records")
    assert found["fraction"] == fraction
    assert found["explored"] == pytest.approx(ratio, rel=0.01)
    assert found["ratio"] == pytest.approx(ratio, rel=0.01)  # of the confirmation seeds
    assert found["low"] < found["ratio"] < found["high"]


def test_free_steps_change_nothing(study):
    free, every = (
        table.query("rule != 'readout'").set_index(["hidden", "rule"])
        for table in (price_per_step(study, [0]), smallest_fraction(study, [0]))
    )
    same = ["fraction", "explored", "ratio", "low", "high", "pairs"]
    pd.testing.assert_frame_equal(free[same], every.query("energy == 'm0'")[same])


def test_the_output_layer_bounds_the_saving(study):
    [found] = floor(study).to_dict("records")
    assert found["share"] == 0.5
    assert found["most"] == pytest.approx(50 / 2)  # N / N2 = 50, and twice the steps
    assert found["readout"] != found["readout"]  # it was not run


def curve(row, times):
    """Energy in proportion to steps, a test at each of those shares of the run."""
    return [
        {"id": row["id"], "step": row["steps"] * t, "accuracy": 0.95}
        | {name: row[name] * t for name in ("m0", "m1")}
        for t in times
    ]


def test_a_criterion_that_must_be_held_counts_from_the_first_test_of_its_window():
    held = run(100, "all", 1.0, 0, 800, 80.0, steps=400, hold=3, test_every=50)
    rows = [held, held | {"outcome": "exhausted", "seed": 1}, held | {"hold": 1, "seed": 2}]
    table = frame(rows).assign(**{"m_alpha_0.5": 1.0})
    times = [1, 0.25, 0.5, 0.125, 0.75, 0.875]  # in any order
    history = pd.DataFrame([each for row in table.to_dict("records") for each in curve(row, times)])
    found = first_of_window(table, history)
    assert list(found["steps"]) == [300, 400, 400]
    assert list(found["m0"]) == [600, 800, 800]
    assert list(found["m1"]) == [60, 80, 80]
    assert "m_alpha_0.5" not in found
    plain = table.drop(columns="hold")
    assert first_of_window(plain, history) is plain


def test_each_setting_has_its_own_best_fraction():
    costs = {0.003: {0.01: 40, 0.1: 20, 1.0: 100}, 0.01: {0.01: 30, 0.1: 10, 1.0: 50}}
    rows = [
        run(100, "all" if p == 1 else "largest", p, seed, m0, 2 * m0, learning_rate=rate, hold=hold)
        for rate, of_rate in costs.items()
        for p, m0 in of_rate.items()
        for seed in EXPLORATION
        for hold in (1, 2)
    ]
    table = frame(rows)
    history = pd.DataFrame(
        [each for row in table.to_dict("records") for each in curve(row, (0.5, 1))]
    )
    found = other_settings(table, history).query("energy == 'm0' and rule == 'largest'")
    assert list(found["fraction"]) == [0.1] * 4
    assert list(found["ratio"]) == pytest.approx([5, 5, 5, 5])
    assert list(found["energy_per_success"]) == pytest.approx([20, 10, 10, 5])


def test_sizes_that_are_not_run_yet_are_told_in_one_line():
    sizes, rules = (100, 300, 1000), ("all", "largest", "fixed-units", "random")
    rows = [
        run(size, rule, 0.1, seed, 1, 1) for size in sizes for rule in rules for seed in (0, 100)
    ]
    assert awaited(Study.of(frame(rows))) == ""
    some = [row for row in rows if row["rule"] == "all" or row["hidden"] == 100]
    assert awaited(Study.of(frame(some))) == "every rule at nh = 300 and 1,000"
    lost = [row for row in rows if (row["hidden"], row["rule"]) != (300, "largest")]
    small = [run(30, "all", 1.0, 0, 1, 1)]  # small unmodified networks are no gaps
    assert awaited(Study.of(frame(lost + small))) == "largest updates of the network at nh = 300"
    told = dict(facts(Study.of(frame(some))))["not run yet"]
    assert told == "every rule at nh = 300 and 1,000"
