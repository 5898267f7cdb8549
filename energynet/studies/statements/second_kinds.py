"""Kinds of checks of the second versions of statements 2, 3, 11 and 12.

Where a fraction is chosen, the seeds that choose it are not those that judge.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from energynet.analysis.contrasts import Cell, Run, index_runs, paired, saving_terms
from energynet.analysis.intervals import Estimate
from energynet.analysis.methods import ALL, HIDDEN, READOUT, Reading, display_name
from energynet.analysis.missing import Missing, size_words
from energynet.analysis.optimum import choose, much_fewer, points
from energynet.analysis.runs import CONFIRMATION_SEEDS, at_criterion
from energynet.analysis.study import CONFIRMATION, EXPLORATION, Study
from energynet.studies.statements.judge import POINTS, Check, Region
from energynet.studies.statements.learning_kinds import endless_runs_of, paired_difference, wanted

if TYPE_CHECKING:
    import pandas as pd

Runs = Mapping[int, Run] | Missing
NEW_SEEDS = tuple(range(200, 208))  # what judges in the reading whose old seeds were seen
NEW_PAIRS = tuple(range(200, 220))


def judging_seeds(reading: Reading) -> tuple[int, ...]:
    """The seeds that judge statements 11 and 12: none that their second version was made with."""
    return CONFIRMATION_SEEDS if reading.plastic == HIDDEN else NEW_SEEDS


@dataclass(frozen=True)
class MuchFewer:
    """Steps, or energy, at the largest P <= P*/3 over that at P*; confirmation seeds of both.

    If P* leaves no smaller number of synapses in the hidden layer, the readout takes its place.
    """

    letters: Sequence[str]
    energies: Sequence[str]
    sizes: Sequence[int]
    region: Region
    steps: bool = False

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """A cell for each rule, energy and size."""
        for letter in self.letters:
            for energy in self.energies:
                for hidden in self.sizes:
                    cell = Cell(hidden, reading.rule(letter), energy)
                    what = "steps" if self.steps else energy.upper()
                    title = f"{what} at P <= P*/3 over that at P* ({letter}, P* of"
                    title += f" {energy.upper()}, at {size_words([hidden])})"
                    found = self._found(study, reading, cell)
                    yield Check(title, (hidden,), found, self.region, cells=(cell,))

    def _found(self, study: Study, reading: Reading, cell: Cell) -> Estimate | Missing:
        best = study.optimum(cell).point
        at_best = study.seeds_of(cell)
        if isinstance(at_best, Missing) or best is None:
            return Missing.among([at_best])
        few = much_fewer(study.exploration.points[cell.hidden, cell.rule, cell.energy], best)
        rule, fraction = cell.rule, few[-1].fraction if few else 0.0
        if not few and reading.plastic == HIDDEN:
            rule = READOUT
        elif not few:
            return Missing.of(f"no P <= P*/3 of {display_name(rule)} was run", cell.hidden)
        runs = study.by_cell.get((cell.hidden, rule, CONFIRMATION), {}).get(fraction, {})
        if not runs:
            reason = f"no confirmation runs of {display_name(rule)} at the largest P <= P*/3"
            return Missing.of(reason, cell.hidden)
        measured = cell._replace(energy="steps") if self.steps else cell
        terms = [(1.0, measured._replace(rule=rule)), (-1.0, measured)]
        return paired(terms, [runs, at_best], "confirmation runs")


@dataclass(frozen=True)
class LateAgainstSmall:
    """Accuracy long after the criterion of fixed units minus that of as many unmodified units.

    The mean of the last ten tests. It fails if it is not above 0 and surely less than `points`.
    """

    sizes: Sequence[int]
    units: Sequence[int]
    max_steps: int
    points: float

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """A cell for each size and number of units."""
        region = Region(POINTS, low=0.0, slack=self.points)
        for hidden in self.sizes:
            fixed = endless_runs_of(study, hidden, reading.units, self.max_steps, NEW_PAIRS)
            for units in self.units:
                small = endless_runs_of(study, units, ALL, self.max_steps, NEW_PAIRS)
                large = fixed[(fixed["fraction"] * hidden).round() == units]
                found = _late_difference(study, large, small, hidden, self.max_steps)
                title = f"late accuracy at {size_words([hidden])} with {units} plastic units"
                title += f" minus that of {units} unmodified units"
                yield Check(title, (hidden,), found, region)


@dataclass(frozen=True)
class SameAccuracySomewhere:
    """There is a P at which a rule saves in M0 and is not worse long after the criterion.

    Exploration seeds choose P by `Study.accurate`; other seeds judge. The energy until the
    criterion is read off the curves of the runs that continue beyond it.
    """

    letters: Sequence[str]
    sizes: Sequence[int]
    max_steps: int
    points: float
    ratio: Region

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """Two cells, accuracy and M0, for each rule and size; any one rule may fulfil its own."""
        margin = Region(POINTS, low=-self.points)
        seeds = judging_seeds(reading)
        for letter in self.letters:
            for hidden in self.sizes:
                rule = reading.rule(letter)
                where = f"at {size_words([hidden])}"
                accuracy, ratio = self._found(study, hidden, rule, seeds)
                title = f"accuracy with {letter} minus that with all {where}"
                yield Check(title, (hidden,), accuracy, margin, letter)
                title = f"E(all)/E({letter}) in M0 {where}"
                yield Check(title, (hidden,), ratio, self.ratio, letter)

    def _found(
        self, study: Study, hidden: int, rule: str, seeds: Sequence[int]
    ) -> tuple[Estimate | Missing, Estimate | Missing]:
        """The difference of accuracies, and ln E(all)/E(rule), at the chosen fraction."""
        chosen = study.accurate(hidden, rule, self.max_steps, self.points / 100).fraction
        if chosen is None:
            name = display_name(rule)
            missing = Missing.of(f"no P of {name} is known to keep the accuracy", hidden)
            return missing, missing
        if study.history is None:
            missing = Missing.of("the learning curves are not at hand")
            return missing, missing
        runs = endless_runs_of(study, hidden, rule, self.max_steps, seeds)
        runs = runs[runs["fraction"] == chosen]
        whole = endless_runs_of(study, hidden, ALL, self.max_steps, seeds)
        difference = _late_difference(study, runs, whole, hidden, self.max_steps)
        samples = [_until_criterion(study, part) for part in (whole, runs)]
        terms = saving_terms(Cell(hidden, rule, "m0"))
        return difference, paired(terms, samples, f"runs of {self.max_steps:,d} steps")


def _until_criterion(study: Study, runs: "pd.DataFrame") -> Mapping[int, Run]:
    """Seed -> run of one cell as if it had stopped at the criterion."""
    found: dict[int, Run] = {}
    if len(runs):
        stopped = at_criterion(runs, study.criterion, study.history)
        for by_fraction in index_runs(stopped).values():
            for by_seed in by_fraction.values():
                found.update(by_seed)
    return found


def _late_difference(
    study: Study, first: "pd.DataFrame", second: "pd.DataFrame", hidden: int, max_steps: int
) -> Estimate | Missing:
    if study.history is None:
        return Missing.of("the learning curves are not at hand")
    late = [part.assign(late=part["id"].map(study.late_accuracy)) for part in (first, second)]
    return paired_difference(late[0], late[1], "late", hidden, wanted(max_steps))


@dataclass(frozen=True)
class FewAgainstManyReached:
    """E(best P >= limit) / E(best P < limit) of fixed units, among fractions that reach reliably.

    In the reading whose confirmation seeds were not seen, exploration chooses and confirmation
    judges; in the other one, confirmation chooses and new seeds judge.
    """

    energies: Sequence[str]
    sizes: Sequence[int]
    region: Region
    limit: float

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """A cell for each energy and size."""
        chooser = EXPLORATION if reading.plastic == HIDDEN else CONFIRMATION
        for energy in self.energies:
            for hidden in self.sizes:
                cell = Cell(hidden, reading.units, energy)
                title = f"E(P >= {self.limit:g})/E(P < {self.limit:g}) in {energy.upper()}"
                title += f" at {size_words([hidden])}"
                sides = [
                    self._side(study, cell, few, chooser, judging_seeds(reading))
                    for few in (False, True)
                ]
                samples = [runs for runs in sides if not isinstance(runs, Missing)]
                terms = [(1.0, cell), (-1.0, cell)]
                found = Missing.among(sides) or paired(terms, samples, "runs of both sides")
                yield Check(title, (hidden,), found, self.region)

    def _side(
        self, study: Study, cell: Cell, few: bool, chooser: str, seeds: Sequence[int]
    ) -> Runs:
        point = best_reached(study, cell, self.limit, few, chooser)
        side = "below" if few else "at or above"
        if point is None:
            reason = f"no fraction of {display_name(cell.rule)} {side} the limit reaches reliably"
            return Missing.of(reason, cell.hidden)
        runs = study.runs_at(cell, point)
        judging = {seed: run for seed, run in runs.items() if seed in seeds}
        reason = f"no judging runs of {display_name(cell.rule)} {side} the limit"
        return judging or Missing.of(reason, cell.hidden)


def best_reached(study: Study, cell: Cell, limit: float, few: bool, chooser: str) -> float | None:
    """The fraction on one side of the limit that is best by the seeds of `chooser`."""
    cells = study.cells
    here = cells["hidden"].eq(cell.hidden) & cells["rule"].eq(cell.rule)
    here &= cells["energy"].eq(cell.energy) & cells["seeds"].eq(chooser)
    side = [point for point in points(cells[here]) if (point.fraction < limit) == few]
    best = choose(side).point
    return best.fraction if best else None
