"""Simulated studies without a difference: do the intervals cover, do verdicts hold too often?

    python tests/helpers/simulate_statistics.py [STUDIES]

A study has the unmodified network and one rule with twelve equally good fractions, three
exploration and eight (or two) confirmation seeds; the true ratio of energies is 1. Steps until
the criterion are log-normal, with a part that all runs of a seed share; energy is proportional to
them. What the package then chooses, estimates and judges is counted.

In a comparison, two rules are explored and compared with one another, each at its best fraction,
with seeds of its own preset; the ratio that covers or not is that of these two.
"""

import sys
import zlib
from typing import NamedTuple

import numpy as np
import pandas as pd
from tables import CONFIRMATION, EXPLORATION, run

from energynet.analysis.methods import READINGS
from energynet.analysis.optimum import optimal_energy
from energynet.analysis.savings import savings
from energynet.analysis.study import studies
from energynet.studies.statements.energy_kinds import Saving, ratio_above
from energynet.studies.statements.judge import judge_all

FRACTIONS = tuple(np.geomspace(0.001, 0.7, 12))
MEDIAN = 26_000  # steps until the criterion
NEVER = 10**9


class Setting(NamedTuple):
    """How steps spread, how they are recorded, and when runs are given up."""

    name: str
    spread: float = 0.12  # standard deviation of ln steps
    shared: float = 0.5  # correlation of the runs of a seed
    test_every: int = 1
    max_steps: int = NEVER
    confirmation: tuple = CONFIRMATION
    cut_all: bool = False  # the unmodified network is given up at the same step
    exploration: tuple = EXPLORATION
    against: str = "all"  # or another rule, which is explored, too


SETTINGS = (
    Setting("no censoring"),
    Setting("no censoring, tests every 2,000 steps", test_every=2000),
    Setting("no censoring, two seeds, tests", test_every=2000, confirmation=(100, 101)),
    Setting("no censoring, wide", spread=0.5),
    Setting("2 % of the runs cut off", max_steps=33_300),
    Setting("10 % cut off", max_steps=30_300),
    Setting("30 % cut off", max_steps=27_700),
    Setting("10 % cut off, wide", spread=0.5, max_steps=49_300),
    Setting("10 % cut off, tests", test_every=2000, max_steps=30_000),
    Setting("10 % cut off, all as well", max_steps=30_300, cut_all=True),
    *(
        Setting(name, **options, exploration=(7, 8), confirmation=range(20, 25), against="random")
        for name, options in (
            ("two rules, other seeds, tests", {"test_every": 2000}),
            ("two rules, other seeds, 10 % cut off", {"max_steps": 30_300}),
        )
    ),
)


class Counts(NamedTuple):
    """Shares of the studies.

    judged: that came to an interval; bounded: of those, with at least one run cut off; coverage:
    of those, whose interval holds the true ratio; holds, fails: verdicts, of all studies.
    """

    judged: float
    bounded: float
    coverage: float
    holds: float
    fails: float


def rows_of(generator, setting, seeds, studies, shared, rule, fractions):
    """Runs of every study: one for each seed and fraction; `fractions` is one list per study."""
    per_study = len(seeds) * fractions.shape[1]
    own = generator.standard_normal((studies, len(seeds), fractions.shape[1]))
    mix = np.sqrt(setting.shared) * shared[:, :, None] + np.sqrt(1 - setting.shared) * own
    steps = MEDIAN * np.exp(setting.spread * mix)
    steps = np.ceil(steps / setting.test_every) * setting.test_every
    limit = NEVER if rule == "all" and not setting.cut_all else setting.max_steps
    reached = steps <= limit
    steps = np.minimum(steps, limit).reshape(-1)
    columns = run(
        100,
        rule,
        np.broadcast_to(fractions[:, None, :], own.shape).reshape(-1),
        np.tile(np.repeat(seeds, fractions.shape[1]), studies),
        m0=steps,
        m1=0.0,
        outcome=np.where(reached.reshape(-1), "reached", "exhausted"),
        steps=steps,
        study=np.repeat(np.arange(studies), per_study),
        test_every=setting.test_every,
    )
    return pd.DataFrame(columns)


def simulate(setting, studies, seed=0):
    """Choose, confirm and judge `studies` studies."""
    generator = np.random.default_rng([seed, zlib.crc32(setting.name.encode())])

    def runs(seeds, rule, fractions, shared):
        return rows_of(generator, setting, seeds, studies, shared, rule, fractions)

    one = np.ones((studies, 1))
    rules = ["largest"] if setting.against == "all" else ["largest", setting.against]
    seeds, confirmation = setting.exploration, setting.confirmation
    first = generator.standard_normal((studies, len(seeds)))
    grid = np.broadcast_to(FRACTIONS, (studies, len(FRACTIONS)))
    explored = [runs(seeds, "all", one, first), *(runs(seeds, r, grid, first) for r in rules)]
    sets = {"exploration": seeds, "confirmation": confirmation}
    every = optimal_energy(pd.concat(explored), by=["study"], seeds=sets)
    second = generator.standard_normal((studies, len(confirmation)))
    confirmed = [runs(confirmation, "all", one, second)]
    for rule in rules:
        best = every[(every["rule"] == rule) & (every["energy"] == "m0")]["fraction"].to_numpy()
        chosen = np.where(np.isnan(best), FRACTIONS[0], best)[:, None]
        confirmed.append(runs(confirmation, rule, chosen, second))
    table = pd.concat([*explored, *confirmed], ignore_index=True)
    return count(table, sets, setting.against)


def count(table, seeds=None, against="all"):
    """Coverage and verdicts over the studies of a table."""
    found = savings(table, by=["study"], seeds=seeds, against=against)
    found = found[(found["energy"] == "m0") & (found["why"] == "")]
    found = found[found["rule"] == "largest"]
    covered = (found["ratio_low"] <= 1) & (found["ratio_high"] >= 1)
    check = Saving(("L",), ("m0",), (100,), ratio_above(1))
    verdicts = [
        judge_all(list(check.checks(study, READINGS["network"][0])))[0]
        for _, study in studies(table, ["study"], seeds=seeds)
    ]
    total = len(verdicts)
    return Counts(
        len(found) / total,
        float((found["bound"] != "").mean()),
        float(covered.mean()),
        verdicts.count("holds") / total,
        verdicts.count("fails") / total,
    )


def main():
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print(f"{studies} studies per row, true ratio 1, nominal coverage 95 %")
    print(f"{'setting':<45}{'judged':>9}{'cut off':>9}{'coverage':>10}{'holds':>8}{'fails':>8}")
    for setting in SETTINGS:
        shares = simulate(setting, studies)
        widths = (9, 9, 10, 8, 8)
        cells = "".join(f"{share:>{w}.2%}" for share, w in zip(shares, widths, strict=True))
        print(f"{setting.name:<45}{cells}", flush=True)


if __name__ == "__main__":
    main()
