"""Cells, the choice of P*, and savings, on tables made by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from tables import frame, run

import energynet as en
from energynet.analysis.contrasts import Cell
from energynet.analysis.methods import READINGS
from energynet.analysis.optimum import NOT_BRACKETED
from energynet.analysis.study import Study
from energynet.store.schema import DEFAULTS
from energynet.studies.statements.energy_kinds import FewAgainstMany, ratio_above

SEEDS = (100, 101, 102, 103)


def one_rule(points, confirmed=(), rule="largest", hidden=100, e_all=100.0):
    """points: fraction -> energies of seeds 0, 1, 2 (negative: exhausted); M0 = M1."""
    rows = [run(hidden, "all", 1.0, s, e_all, e_all) for s in (0, 1, 2, *SEEDS)]
    for fraction, values in points.items():
        rows += [row(hidden, rule, fraction, s, v) for s, v in enumerate(values)]
    for fraction, values in dict(confirmed).items():
        rows += [row(hidden, rule, fraction, s, v) for s, v in zip(SEEDS, values, strict=False)]
    return rows


def row(hidden, rule, fraction, seed, value):
    outcome = "reached" if value > 0 else "exhausted"
    return run(hidden, rule, fraction, seed, abs(value), abs(value), outcome=outcome)


def best(rows, rule="largest", energy="m0", **options):
    table = en.optimal_energy(frame(rows), **options)
    [found] = table[(table["rule"] == rule) & (table["energy"] == energy)].to_dict("records")
    return found


def saved(rows, rule="largest", **options):
    table = en.savings(frame(rows), **options)
    [found] = table[(table["rule"] == rule) & (table["energy"] == "m0")].to_dict("records")
    return found


def cell(rows, fraction, seeds="exploration", energy="m0"):
    table = en.cells(frame(rows))
    here = (table["fraction"] == fraction) & (table["seeds"] == seeds) & (table["energy"] == energy)
    [found] = table[here & (table["rule"] != "all")].to_dict("records")
    return found


def test_failed_runs_add_their_energy_to_those_that_reached():
    found = cell(one_rule({0.1: (10, 20, -30)}), 0.1)
    assert (found["runs"], found["reached"], found["success"]) == (3, 2, pytest.approx(2 / 3))
    assert found["energy_per_success"] == 30
    assert not found["lower_bound"]
    mean, half = np.log([10, 20]).mean(), 12.706204736 * np.log([10, 20]).std(ddof=1) / 2**0.5
    assert found["low"] == pytest.approx(math.exp(mean - half))
    assert found["high"] == pytest.approx(math.exp(mean + half))


@pytest.mark.parametrize("outcome", ["reached", "exhausted"])
def test_cells_of_seeds_that_stop_at_the_same_test_have_the_resolution_of_tests(outcome):
    rows = one_rule({0.01: (90, 90, 90), 0.1: (20, 20, 20), 0.3: (80, 80, 80)}, {0.1: (30,) * 4})
    for entry in rows:
        entry["test_every"] = 1000
        if entry["fraction"] == 0.1 and entry["seed"] == 2:
            entry["outcome"] = outcome
    found = cell(rows, 0.1)
    number, quantile = (3, 4.302652730) if outcome == "reached" else (2, 12.706204736)
    half = quantile * (1000 / 30_000 / 12**0.5) / number**0.5
    assert math.log(found["high"] / 20) == pytest.approx(half)
    assert math.log(20 / found["low"]) == pytest.approx(half)
    if outcome == "reached":
        half = 3.182446305 * (1000 / 30_000 / 12**0.5) / 2
        assert math.log(best(rows)["high"] / 30) == pytest.approx(half)


def test_without_success_what_a_run_spent_is_the_lower_bound():
    found = cell(one_rule({0.1: (-10, -20, -30)}), 0.1)
    assert (found["energy_per_success"], found["lower_bound"]) == (20, True)
    assert math.isnan(found["low"])
    assert math.isnan(found["steps"])


@pytest.mark.parametrize(
    ("few", "chosen"),
    [
        ({0.01: (-1, -1, -1), 0.03: (9, 9, -9)}, 0.03),  # reached, although not reliably
        ({0.01: (-1, -1, -1), 0.03: (-9, -9, -9)}, 0.01),
        ({0.01: (7, 7, -7), 0.03: (9, 9, 9)}, 0.03),
    ],
)
def test_the_best_of_a_side_is_one_that_was_reached(few, chosen):
    study = Study.of(frame(one_rule({**few, 0.3: (8, 8, 8)})))
    cell = Cell(100, "largest", "m0", "few", 0.1)
    assert study.optimum(cell).point.fraction == chosen


def test_runs_without_a_result_are_counted_as_missing():
    rows = one_rule({0.1: (10, 20, 30)})
    for entry in rows[-2:]:
        entry.update(outcome="skipped", m0=math.nan, m1=math.nan)
    found = cell(rows, 0.1)
    assert (found["runs"], found["missing"], found["energy_per_success"]) == (1, 2, 10)


def test_the_smallest_energy_per_success_below_one_is_chosen():
    rows = one_rule({0.01: (9, 9, 9), 0.1: (5, 6, 7), 0.3: (8, 8, 8), 1.0: (1, 1, 1)})
    found = best(rows)
    assert (found["fraction"], found["energy_per_success"], found["mark"]) == (0.1, 6, "")


def test_only_exploration_seeds_choose():
    points = {0.01: (9, 9, 9), 0.1: (5, 6, 7), 0.3: (8, 8, 8)}
    found = best(one_rule(points, {0.3: (1, 1, 1, 1), 0.1: (50, 60, 70, 80)}))
    assert (found["fraction"], found["confirmed"], found["success"]) == (0.1, 65, 1.0)


def test_a_fraction_that_reaches_too_seldom_is_not_chosen():
    rows = one_rule({0.01: (9, 9, 9), 0.1: (1, 1, -1), 0.3: (8, 8, 8), 0.5: (9, 9, 9)})
    assert best(rows)["fraction"] == 0.3


@pytest.mark.parametrize(
    ("points", "mark"),
    [
        ({0.1: (5, 5, 5), 0.3: (8, 8, 8)}, "not bracketed"),
        ({0.1: (8, 8, 8), 0.3: (5, 5, 5)}, "not bracketed"),
        ({0.1: (8, 8, 8), 0.6: (5, 5, 5)}, ""),
        ({0.1: (8, 8, 8), 0.6: (500, 500, 500), 0.7: (501, 501, 501)}, "not bracketed"),
        ({0.1: (800, 800, 800), 0.6: (500, 500, 500)}, "not bracketed"),
        ({0.01: (-4, -4, -4), 0.1: (5, 5, 5), 0.3: (8, 8, 8)}, "limited by max_steps"),
        ({0.01: (-6, -6, -6), 0.1: (5, 5, 5), 0.3: (8, 8, 8)}, ""),
        ({0.01: (-4, -4, 4), 0.1: (5, 5, 5), 0.3: (8, 8, 8)}, ""),
        ({0.1: (-5, -5, -5), 0.3: (-8, -8, -8)}, "no saving possible"),
        ({0.1: (5, -5, -5), 0.3: (-8, -8, -8)}, "no fraction reaches reliably"),
    ],
)
def test_marks(points, mark):
    found = best(one_rule(points))
    assert found["mark"] == mark
    assert math.isnan(found["fraction"]) == mark.startswith("no ")


def test_an_unmodified_network_that_never_reaches_closes_the_grid():
    table = frame(one_rule({0.1: (800, 800, 800), 0.6: (500, 500, 500)}))
    table["outcome"] = table["outcome"].mask(table["rule"] == "all", "exhausted")
    assert best(table.to_dict("records"))["mark"] == ""
    study = Study.of(table)
    assert study.optimum(Cell(100, "largest", "m0")).mark == ""


def test_a_longer_run_replaces_the_one_it_goes_on_from():
    rows = one_rule({0.01: (-4, -4, -4), 0.1: (5, 5, 5), 0.3: (8, 8, 8)})
    longer = [row(100, "largest", 0.01, s, 4.5) | {"max_steps": 1_500_000} for s in (0, 1, 2)]
    found = best([entry | {"max_steps": 300_000} for entry in rows] + longer)
    assert (found["fraction"], found["max_steps"]) == (0.01, 1_500_000)


def test_runs_in_other_settings_are_left_out():
    rows = one_rule({0.01: (9, 9, 9), 0.1: (5, 6, 7), 0.3: (8, 8, 8)})
    other = [row(100, "largest", 0.01, s, 1) | {"target_accuracy": 1.0} for s in (0, 1, 2)]
    assert best(rows + other)["fraction"] == 0.1


def test_by_keeps_settings_apart():
    rows = one_rule({0.01: (9, 9, 9), 0.1: (5, 6, 7), 0.3: (8, 8, 8)})
    other = one_rule({0.01: (5, 5, 5), 0.003: (6, 6, 6), 0.1: (8, 8, 8)})
    both = rows + [entry | {"learning_rate": 0.03} for entry in other]
    table = en.optimal_energy(frame(both), by=["learning_rate"])
    found = table[(table["rule"] == "largest") & (table["energy"] == "m1")]
    assert list(found["learning_rate"]) == [0.01, 0.03]
    assert list(found["fraction"]) == [0.1, 0.01]
    with pytest.raises(en.ConfigError, match="by must name columns of the table, got 'eta'"):
        en.savings(frame(rows), by=["eta"])


def test_automatic_rates_are_one_setting_whatever_they_came_to():
    rows = [run(hidden, "all", 1.0, 0, 10, 1.0) for hidden in (10, 20)]
    auto = [row | {"learning_rate_auto": True} for row in rows]
    auto[0]["learning_rate"] = 0.004
    auto[1] |= {"learning_rate": None, "outcome": "failed"}  # nobody knows its rate
    table = frame(rows + auto)
    found = en.cells(table, by=["learning_rate"])
    found = found[found["energy"] == "m0"]
    assert list(found["learning_rate"]) == ["0.01", "0.01", "auto", "auto"]
    assert list(found["missing"]) == [0, 0, 0, 1]
    for part in (table, table[2:].assign(learning_rate=[0.004, 0.002])):
        found = en.cells(part)
        assert list(found["hidden"].unique()) == [10, 20]
        assert set(found["runs"]) | set(found["missing"]) == {0, 1}


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("output_fraction", "balanced", "'output_fraction' must hold numbers"),
        ("learning_rate", "auto", "'learning_rate' must hold numbers"),
        ("learning_rate_auto", "auto", "'learning_rate_auto' must hold True or False, got 'auto'"),
    ],
)
def test_words_among_numbers_are_refused(column, value, words):
    with pytest.raises(en.DataError, match=words):
        en.cells(frame([run(10, "all", 1.0, 0, 10, 1.0) | {column: value}]))


def test_a_table_that_is_none_is_refused():
    with pytest.raises(en.DataError, match="lacks the columns seed, m0"):
        en.cells(frame(one_rule({})).drop(columns=["seed", "m0"]))


@pytest.mark.parametrize(("limit", "ratio"), [(0.02, 0.5), (0.1, 4.0), (0.3, 8.0)])
def test_few_and_many_are_told_apart_by_the_limit_of_the_check(limit, ratio):
    energies = {0.01: 20.0, 0.05: 10.0, 0.2: 40.0, 0.5: 80.0}
    points = {fraction: (value,) * 3 for fraction, value in energies.items()}
    confirmed = {fraction: (value,) * 4 for fraction, value in energies.items()}
    study = Study.of(frame(one_rule(points, confirmed)))
    check = FewAgainstMany("L", ["m0"], [100], ratio_above(1), limit)
    [found] = check.checks(study, READINGS["network"][0])
    assert math.exp(found.found.value) == pytest.approx(ratio)


def test_saving_is_paired_by_seed():
    points = {0.01: (9, 9, 9), 0.1: (5, 6, 7), 0.3: (8, 8, 8)}
    rows = one_rule(points, {0.1: (20, 25, 50, 10)})
    found = saved(rows)
    r = np.log(100 / np.array([20, 25, 50, 10]))
    half = 3.182446305 * r.std(ddof=1) / 2
    assert found["ratio"] == pytest.approx(math.exp(r.mean()))
    assert found["ratio_low"] == pytest.approx(math.exp(r.mean() - half))
    assert found["saving_high"] == pytest.approx(1 - math.exp(-r.mean() - half))
    assert (found["pairs"], found["bound"], found["why"]) == (4, "", "")
    only_second = [entry for entry in rows if entry["rule"] != "all" or entry["seed"] != 100]
    assert saved(only_second)["pairs"] == 3


def test_savings_at_every_fraction_are_paired_by_seed():
    points = {0.01: (90, 90, -90), 0.1: (50, 60, 70), 0.3: (80, 80, 80), 0.5: (95,)}
    rows = one_rule(points, {0.1: (20, 25, 50, 10)})
    table = en.savings(frame(rows), at="every fraction")
    table = table[table["energy"] == "m0"].set_index("fraction")
    assert list(table.index) == [0.01, 0.1, 0.3, 0.5]
    r = np.log(100 / np.array([50, 60, 70, 20, 25, 50, 10]))  # both sets of seeds
    half = 2.446911851 * r.std(ddof=1) / 7**0.5
    assert table.loc[0.1, "pairs"] == 7
    assert table.loc[0.1, "ratio"] == pytest.approx(math.exp(r.mean()))
    assert table.loc[0.1, "ratio_low"] == pytest.approx(math.exp(r.mean() - half))
    assert table.loc[0.1, "saving_high"] == pytest.approx(1 - math.exp(-r.mean() - half))
    assert (table.loc[0.01, "bound"], table.loc[0.01, "ratio_low"]) == ("upper", 0)
    rounding = 2000 / 30_000 / 12**0.5 * 2**0.5
    assert math.log(table.loc[0.3, "ratio_high"] / 1.25) == pytest.approx(
        4.302652730 * rounding / 3**0.5
    )
    assert table.loc[0.5, "why"] == (
        "only one seed shared by the runs of the rule and of the unmodified network"
    )
    assert math.isnan(table.loc[0.5, "ratio"])
    at_optimum = en.savings(frame(rows), at="optimum")
    pd.testing.assert_frame_equal(at_optimum, en.savings(frame(rows)))
    assert list(at_optimum.columns) == list(en.savings(frame(rows), at="every fraction").columns)
    without = [entry for entry in rows if entry["rule"] != "all"]
    assert set(en.savings(frame(without), at="every fraction")["pairs"]) == {0}
    with pytest.raises(en.ConfigError, match="at must be one of optimum, every fraction, got 'P'"):
        en.savings(frame(rows), at="P")


@pytest.mark.parametrize(
    ("failing", "bound", "ends"),
    [("largest", "upper", (0.0, None)), ("all", "lower", (None, math.inf))],
)
def test_a_failed_confirmation_run_leaves_one_end_open(failing, bound, ends):
    points = {0.01: (9, 9, 9), 0.1: (5, 6, 7), 0.3: (8, 8, 8)}
    rows = one_rule(points, {0.1: (20, 25, 50, 10)})
    for entry in rows:
        if entry["rule"] == failing and entry["seed"] == 101:
            entry["outcome"] = "exhausted"
    found = saved(rows)
    assert found["bound"] == bound
    for end, value in zip(("ratio_low", "ratio_high"), ends, strict=True):
        assert found[end] == value if value is not None else 0 < found[end] < math.inf


def test_failed_runs_of_both_networks_leave_nothing_known():
    rows = one_rule({0.01: (9, 9, 9), 0.1: (5, 6, 7), 0.3: (8, 8, 8)}, {0.1: (20, 25, 50, 10)})
    for entry in rows:
        if entry["seed"] == 101:
            entry["outcome"] = "exhausted"
    found = saved(rows)
    assert (found["bound"], found["ratio_low"], found["ratio_high"]) == ("unknown", 0, math.inf)
    assert found["why"] == "some runs on both sides did not reach the criterion"


@pytest.mark.parametrize(
    ("confirmed", "why"),
    [
        ({}, "no confirmation runs of largest updates of the network at the fraction"),
        ({0.3: (1, 2, 3)}, "no confirmation runs of largest updates of the network at the"),
        ({0.1: (1,)}, "only one seed shared by the confirmation runs"),
    ],
)
def test_a_saving_without_an_interval_says_why(confirmed, why):
    found = saved(one_rule({0.01: (9, 9, 9), 0.1: (5, 6, 7), 0.3: (8, 8, 8)}, confirmed))
    assert found["why"].startswith(why)
    assert math.isnan(found["ratio"])
    nothing = saved(one_rule({0.1: (-5, -5, -5)}))
    assert nothing["why"].startswith("no saving possible with largest updates of the network")


def test_seeds_that_stop_at_the_same_test_agree_no_better_than_tests_tell():
    points = {0.01: (9, 9, 9), 0.1: (5, 6, 7), 0.3: (8, 8, 8)}
    found = saved(one_rule(points, {0.1: (20, 20, 20, 20)}))
    rounding = 2000 / 30_000 / 12**0.5 * 2**0.5
    half = 3.182446305 * rounding / 2
    assert math.log(found["ratio_high"] / found["ratio"]) == pytest.approx(half)


def test_a_lower_criterion_is_read_off_the_learning_curves():
    rows = one_rule({0.01: (900, 900, 900), 0.1: (60, 60, 60), 0.3: (80, 80, 80)})
    table = frame(rows)
    curves = [
        {"id": i, "step": step, "accuracy": accuracy, "m0": share * m0, "m1": share * m0}
        for i, m0 in zip(table["id"], table["m0"], strict=True)
        for step, accuracy, share in ((2000, 0.9, 0.1), (4000, 0.93, 0.2), (6000, 0.95, 1.0))
    ]
    history = pd.DataFrame(curves)
    found = en.cells(table, criterion=0.93, history=history)
    at = found[(found["fraction"] == 0.1) & (found["energy"] == "m1")].iloc[0]
    assert (at["energy_per_success"], at["steps"]) == (12, 4000)
    with pytest.raises(en.ConfigError, match=r"criterion must be in \(0, 0.95\]"):
        en.cells(table, criterion=0.96, history=history)
    with pytest.raises(en.ConfigError, match="criterion needs the learning curves"):
        en.cells(table, criterion=0.93)
    for analyse in (en.cells, en.claims):
        with pytest.raises(en.DataError, match="the table of results lacks the columns id"):
            analyse(table.drop(columns="id"), criterion=0.93, history=history)


@pytest.mark.parametrize(("hold", "step"), [(1, 4000), (2, 6000), (3, 8000), (5, None)])
def test_a_criterion_holds_over_as_many_tests_as_in_training(hold, step):
    """19 + 20 + 21 of 30 are 2/3 of 90, which no sum of rounded shares needs to be."""
    rows = one_rule({0.1: (60, 60, 60), 0.3: (80, 80, 80)})
    table = frame([row | {"hold": hold} for row in rows])
    right = {2000: 1, 4000: 21, 6000: 19, 8000: 20} if hold != 3 else {}
    right = right or {2000: 1, 4000: 19, 6000: 20, 8000: 21}
    curves = [
        {"id": i, "step": at, "accuracy": n / 30, "m0": at, "m1": at / 1e3}
        for i in table["id"]
        for at, n in right.items()
    ]
    found = en.cells(table, criterion=2 / 3, history=pd.DataFrame(curves))
    assert set(found["steps"].dropna()) == ({step} if step else set())
    assert set(found["success"]) == {1.0 if step else 0.0}


@pytest.mark.parametrize(("name", "value"), [("margin", 0.0), ("hold", 3)])
def test_runs_with_another_gate_or_criterion_are_not_averaged(name, value):
    plain = one_rule({0.1: (5, 6, 7), 0.3: (8, 8, 8)})
    other = [row | {name: value} for row in one_rule({0.1: (1, 1, 1), 0.3: (9, 9, 9)})]
    assert en.cells(frame([*other, *plain])).equals(en.cells(frame(plain)))
    by = en.cells(frame([*other, *plain]), by=[name])
    assert set(by[name]) == {value, DEFAULTS[name]}
    assert len(by) == 2 * len(en.cells(frame(plain)))


def test_among_equally_many_runs_the_default_settings_are_the_main_ones():
    rows = one_rule({0.01: (9, 9, 9), 0.1: (5, 6, 7), 0.3: (8, 8, 8)}, {0.1: (5, 5, 5, 5)})
    other = one_rule(
        {0.01: (5, 5, 5), 0.003: (6, 6, 6), 0.1: (8, 8, 8)}, {0.1: (1,) * 4, 0.3: (1,)}
    )
    both = [entry | {"learning_rate": 0.003} for entry in other] + rows
    assert best(both)["fraction"] == 0.1


def two_rules(seeds=SEEDS):
    """`largest` at P* = 0.1 and `random` at P* = 0.3, at each fraction with all seeds."""
    rows = one_rule({0.1: (10, 11, 9), 0.3: (20, 20, 20)}, {0.1: (10, 11, 12, 9), 0.3: [20] * 4})
    other = one_rule({0.1: (50, 50, 50), 0.3: (40, 40, 40)}, {0.3: (44, 41, 38, 45)}, "random")
    move = dict(zip(SEEDS, seeds, strict=True))
    return [r | {"seed": move.get(r["seed"], r["seed"])} for r in rows + other[7:]]


@pytest.mark.parametrize("at", ["optimum", "every fraction"])
def test_rules_are_compared_with_one_another(at):
    """The ratio of two rules is the quotient of their ratios to `all`; turned, its inverse."""
    table = frame(two_rules())
    keys = ["rule", "energy", "fraction"]
    whole, largest, turned = (
        en.savings(table, at=at, against=name).set_index(keys)
        for name in ("all", "largest", "random")
    )
    p, q = (0.3, 0.1) if at == "optimum" else (0.3, 0.3)
    one = largest.loc[("random", "m0", p)]
    same = whole.loc[("random", "m0", p), "ratio"] / whole.loc[("largest", "m0", q), "ratio"]
    assert one["ratio"] == pytest.approx(same)
    assert one["ratio_low"] < one["ratio"] < one["ratio_high"]
    assert turned.loc[("largest", "m0", q), "ratio"] == pytest.approx(1 / one["ratio"])
    assert at != "optimum" or largest.loc[("all", "m0", 1.0), "ratio"] < 1
    with pytest.raises(
        en.ConfigError, match="against must be one of all, largest, random, got 'x'"
    ):
        en.savings(table, against="x")


def test_a_comparison_of_two_rules_says_what_is_missing():
    rows = [r for r in two_rules() if r["rule"] != "random" or r["seed"] < 3]
    found = en.savings(frame(rows), against="random").set_index("rule")
    assert "no confirmation runs of random" in found.loc["largest", "why"].iloc[0]


def test_other_seeds_choose_and_estimate():
    moved = frame(two_rules((7, 8, 9, 10)))
    seeds = {"exploration": [0, 1, 2], "confirmation": [7, 8, 9, 10]}
    for function in (en.cells, en.optimal_energy, en.savings):
        found = function(moved, seeds=seeds)
        pd.testing.assert_frame_equal(found, function(frame(two_rules())))
    assert en.savings(moved)["pairs"].eq(0).all()


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ([1], "seeds must be a table with the lists exploration and confirmation, got .1."),
        ({"exploration": [1], "confirmation": []}, "seeds.confirmation must be a list of seeds"),
        ({"exploration": [1, 1], "confirmation": [2]}, "seeds.exploration must have each .* once"),
        ({"exploration": [-1], "confirmation": [2]}, "seeds.exploration must be an integer"),
        (
            {"exploration": [1, 3], "confirmation": [2, 3]},
            "seeds must be in one list only: .* 3 in",
        ),
    ],
)
def test_seeds_that_cannot_be_used(seeds, words):
    with pytest.raises(en.ConfigError, match=words):
        en.cells(frame(two_rules()), seeds=seeds)


def test_a_given_mask_of_all_synapses_is_below_the_unmodified_network():
    mask = {"mask": "0123456789abcdef", "plastic_synapses": 40, "synapses": 40}
    given = [row(100, "fixed-given", None, seed, 50.0) | mask for seed in (0, 1, 2, *SEEDS)]
    label = f"fixed-given {mask['mask']}"
    found = best([*one_rule({}), *given], label)
    assert (found["confirmed"], found["mark"]) == (50, NOT_BRACKETED)
    assert saved([*one_rule({}), *given], label)["ratio"] == pytest.approx(2)
