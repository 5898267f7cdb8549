"""One study: a tidy table of runs, and all that follows from it, computed once when asked for."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from energynet.analysis.cells import at_settings, cells_of
from energynet.analysis.contrasts import Cell, Run, Terms, index_runs, paired
from energynet.analysis.intervals import Estimate
from energynet.analysis.methods import ALL, display_name, reading_rules, readings_of
from energynet.analysis.missing import Missing
from energynet.analysis.optimum import Exploration, Optimum, best_of_side, explored, optima_of
from energynet.analysis.ratios import Row, with_saving
from energynet.analysis.runs import SEED_SETS, Seeds, endless_runs, labelled, own_settings
from energynet.analysis.table_checks import check_history, energies

if TYPE_CHECKING:
    import pandas as pd

CONFIRMATION = "confirmation"
EXPLORATION = "exploration"
LAST_TESTS = 10  # whose mean is the accuracy long after the criterion
OPTIMUM, EVERY = "optimum", "every fraction"
RATES = ("learning_rate", "init_std")  # settings of speed and start of the training


class Accurate(NamedTuple):
    """The fraction chosen by `Study.accurate`, or else the one whose runs it needs first."""

    fraction: float | None
    needed: float | None


@dataclass(frozen=True, eq=False)
class Study:
    """Runs of one group in the main settings of the study; `Study.of` picks them from a table.

    Attributes
    ----------
    every : DataFrame
        All labelled runs of the group, in whatever settings.
    own : DataFrame
        Those in the main settings, with the ones that failed or were skipped.
    history : DataFrame or None
        Learning curves.
    """

    every: "pd.DataFrame"
    own: "pd.DataFrame"
    history: "pd.DataFrame | None" = None

    @classmethod
    def of(cls, table: "pd.DataFrame", history: "pd.DataFrame | None" = None) -> "Study":
        """Of a tidy table of runs and, if given, their learning curves.

        Raises DataError if the table lacks columns.
        """
        [(_, study)] = studies(table, history=history)
        return study

    def by_reading(self) -> "dict[str, Study]":
        """The study of each reading of P; the study itself, named "", if it has only one."""
        readings = readings_of(self.own["rule"])
        if len(readings) < 2:
            return {"": self}
        found = {}
        for name in readings:
            foreign = set().union(*(reading_rules(each) for each in readings if each != name))
            every, own = (part[~part["rule"].isin(foreign)] for part in (self.every, self.own))
            found[name] = Study(every, own, self.history)
        return found

    @cached_property
    def runs(self) -> "pd.DataFrame":
        """The runs in the main settings that have a result."""
        return self.own[~self.own["missing"]]

    @cached_property
    def endless(self) -> "pd.DataFrame":
        """Runs in the same settings, but with target accuracy 1: they continue beyond it."""
        endless = endless_runs(self.every, self.own)
        return endless[~endless["missing"]]

    @cached_property
    def late_accuracy(self) -> "pd.Series":
        """Mean accuracy of the last ten tests of each run, by id; needs the learning curves."""
        assert self.history is not None
        curves = self.history.sort_values("step", kind="stable")
        last = curves.groupby("id").tail(LAST_TESTS)
        return last.groupby("id")["accuracy"].mean()

    def accurate(self, hidden: int, rule: str, max_steps: int, loss: float) -> "Accurate":
        """The fraction of least M0 at which accuracy after `max_steps` steps is kept.

        Exploration seeds choose: in the order of their M0 until the criterion, the first fraction
        at which the mean accuracy at the end of their runs of target accuracy 1 is at most `loss`
        below that of the unmodified network.
        """
        runs = self.endless
        runs = runs[(runs["hidden"] == hidden) & (runs["max_steps"] == max_steps)]
        runs = runs[runs["seeds"] == EXPLORATION]
        whole = runs.loc[runs["rule"] == ALL, "accuracy"]
        own = runs[runs["rule"] == rule]
        reliable = [p for p in self.exploration.points.get((hidden, rule, "m0"), ()) if p.reliable]
        for point in sorted(reliable, key=lambda point: (point.energy, point.fraction)):
            late = own.loc[own["fraction"] == point.fraction, "accuracy"]
            if late.empty or whole.empty or len(late) < len(whole):
                return Accurate(None, point.fraction)
            if whole.mean() - late.mean() <= loss:
                return Accurate(point.fraction, None)
        return Accurate(None, None)

    @cached_property
    def absent(self) -> "pd.DataFrame":
        """Runs of both kinds that have no result: they failed or were skipped."""
        import pandas as pd

        parts = (self.own, endless_runs(self.every, self.own))
        return pd.concat([part[part["missing"]] for part in parts])

    @cached_property
    def elsewhere(self) -> int:
        """How many runs in other settings are left out."""
        endless = endless_runs(self.every, self.own)
        others = self.every[~own_settings(self.every)]
        return len(others.index.difference(endless.index))

    @cached_property
    def by_cell(self) -> Mapping[tuple[int, str, str], Mapping[float, Mapping[int, Run]]]:
        """(hidden, rule, seed set) -> fraction -> seed -> Run; without those lacking a result."""
        return index_runs(self.own)

    @cached_property
    def cells(self) -> "pd.DataFrame":
        """As `energynet.cells` returns them."""
        return cells_of(self.own)

    @cached_property
    def exploration(self) -> Exploration:
        """What its exploration seeds found."""
        return explored(self.cells[self.cells["seeds"] == EXPLORATION])

    @cached_property
    def optimal(self) -> "pd.DataFrame":
        """As `energynet.optimal_energy` returns it."""
        return optima_of(self.cells)

    @cached_property
    def savings(self) -> "pd.DataFrame":
        """As `energynet.savings` returns them, at P*."""
        return saving_table([((), self)])

    @cached_property
    def rates(self) -> "pd.DataFrame":
        """Savings by learning rate and initial weights; empty if there is one rate."""
        every = self.every[~self.every["learning_rate_auto"]]  # they differ from size to size
        if every["learning_rate"].nunique() < 2:
            every = every.iloc[:0]
        return saving_table(_grouped(every, RATES, None, None), RATES)

    @cached_property
    def criterion(self) -> float:
        """The target accuracy of the runs."""
        return float(self.own["target_accuracy"].iloc[0]) if len(self.own) else 0.95

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of networks of which there are runs."""
        return tuple(sorted({hidden for hidden, _, _ in self.by_cell}))

    @cached_property
    def constrained_sizes(self) -> list[int]:
        """Hidden units of the networks that were trained under any rule besides `all`."""
        return sorted({int(size) for size in self.runs.loc[self.runs["rule"] != ALL, "hidden"]})

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
                return _without_optimum(cell, mark, name)
            fraction = point.fraction
        stored = self._stored(cell, CONFIRMATION).get(fraction, {})
        runs = {seed: run for seed, run in stored.items() if cell.energy in run.energy}
        if not runs:
            where = "" if cell.rule == ALL else " at the fraction that exploration chose"
            return Missing.of(f"no confirmation runs of {name}{where}", cell.hidden)
        return runs

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

    def saving_rows(self, at: str = OPTIMUM, against: str = ALL) -> Iterator[Row]:
        """A row of `savings` for each size, rule and energy, at P* or at every fraction."""
        rules = sorted({(hidden, rule) for hidden, rule, _ in self.by_cell if rule != against})
        for hidden, rule in rules:
            for energy in energies(self.own):
                cell = Cell(hidden, rule, energy)
                for fraction, found in self._ratios(cell, at, against):
                    yield with_saving(Row(hidden, rule, energy, fraction), found)

    def _ratios(
        self, cell: Cell, at: str, against: str
    ) -> Iterator[tuple[float, Estimate | Missing]]:
        """(fraction, ln E(against) - ln E(rule))."""
        other = cell._replace(rule=against)
        terms = [(1.0, other), (-1.0, cell)]
        if at == OPTIMUM:
            point, whole = self.optimum(cell).point, 1.0 if cell.rule == ALL else math.nan
            yield point.fraction if point else whole, self.contrast(terms)
            return
        known = self.fractions_of(other)
        name = "the unmodified network" if against == ALL else display_name(against)
        for fraction in self.fractions_of(cell):
            same = known[0] if len(known) == 1 else fraction  # `all` has no other than 1
            samples = [self.runs_at(other, same), self.runs_at(cell, fraction)]
            yield fraction, paired(terms, samples, f"runs of the rule and of {name}")


def studies(
    table: "pd.DataFrame",
    by: Sequence[str] = (),
    criterion: float | None = None,
    history: "pd.DataFrame | None" = None,
    seeds: Seeds = None,
) -> list[tuple[tuple[Any, ...], Study]]:
    """(values of `by`, the study of that group) for each group; parameters as for `cells`."""
    check_history(history, table)
    return _grouped(labelled(table, seeds), by, criterion, history)


def _grouped(
    every: "pd.DataFrame",
    by: Sequence[str],
    criterion: float | None,
    history: "pd.DataFrame | None",
) -> list[tuple[tuple[Any, ...], Study]]:
    own = at_settings(every, by, criterion, history)
    if not by:
        return [((), Study(every, own, history))]
    names = list(by)
    every_of, cells = dict(list(every.groupby(names))), dict(list(cells_of(own, by).groupby(names)))
    found = []
    for key, group in own.groupby(names, sort=True):
        study = Study(every_of.get(key, every.iloc[:0]), group, history)
        vars(study)["cells"] = cells[key]  # computed for all groups at once
        found.append((key, study))
    return found


def saving_table(
    found: Sequence[tuple[tuple[Any, ...], Study]],
    by: Sequence[str] = (),
    at: str = OPTIMUM,
    against: str = ALL,
) -> "pd.DataFrame":
    """`energynet.savings` of studies, each with the values of `by`."""
    import pandas as pd

    rows = [(*key, *row) for key, study in found for row in study.saving_rows(at, against)]
    return pd.DataFrame(rows, columns=[*by, *Row._fields])


def _without_optimum(cell: Cell, mark: str, name: str) -> Missing:
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
