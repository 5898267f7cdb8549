"""Estimates of the verdicts, derived again with pandas alone: nothing of the package is used."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

RESULTS = Path(__file__).parents[2] / "results"
SIZES = (100, 300, 1_000, 3_000, 10_000)
QUANTILE = 2.364624  # of Student's t with the 7 degrees of freedom of eight seeds, 97.5 %


@pytest.fixture(scope="module")
def claims():
    return json.loads((RESULTS / "verdicts.json").read_text())


def table_of(reading):
    """Runs towards 95 % in at most 300,000 steps, those of all verdicts on energies up to P*."""
    table = pd.read_csv(RESULTS / f"{reading}.csv")
    usual = table["target_accuracy"].eq(0.95) & table["max_steps"].eq(300_000)
    usual &= ~table["outcome"].isin(["skipped", "failed"])
    if "learning_rate" in table:  # a table leaves out what is as by default in all of its runs
        usual &= table["learning_rate"].eq(0.01)
    return table[usual].assign(fraction=table["fraction"].fillna(1.0))


def optimum(table, rule, hidden, energy):
    """P* and the runs there: exploration seeds choose it, confirmation seeds are returned."""
    cell = table[(table["rule"] == rule) & (table["hidden"] == hidden)]
    if rule == "all":
        return 1.0, cell[cell["seed"].between(100, 107)].set_index("seed")
    exploring = cell[(cell["seed"] < 3) & (cell["fraction"] < 1)]
    groups = exploring.groupby("fraction")
    reached = groups["outcome"].agg(lambda outcomes: outcomes.eq("reached").sum())
    price = groups[energy].sum() / reached
    best = price[reached / groups.size() >= 0.8].idxmin()
    runs = cell[(cell["fraction"] == best) & cell["seed"].between(100, 107)]
    return best, runs.set_index("seed")


def ratios(table, rule, other, hidden, energy):
    """ln of the energy under `rule` over that under `other`, seed by seed."""
    ends = [optimum(table, name, hidden, energy)[1][energy] for name in (rule, other)]
    return np.log(ends[0] / ends[1])


def interval(values, spread=np.exp):
    """Mean with the ends of its 95 % interval, from a number for each seed."""
    assert len(values) == 8
    mean, half = values.mean(), QUANTILE * values.std(ddof=1) / np.sqrt(8)
    return [float(spread(end)) for end in (mean, mean - half, mean + half)]


def slope(table, rule, other, energy):
    """Change of ln ratio per tenfold size, a line through the sizes for each seed."""
    by_size = pd.DataFrame({size: ratios(table, rule, other, size, energy) for size in SIZES})
    slopes = by_size.apply(lambda row: np.polyfit(np.log10(SIZES), row, 1)[0], axis=1)
    return interval(slopes, spread=float)


def growth(table, rule, energy, large, small):
    """The ratio of saving at one size over that at another, seed by seed."""
    at = [ratios(table, "all", rule, hidden, energy) for hidden in (large, small)]
    return interval(at[0] - at[1])


def ratio(table, rule, other, hidden, energy):
    return interval(ratios(table, rule, other, hidden, energy))


# Reading, statement, its version, what the cell is called in the verdict, and the estimate.
ESTIMATES = [
    ("network", 13, 1, "E(all)/E(L), the best rule, in M0 at nh = 10,000",
     lambda runs: ratio(runs, "all", "largest", 10_000, "m0")),
    ("network", 8, 1, "ln E(all)/E(L) in M1 against log10 nh",
     lambda runs: slope(runs, "all", "largest", "m1")),
    ("network", 10, 2, "E(F)/E(N) in M0 at nh = 3,000",
     lambda runs: ratio(runs, "fixed-units", "largest-per-neuron", 3_000, "m0")),
    ("network", 14, 1, "E(all)/E(L) in M1 at nh = 10,000 over that at nh = 300",
     lambda runs: growth(runs, "largest", "m1", 10_000, 300)),
    ("hidden", 6, 1, "E(F)/E(L) in M0 at nh = 1,000",
     lambda runs: ratio(runs, "fixed-units", "largest-per-layer", 1_000, "m0")),
    ("hidden", 10, 2, "E(F)/E(N) in M0 at nh = 3,000",
     lambda runs: ratio(runs, "fixed-units", "largest-per-neuron", 3_000, "m0")),
    ("hidden", 14, 1, "E(all)/E(L) in M0 at nh = 3,000 over that at nh = 300",
     lambda runs: growth(runs, "largest-per-layer", "m0", 3_000, 300)),
    ("hidden", 7, 1, "E(F)/E(L) in M0 at nh = 10,000",
     lambda runs: ratio(runs, "fixed-units", "largest-per-layer", 10_000, "m0")),
    ("hidden", 7, 1, "Ln E(F)/E(L) in M0 against log10 nh",
     lambda runs: slope(runs, "fixed-synapses", "largest-per-layer", "m0")),
    ("hidden", 13, 1, "E(all)/E(N), the best rule, in M1 at nh = 10,000",
     lambda runs: ratio(runs, "all", "largest-per-neuron", 10_000, "m1")),
    ("network", 7, 1, "Ln E(F)/E(L) in M0 against log10 nh",
     lambda runs: slope(runs, "fixed-units", "largest", "m0")),
]  # fmt: skip


def parts(claim):
    yield claim
    for part in claim["parts"]:
        yield from parts(part)


@pytest.mark.parametrize(("reading", "number", "version", "cell", "derive"), ESTIMATES)
def test_an_estimate_is_what_pandas_alone_finds(claims, reading, number, version, cell, derive):
    which = (reading, number, version)
    found = [
        [part["estimate"], *part["interval"]]
        for claim in claims
        if (claim["reading"], claim["number"], claim["version"]) == which
        for part in parts(claim)
        if cell in part["words"] and part["estimate"] is not None and None not in part["interval"]
    ]
    expected = derive(table_of(reading))
    assert any(np.allclose(each, expected, rtol=1e-5) for each in found), (found, expected)
