"""Ratios of energies: confirmation runs at the chosen fractions, combined seed by seed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from energynet.analysis.cells import cells_of
from energynet.analysis.intervals import Estimate, bound_of, mean_estimate, rounding
from energynet.analysis.methods import ALL, display_name
from energynet.analysis.missing import Missing
from energynet.analysis.optimum import Exploration, Optimum, best_of_side, explored
from energynet.analysis.runs import SEED_SETS
from energynet.analysis.table_checks import energies

if TYPE_CHECKING:
    import pandas as pd

CONFIRMATION = "confirmation"
EXPLORATION = "exploration"


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


@dataclass(frozen=True)
class Study:
    """Runs of one group in the main settings of the study.

    Attributes
    ----------
    runs : DataFrame
        As `study_runs` gives them.
    endless : DataFrame
        Labelled runs in the same settings, but with target accuracy 1.
    history : DataFrame or None
        Learning curves.
    by_cell : mapping
        (hidden, rule, seed set) -> fraction -> seed -> Run; failed and skipped runs are left out.
    exploration : Exploration
        What its exploration seeds found.
    """

    runs: "pd.DataFrame"
    endless: "pd.DataFrame"
    history: "pd.DataFrame | None"
    by_cell: Mapping[tuple[int, str, str], Mapping[float, Mapping[int, Run]]]
    exploration: Exploration

    @classmethod
    def of(
        cls,
        runs: "pd.DataFrame",
        cells: "pd.DataFrame | None" = None,
    ) -> "Study":
        """Of runs that `study_runs` has picked, all in one group, and their cells."""
        cells = cells_of(runs) if cells is None else cells
        return cls(
            runs,
            runs.iloc[:0],
            None,
            _index(runs),
            explored(cells[cells["seeds"] == EXPLORATION]),
        )

    @property
    def criterion(self) -> float:
        """The target accuracy of the runs."""
        return float(self.runs["target_accuracy"].iloc[0])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of networks of which there are runs."""
        return tuple(sorted({hidden for hidden, _, _ in self.by_cell}))

    def optimum(self, cell: Cell) -> Optimum:
        """The fraction of a cell, chosen on exploration seeds alone."""
        key = (cell.hidden, cell.rule, cell.energy)
        if cell.choice == "best":
            return self.exploration.optimum(*key)
        candidates = self.exploration.points.get(key, ())
        return Optimum(best_of_side(candidates, cell.limit, cell.choice == "few"), "")

    def seeds_of(self, cell: Cell) -> Mapping[int, Run] | Missing:
        """The confirmation runs of a cell by seed, or what is missing."""
        if cell.hidden not in self.sizes:
            return Missing.of("no runs", cell.hidden)
        name = display_name(cell.rule)
        if cell.rule == ALL:
            fraction = 1.0
        else:
            point, mark = self.optimum(cell)
            if point is None:
                return self._without_optimum(cell, mark, name)
            fraction = point.fraction
        stored = self._stored(cell, CONFIRMATION).get(fraction, {})
        runs = {seed: run for seed, run in stored.items() if cell.energy in run.energy}
        if not runs:
            where = "" if cell.rule == ALL else " at the fraction that exploration chose"
            return Missing.of(f"no confirmation runs of {name}{where}", cell.hidden)
        return runs

    def _without_optimum(self, cell: Cell, mark: str, name: str) -> Missing:
        if cell.choice != "best":
            side = "below" if cell.choice == "few" else "at or above"
            return Missing.of(f"no fraction of {name} {side} the limit was run", cell.hidden)
        if not mark:
            return Missing.of(f"no exploration runs of {name}", cell.hidden)
        against = mark == "no saving possible"
        if against:
            reason = f"no saving possible with {name}: no P < 1 reaches the criterion"
        else:
            reason = f"no P < 1 of {name} reaches the criterion in 80 % of its exploration runs"
        return Missing.of(reason, cell.hidden, against=against)

    def contrast(self, terms: Terms) -> Estimate | Missing:
        """Mean over the seeds that all cells share of the weighted sum of their ln E.

        A run that did not reach the criterion enters with the energy it had spent; the true one is
        higher. With a weight below 0 the true term is lower.
        """
        found = [self.seeds_of(cell) for _, cell in terms]
        samples = [runs for runs in found if not isinstance(runs, Missing)]
        return Missing.among(found) or paired(terms, samples, "confirmation runs")

    def runs_at(self, cell: Cell, fraction: float) -> Mapping[int, Run]:
        """The runs of a cell's size and rule at any fraction by seed, of all sets of seeds."""
        return {
            seed: run
            for seeds in SEED_SETS
            for seed, run in self._stored(cell, seeds).get(fraction, {}).items()
            if cell.energy in run.energy
        }

    def fractions_of(self, cell: Cell) -> list[float]:
        """The fractions at which there are runs of a cell's size and rule, in order."""
        return sorted({fraction for seeds in SEED_SETS for fraction in self._stored(cell, seeds)})

    def _stored(self, cell: Cell, seeds: str) -> Mapping[float, Mapping[int, Run]]:
        return self.by_cell.get((cell.hidden, cell.rule, seeds), {})


def paired(terms: Terms, samples: Sequence[Mapping[int, Run]], what: str) -> Estimate | Missing:
    """`Study.contrast` of runs by seed, a sample for each term; `what` they are, in words."""
    shared = sorted(set.intersection(*(set(sample) for sample in samples)))
    if len(shared) < 2:
        number = "only one seed" if shared else "no seed"
        sizes = sorted({cell.hidden for _, cell in terms})
        return Missing.of(f"{number} shared by the {what}", *sizes)
    return _combine(terms, samples, shared)


def studies(
    runs: "pd.DataFrame", by: Sequence[str] = ()
) -> Iterator[tuple[tuple[Any, ...], Study]]:
    """The study of each group of runs that `study_runs` has picked."""
    if not by:
        yield (), Study.of(runs)
        return
    cells = dict(list(cells_of(runs, by).groupby(list(by), sort=True)))
    for key, group in runs.groupby(list(by), sort=True):
        yield key, Study.of(group, cells[key])


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


def _index(runs: "pd.DataFrame") -> dict[tuple[int, str, str], dict[float, dict[int, Run]]]:
    index: dict[tuple[int, str, str], dict[float, dict[int, Run]]] = {}
    present = runs[~runs["missing"]]
    names = energies(runs)
    columns = ["hidden", "rule", "seeds", "fraction", "seed", "reached", "steps"]
    columns += ["max_steps", "test_every"]
    rows: Any = zip(*(present[name].tolist() for name in [*columns, *names]), strict=True)
    for hidden, rule, seeds, fraction, seed, reached, steps, limit, every, *values in rows:
        energy = {name: v for name, v in zip(names, values, strict=True) if v > 0}
        run = Run(reached, steps, limit, every, energy)
        index.setdefault((hidden, rule, seeds), {}).setdefault(fraction, {})[seed] = run
    return index
