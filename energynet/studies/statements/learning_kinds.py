"""Kinds of checks on steps and accuracies: how training goes, not what it costs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from energynet.analysis.contrasts import Cell, Run, saving_terms
from energynet.analysis.intervals import (
    Estimate,
    bound_of,
    difference_estimate,
    mean_estimate,
)
from energynet.analysis.methods import ALL, NETWORK, Reading, display_name
from energynet.analysis.missing import Missing, size_words
from energynet.analysis.optimum import MUCH_FEWER, Point, much_fewer
from energynet.analysis.study import Study
from energynet.studies.statements.energy_kinds import contrast_check, ratio_above
from energynet.studies.statements.judge import ACCURACY, POINTS, STEPS, Check, Region

if TYPE_CHECKING:
    import pandas as pd

FIRST_SEEDS = (100, 101, 102)


@dataclass(frozen=True)
class TooFew:
    """At P <= P*/3 exploration runs take `steps` times as long as at P*, and more energy."""

    letters: Sequence[str]
    energies: Sequence[str]
    sizes: Sequence[int]
    steps: float

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """Two cells, steps and energy, for each rule, energy, size and fraction."""
        for letter in self.letters:
            for energy in self.energies:
                for hidden in self.sizes:
                    cell = Cell(hidden, reading.rule(letter), energy)
                    yield from self._checks_of(study, cell, letter)

    def _checks_of(self, study: Study, cell: Cell, letter: str) -> Iterator[Check]:
        where = f"{letter}, P* of {cell.energy.upper()}, at {size_words([cell.hidden])}"
        at_best = study.seeds_of(cell)
        region = Region(STEPS, low=self.steps)
        if isinstance(at_best, Missing):
            yield Check(where, (cell.hidden,), at_best, region)
            return
        best = study.optimum(cell).point
        assert best is not None
        key = (cell.hidden, cell.rule, cell.energy)
        few = much_fewer(study.exploration.points[key], best)
        if not few:
            reason = f"no P <= P*/{MUCH_FEWER} of {display_name(cell.rule)} was run"
            yield Check(where, (cell.hidden,), Missing.of(reason, cell.hidden), region)
        explored = study.by_cell[cell.hidden, cell.rule, "exploration"]
        for point in few:
            runs = explored[point.fraction]
            title = f"steps at P = {point.fraction:.3g} over those at P* = {best.fraction:.3g}"
            found = _steps_ratio(runs, at_best, cell.hidden)
            yield Check(f"{title} ({where})", (cell.hidden,), found, region, cells=(cell,))
            yield _energy_check(point, runs, at_best, cell, where)


def _steps_ratio(
    few: Mapping[int, Run], best: Mapping[int, Run], hidden: int
) -> Estimate | Missing:
    first = [math.log(run.least_steps) for run in few.values()]
    second = [math.log(run.least_steps) for run in best.values()]
    return _compare(few, best, first, second, hidden)


def _energy_check(
    point: Point, few: Mapping[int, Run], best: Mapping[int, Run], cell: Cell, where: str
) -> Check:
    title = f"E(P = {point.fraction:.3g})/E(P*) ({where})"
    first, second = (
        [math.log(run.energy[cell.energy]) for run in runs.values() if cell.energy in run.energy]
        for runs in (few, best)
    )
    found = _compare(few, best, first, second, cell.hidden)
    return Check(title, (cell.hidden,), found, ratio_above(1))


def _compare(
    few: Mapping[int, Run],
    best: Mapping[int, Run],
    first: Sequence[float],
    second: Sequence[float],
    hidden: int,
) -> Estimate | Missing:
    """Welch's comparison of logarithms; runs cut off bound it."""
    cut, best_cut = (not all(run.reached for run in runs.values()) for runs in (few, best))
    constant = not any(run.reached for run in few.values()) and len(set(first)) == 1
    if len(first) < 2 or len(second) < 2:  # one seed says nothing about others
        return Missing.of("fewer than two runs to compare", hidden)
    rounding = max(run.rounding for run in best.values())
    return difference_estimate(first, second, bound_of(cut, best_cut), constant, rounding)


@dataclass(frozen=True)
class SmallFail:
    """The best accuracy of small unmodified networks stays below the criterion."""

    sizes: Sequence[int]
    max_steps: int
    seeds: Sequence[int] = ()  # those of the first version, if not given

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """A cell for each size."""
        seeds = self.seeds or first_seeds(reading)
        region = Region(ACCURACY, high=ACCURACY.natural(study.criterion))
        for hidden in self.sizes:
            runs = endless_runs_of(study, hidden, ALL, self.max_steps, seeds)
            values = runs["best_accuracy"].dropna().tolist()
            title = f"best accuracy of {hidden} unmodified units"
            found = _mean(values, hidden, wanted(self.max_steps))
            yield Check(title, (hidden,), found, region)


@dataclass(frozen=True)
class LargeAgainstSmall:
    """Best accuracy of a large network with as much plasticity as a small unmodified one.

    Fixed units: as many plastic units; other rules: the number of plastic synapses nearest to
    theirs.
    """

    letter: str
    sizes: Sequence[int]
    units: Sequence[int]
    max_steps: int

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """A cell for each size and number of units."""
        seeds = first_seeds(reading)
        for hidden in self.sizes:
            for units in self.units:
                large = self._matched(study, reading, hidden, units)
                small = endless_runs_of(study, units, ALL, self.max_steps, seeds)
                found = paired_difference(
                    large, small, "best_accuracy", hidden, wanted(self.max_steps)
                )
                title = f"best accuracy at {size_words([hidden])}, plastic as {units} units,"
                title += f" minus that of {units} unmodified units"
                yield Check(title, (hidden,), found, Region(POINTS, low=0.0))

    def _matched(self, study: Study, reading: Reading, hidden: int, units: int) -> "pd.DataFrame":
        seeds = first_seeds(reading)
        fixed = endless_runs_of(study, hidden, reading.units, self.max_steps, seeds)
        fixed = fixed[(fixed["fraction"] * hidden).round() == units]
        if self.letter == "units" or fixed.empty:
            return fixed
        runs = endless_runs_of(study, hidden, reading.rule(self.letter), self.max_steps, seeds)
        distance = np.abs(np.log(runs["plastic_synapses"] / fixed["plastic_synapses"].iloc[0]))
        return runs[(distance == distance.min()) & (distance < math.log(1.5))]


@dataclass(frozen=True)
class SameAccuracy:
    """Accuracy long after the criterion as that of `all`, at an M0 that is much smaller."""

    letters: Sequence[str]
    sizes: Sequence[int]
    max_steps: int
    points: float
    ratio: float

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """Two cells, accuracy and M0, for each rule and size; any one rule may fulfil its own."""
        margin = Region(POINTS, -self.points, self.points)
        for letter in self.letters:
            for hidden in self.sizes:
                cell = Cell(hidden, reading.rule(letter), "m0")
                found = self._difference(study, reading, cell)
                title = f"accuracy with {letter} minus that with all at {size_words([hidden])}"
                yield Check(title, (hidden,), found, margin, letter)
                title = f"E(all)/E({letter}) in M0 at {size_words([hidden])}"
                region = ratio_above(self.ratio)
                yield contrast_check(title, study, saving_terms(cell), region, letter)

    def _difference(self, study: Study, reading: Reading, cell: Cell) -> Estimate | Missing:
        point = study.optimum(cell).point
        if point is None:
            return Missing.among([study.seeds_of(cell)])
        if study.history is None:
            return Missing.of("the learning curves are not at hand")
        late, seeds = study.late_accuracy, first_seeds(reading)
        runs = endless_runs_of(study, cell.hidden, cell.rule, self.max_steps, seeds)
        runs = runs[runs["fraction"] == point.fraction]
        whole = endless_runs_of(study, cell.hidden, ALL, self.max_steps, seeds)
        first, second = (frame.assign(late=frame["id"].map(late)) for frame in (runs, whole))
        return paired_difference(first, second, "late", cell.hidden, wanted(self.max_steps))


def wanted(max_steps: int) -> str:
    """What is missing without two such runs."""
    return f"no two runs of one seed with target accuracy 1 and {max_steps:,d} steps"


def endless_runs_of(
    study: Study, hidden: int, rule: str, max_steps: int, seeds: Sequence[int]
) -> "pd.DataFrame":
    """Runs of those seeds with target accuracy 1 and that limit of steps."""
    runs = study.endless
    here = (runs["hidden"] == hidden) & (runs["rule"] == rule) & runs["seed"].isin(seeds)
    return runs[here & (runs["max_steps"] == max_steps)]


def first_seeds(reading: Reading) -> tuple[int, ...]:
    """The seeds that the first versions of statements 3 and 11 are judged by."""
    return FIRST_SEEDS if reading.plastic == NETWORK else (*FIRST_SEEDS, *range(200, 220))


def paired_difference(
    first: "pd.DataFrame", second: "pd.DataFrame", column: str, hidden: int, lacking: str
) -> Estimate | Missing:
    """Mean over the seeds they share of the difference."""
    one, other = (frame.set_index("seed")[column].astype(float) for frame in (first, second))
    return _mean((one - other).dropna().tolist(), hidden, lacking)


def _mean(values: Sequence[float], hidden: int, lacking: str) -> Estimate | Missing:
    return mean_estimate(values) if len(values) > 1 else Missing.of(lacking, hidden)
