"""Ratios of energies: confirmation runs at the chosen fractions, combined seed by seed."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from energynet.analysis.intervals import Estimate, bound_of, mean_estimate, rounding
from energynet.analysis.methods import ALL
from energynet.analysis.missing import Missing
from energynet.analysis.table_checks import energies

if TYPE_CHECKING:
    import pandas as pd


class Run(NamedTuple):
    """One run of a cell."""

    reached: bool
    steps: int
    max_steps: int
    test_every: int
    energy: Mapping[str, float]

    @property
    def rounding(self) -> float:
        """Standard deviation of ln E that comes from stopping at tests alone."""
        return float(rounding(self.test_every, self.steps))

    @property
    def least_steps(self) -> int:
        """Steps until the criterion, or the limit within which it was not reached."""
        return self.steps if self.reached else self.max_steps


class Cell(NamedTuple):
    """A network size and rule at the fraction chosen for an energy.

    choice: "best" (P*), or the best on one side of `limit`: "few" below, "many" from it on.
    """

    hidden: int
    rule: str
    energy: str
    choice: str = "best"
    limit: float = math.inf


Terms = list[tuple[float, Cell]]


def saving_terms(cell: Cell, weight: float = 1.0) -> Terms:
    """The terms of ln E(all) - ln E(rule)."""
    return [(weight, Cell(cell.hidden, ALL, cell.energy)), (-weight, cell)]


def paired(terms: Terms, samples: Sequence[Mapping[int, Run]], what: str) -> Estimate | Missing:
    """`Study.contrast` of runs by seed, a sample for each term; `what` they are, in words."""
    shared = sorted(set.intersection(*(set(sample) for sample in samples)))
    if len(shared) < 2:
        number = "only one seed" if shared else "no seed"
        sizes = sorted({cell.hidden for _, cell in terms})
        return Missing.of(f"{number} shared by the {what}", *sizes)
    return _combine(terms, samples, shared)


def _combine(terms: Terms, samples: Sequence[Mapping[int, Run]], seeds: Sequence[int]) -> Estimate:
    values = np.zeros(len(seeds))
    variance, higher, lower = 0.0, False, False
    for (weight, cell), sample in zip(terms, samples, strict=True):
        runs = [sample[seed] for seed in seeds]
        values += [weight * math.log(run.energy[cell.energy]) for run in runs]
        variance += float(np.mean([(weight * run.rounding) ** 2 for run in runs]))
        cut = not all(run.reached for run in runs)
        higher |= cut and weight > 0
        lower |= cut and weight < 0
    return mean_estimate(values.tolist(), math.sqrt(variance), bound_of(higher, lower))


def index_runs(runs: "pd.DataFrame") -> dict[tuple[int, str, str], dict[float, dict[int, Run]]]:
    """(hidden, rule, seed set) -> fraction -> seed -> Run; without failed and skipped runs."""
    index: dict[tuple[int, str, str], dict[float, dict[int, Run]]] = {}
    present = runs[~runs["missing"]]
    names = energies(runs)
    columns = ["hidden", "rule", "seeds", "fraction", "seed", "reached", "steps"]
    columns += ["max_steps", "test_every"]
    rows: Any = zip(*(present[name].tolist() for name in [*columns, *names]), strict=True)
    for hidden, rule, seeds, fraction, seed, reached, steps, limit, every, *values in rows:
        energy = {name: v for name, v in zip(names, values, strict=True) if v > 0}
        run = Run(reached, steps, limit, every, energy)
        energy["steps"] = run.least_steps  # compared as energies are
        index.setdefault((hidden, rule, seeds), {}).setdefault(fraction, {})[seed] = run
    return index
