"""The results of both readings of P, as the derivations of numbers on pages ask for them."""

from pathlib import Path

import numpy as np

import energynet as en
from energynet.analysis.study import Study
from energynet.store.exchange import read_table
from energynet.support.format import significant

RESULTS = Path(__file__).parents[2] / "results"


class Reading:
    """The results of one reading of P."""

    def __init__(self, name):
        self.table = read_table(RESULTS / f"{name}.csv")
        history = read_table(RESULTS / f"{name}_history.csv.xz")
        self.study = Study.of(self.table, history)
        keys = ["hidden", "rule", "energy"]
        self.savings = en.savings(self.table).set_index(keys)
        self.optima = en.optimal_energy(self.table).set_index(keys)
        self.runs = self.study.runs

    def ratio(self, hidden, rule, energy="m0"):
        return self.savings.loc[(hidden, rule, energy), "ratio"]

    def saved(self, hidden, rule, energy="m0"):
        """30.2-fold (28.6 to 32.0)."""
        row = self.savings.loc[(hidden, rule, energy)]
        ends = f"{significant(row['ratio_low'])} to {significant(row['ratio_high'])}"
        return f"{significant(row['ratio'])}-fold ({ends})"

    def at_optimum(self, hidden, rule, energy="m0"):
        """Confirmation runs at P*."""
        fraction = self.optima.loc[(hidden, rule, energy), "fraction"]
        runs = self.runs[self.runs["hidden"].eq(hidden) & self.runs["rule"].eq(rule)]
        runs = runs[runs["seeds"].eq("confirmation")]
        return runs if rule == "all" else runs[runs["fraction"].eq(fraction)]

    def best(self, rule):
        """P* of M0 at 1,000 hidden units."""
        return self.optima.loc[(1000, rule, "m0"), "fraction"]

    def steps(self, hidden, rule):
        """How many times as many steps as without the rule, at P* of M0."""
        rule, whole = (self.at_optimum(hidden, name)["steps"].mean() for name in (rule, "all"))
        return rule / whole

    def over(self, whole, hidden, rule, energy="m0", fraction=None):
        """Of these runs over those at P*, or at another P: (ratio, low, high), paired by seed."""
        runs = self.at_optimum(hidden, rule, energy)
        if fraction is not None:
            runs = self.runs[self.runs["hidden"].eq(hidden) & self.runs["rule"].eq(rule)]
            runs = runs[runs["fraction"].eq(fraction) & runs["seeds"].eq("confirmation")]
            runs = runs[runs["target_accuracy"].eq(0.95)]
        logs = np.log(whole.set_index("seed")[energy] / runs.set_index("seed")[energy])
        assert logs.notna().all()
        assert len(logs) == 8
        half = 2.364624 * logs.std() / np.sqrt(8)
        return [float(np.exp(end)) for end in (logs.mean(), logs.mean() - half, logs.mean() + half)]
