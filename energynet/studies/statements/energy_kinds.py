"""Kinds of checks on energies at P*: each yields the cells of a claim as contrasts of ln E."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from energynet.analysis.contrasts import Cell, Terms, saving_terms
from energynet.analysis.methods import ALL, Reading
from energynet.analysis.missing import Missing, size_words
from energynet.analysis.study import Study
from energynet.studies.statements.judge import RATIO, SLOPE, Check, Region

SMALL, MEDIUM, LARGE = (100, 300), (1000,), (3000, 10000)
SIZES = (*SMALL, *MEDIUM, *LARGE)
M0, M1 = "m0", "m1"
ENERGIES = (M0, M1)
LETTERS = ("F", "L", "N")
FEW = 0.1  # the fraction below which few synapses are plastic: statement 12
PAIRS = (("F", "L"), ("F", "N"), ("L", "N"))


def contrast_check(
    title: str, study: Study, terms: Terms, region: Region, method: str = ""
) -> Check:
    """A check of a weighted sum of ln E."""
    cells = tuple(dict.fromkeys(cell for _, cell in terms if cell.rule != ALL))
    sizes = tuple(sorted({cell.hidden for _, cell in terms}))
    return Check(title, sizes, study.contrast(terms), region, method, cells)


class Kind(Protocol):
    """A kind of check, filled with the numbers of a claim."""

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """The cells, with what the study found there."""


def ratio_above(limit: float) -> Region:
    """Ratios above a limit."""
    return Region(RATIO, low=limit)


def ratio_below(limit: float) -> Region:
    """Ratios below a limit."""
    return Region(RATIO, high=limit)


def ratio_within(low: float, high: float) -> Region:
    """Ratios between two limits."""
    return Region(RATIO, low, high)


def _title(letters: str, energy: str, *hidden: int) -> str:
    return f"{letters} in {energy.upper()} at {size_words(hidden)}"


@dataclass(frozen=True)
class Saving:
    """E(all) / E(rule) at P*."""

    letters: Sequence[str]
    energies: Sequence[str]
    sizes: Sequence[int]
    region: Region

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """A cell for each rule, energy and size."""
        for letter in self.letters:
            for energy in self.energies:
                for hidden in self.sizes:
                    cell = Cell(hidden, reading.rule(letter), energy)
                    title = _title(f"E(all)/E({letter})", energy, hidden)
                    yield contrast_check(title, study, saving_terms(cell), self.region, letter)


@dataclass(frozen=True)
class Comparison:
    """E(one) / E(other) of two rules, each at its own P*."""

    pairs: Sequence[tuple[str, str]]
    energies: Sequence[str]
    sizes: Sequence[int]
    region: Region

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """A cell for each pair, energy and size."""
        for one, other in self.pairs:
            for energy in self.energies:
                for hidden in self.sizes:
                    first = Cell(hidden, reading.rule(one), energy)
                    second = Cell(hidden, reading.rule(other), energy)
                    title = _title(f"E({one})/E({other})", energy, hidden)
                    terms = [(1.0, first), (-1.0, second)]
                    yield contrast_check(title, study, terms, self.region)


@dataclass(frozen=True)
class Slope:
    """The slope of ln E(one)/E(other) on log10 nh, fitted seed by seed; "all" may stand first."""

    pairs: Sequence[tuple[str, str]]
    energies: Sequence[str]
    sizes: Sequence[int]
    region: Region

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """A cell for each pair and energy."""
        for one, other in self.pairs:
            for energy in self.energies:
                terms: Terms = []
                for hidden, weight in zip(self.sizes, _slope_weights(self.sizes), strict=True):
                    first = ALL if one == "all" else reading.rule(one)
                    terms.append((weight, Cell(hidden, first, energy)))
                    terms.append((-weight, Cell(hidden, reading.rule(other), energy)))
                title = f"ln E({one})/E({other}) in {energy.upper()} against log10 nh"
                yield contrast_check(title, study, terms, self.region)


def _slope_weights(sizes: Sequence[int]) -> list[float]:
    """Weights of the least-squares slope on log10 nh."""
    x = [math.log10(hidden) for hidden in sizes]
    mean = sum(x) / len(x)
    square = sum((value - mean) ** 2 for value in x)
    return [(value - mean) / square for value in x]


def slope_above(limit: float) -> Region:
    """Slopes above a limit."""
    return Region(SLOPE, low=limit)


def slope_below(limit: float) -> Region:
    """Slopes below a limit."""
    return Region(SLOPE, high=limit)


@dataclass(frozen=True)
class BestRule:
    """E(all) / E(rule) of the rule that exploration found to spend least."""

    energy: str
    sizes: Sequence[int]
    region: Region

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """A cell for each size."""
        for hidden in self.sizes:
            best = best_letter(study, reading, hidden, self.energy)
            if isinstance(best, Missing):
                yield Check(_title("best rule", self.energy, hidden), (hidden,), best, self.region)
                continue
            cell = Cell(hidden, reading.rule(best), self.energy)
            title = _title(f"E(all)/E({best}), the best rule,", self.energy, hidden)
            yield contrast_check(title, study, saving_terms(cell), self.region)


def best_letter(study: Study, reading: Reading, hidden: int, energy: str) -> str | Missing:
    """The one of F, L and N with the smallest energy per success on exploration seeds."""
    energy_of: dict[str, float] = {}
    absent: list[object] = []
    for letter in LETTERS:
        cell = Cell(hidden, reading.rule(letter), energy)
        point = study.optimum(cell).point
        if point is not None:
            energy_of[letter] = point.energy
        else:
            absent.append(study.seeds_of(cell))
    missing = Missing.among(absent)
    if not energy_of or missing != missing.against:
        return missing
    return min(energy_of, key=lambda letter: (energy_of[letter], letter))


@dataclass(frozen=True)
class FewAgainstMany:
    """E(best P >= limit) / E(best P < limit) of one rule."""

    letter: str
    energies: Sequence[str]
    sizes: Sequence[int]
    region: Region
    limit: float = FEW

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """A cell for each energy and size."""
        for energy in self.energies:
            for hidden in self.sizes:
                rule = reading.rule(self.letter)
                many, few = (
                    Cell(hidden, rule, energy, side, self.limit) for side in ("many", "few")
                )
                title = _title(f"E(P >= {self.limit:g})/E(P < {self.limit:g})", energy, hidden)
                yield contrast_check(title, study, [(1.0, many), (-1.0, few)], self.region)


@dataclass(frozen=True)
class LargestSaving:
    """The size of the largest saving: nh >= `beyond` times the size that the task requires.

    The required size is the smallest of `candidates` at which the unmodified network reaches the
    criterion with all exploration seeds. Of the sizes beyond, exploration seeds choose the one of
    the largest ratio; confirmation seeds compare it with every size that is not beyond.
    """

    letters: Sequence[str]
    energies: Sequence[str]
    sizes: Sequence[int]
    candidates: Sequence[int]
    beyond: int

    def checks(self, study: Study, reading: Reading) -> Iterator[Check]:
        """A cell for each rule, energy and size that is not beyond."""
        required = required_size(study, self.candidates)
        for letter in self.letters:
            for energy in self.energies:
                rule = reading.rule(letter)
                if isinstance(required, Missing):
                    title = f"E(all)/E({letter}) in {energy.upper()}"
                    yield Check(title, (), required, ratio_above(1))
                else:
                    yield from self._checks_of(study, letter, Cell(0, rule, energy), required)

    def _checks_of(self, study: Study, letter: str, cell: Cell, required: int) -> Iterator[Check]:
        large = [hidden for hidden in self.sizes if hidden >= self.beyond * required]
        explored = {hidden: _explored_ratio(study, cell, hidden) for hidden in large}
        best = max(large, key=lambda hidden: (explored[hidden], hidden), default=None)
        for hidden in self.sizes:
            if best is None:
                reason = f"no network is {self.beyond} times as large as the task requires"
                title = _title(f"E(all)/E({letter})", cell.energy, hidden)
                yield Check(title, (hidden,), Missing.of(reason), ratio_above(1))
            elif hidden not in large:
                terms = saving_terms(cell._replace(hidden=best))
                terms += saving_terms(cell._replace(hidden=hidden), -1.0)
                title = (
                    f"E(all)/E({letter}) in {cell.energy.upper()} at {size_words([best])}"
                    f" over that at {size_words([hidden])}"
                )
                yield contrast_check(title, study, terms, ratio_above(1))


def _explored_ratio(study: Study, cell: Cell, hidden: int) -> float:
    """E(all) / E(P*) on exploration seeds; 0 without a P*."""
    point = study.optimum(cell._replace(hidden=hidden)).point
    whole = study.exploration.unmodified.get((hidden, cell.energy), 0.0)
    return whole / point.energy if point else 0.0


def required_size(study: Study, candidates: Sequence[int]) -> int | Missing:
    """The smallest unmodified network that reaches the criterion with three of three seeds."""
    for hidden in candidates:
        runs = study.by_cell.get((hidden, ALL, "exploration"), {}).get(1.0, {})
        reached = sum(run.reached for run in runs.values())
        if len(runs) - reached > 0:
            continue
        if len(runs) < 3:
            reason = "three exploration runs of the unmodified network are needed"
            return Missing.of(reason, hidden)
        return hidden
    return Missing.of("no unmodified network reaches the criterion with every seed", *candidates)
