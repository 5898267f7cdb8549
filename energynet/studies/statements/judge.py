"""Verdicts: from the interval of each cell of a claim to `holds`, `fails` or `undecided`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from energynet.analysis.contrasts import Cell
from energynet.analysis.intervals import CONFIDENCE, Estimate
from energynet.analysis.missing import NOTHING, Missing

HOLDS, FAILS, UNDECIDED, MIXED = "holds", "fails", "undecided", "mixed"
NO_SPREAD = "the runs leave no interval"


@dataclass(frozen=True)
class Quantity:
    """What an estimate measures: name, unit, whether it is the logarithm of it, and in words."""

    name: str
    unit: str = ""
    logarithm: bool = False
    factor: float = 1.0
    words: str = ""

    def natural(self, value: float) -> float:
        """A value of the estimate in the quantity's own units."""
        if not self.logarithm:
            return value * self.factor
        return math.exp(value) if value < 700 else math.inf

    def inner(self, value: float) -> float:
        """The inverse of `natural`."""
        if not self.logarithm:
            return value / self.factor
        return math.log(value) if value > 0 else -math.inf


RATIO = Quantity("ratio", logarithm=True, words="ratio of energies")
STEPS = Quantity("ratio", logarithm=True, words="ratio of steps")
SLOPE = Quantity("slope", " per decade of nh", words="slope of ln ratio per decade of nh")
ACCURACY = Quantity("accuracy", " %", factor=100, words="accuracy in per cent")
POINTS = Quantity("difference", " points", factor=100, words="difference in points")


@dataclass(frozen=True)
class Region:
    """The claimed side of a limit, or the margin between two, in the quantity's own units.

    slack : what lies less than this above `low` is none of importance: an interval below
        low + slack fails, unless it lies above `low`.
    """

    quantity: Quantity
    low: float = -math.inf
    high: float = math.inf
    slack: float = 0.0

    def margin(self, low: float, high: float) -> float:
        """How far inside an interval lies (below 0: it reaches out), in units of the estimate."""
        q = self.quantity
        return min(
            low - q.inner(self.low) if self.low > -math.inf else math.inf,
            q.inner(self.high) - high if self.high < math.inf else math.inf,
        )

    def outside(self, low: float, high: float) -> bool:
        """Whether the whole interval lies on the other side of a limit."""
        q = self.quantity
        return (high < q.inner(self.low + self.slack) and self.low > -math.inf) or (
            low > q.inner(self.high) and self.high < math.inf
        )


@dataclass(frozen=True)
class Check:
    """One cell of a claim: what was found there, and the region claimed for it.

    `method` groups the checks of a claim that one method alone has to fulfil. `cells` are those
    whose fraction was chosen.
    """

    title: str
    sizes: tuple[int, ...]
    found: Estimate | Missing
    region: Region
    method: str = ""
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Judged:
    """A check with its verdict, and the estimate that it rests on, or what is missing for one."""

    check: Check
    verdict: str
    estimate: Estimate | None = None
    missing: Missing = NOTHING

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the estimate."""
        return self.estimate.interval() if self.estimate else None

    @property
    def margin(self) -> float:
        """How far the interval lies inside the region."""
        return self.check.region.margin(*self.interval) if self.interval else math.inf


def judge(
    check: Check, comparisons: int, *, needs_saving: bool = False, methods: int = 1
) -> Judged:
    """The verdict on one cell.

    It holds if the 95 % interval lies in the region; if any one of several `methods` is enough, the
    interval is corrected for their number. It fails if the interval corrected for all `comparisons`
    of the claim (Bonferroni) lies outside. `needs_saving`: it fails if no saving is possible.
    """
    found = check.found
    if isinstance(found, Missing):
        fails = needs_saving and found.against
        return Judged(check, FAILS if fails else UNDECIDED, missing=found)
    if not found.judgeable:
        return Judged(check, UNDECIDED, missing=Missing.of(NO_SPREAD, *check.sizes))
    if check.region.margin(*found.interval(1 - (1 - CONFIDENCE) / methods)) > 0:
        verdict = HOLDS
    elif check.region.outside(*found.interval(1 - (1 - CONFIDENCE) / comparisons)):
        verdict = FAILS
    else:
        verdict = UNDECIDED
    return Judged(check, verdict, found)


def judge_all(checks: Sequence[Check], *, needs_saving: bool = False) -> tuple[str, list[Judged]]:
    """The verdict on a set of cells that must all lie on the claimed side."""
    judged = [judge(check, len(checks), needs_saving=needs_saving) for check in checks]
    return conjunction([item.verdict for item in judged]), judged


def judge_any(checks: Sequence[Check]) -> tuple[str, list[Judged]]:
    """The verdict on a claim that one method has to fulfil in all of its cells.

    If it holds, only the cells of the methods that fulfil it are returned.
    """
    methods = sorted({check.method for check in checks})
    judged = [judge(check, len(checks), methods=len(methods)) for check in checks]
    verdicts = {
        method: conjunction([item.verdict for item in judged if item.check.method == method])
        for method in methods
    }
    if HOLDS in verdicts.values():
        return HOLDS, [item for item in judged if verdicts[item.check.method] == HOLDS]
    return (FAILS if set(verdicts.values()) == {FAILS} else UNDECIDED), judged


def conjunction(verdicts: Sequence[str]) -> str:
    """Of statements that must all hold."""
    if FAILS in verdicts:
        return FAILS
    return HOLDS if verdicts and set(verdicts) == {HOLDS} else UNDECIDED


def agreement(verdicts: Sequence[str]) -> str:
    """Of a statement in several readings; `mixed`: it holds in one and fails in another."""
    if len(set(verdicts)) == 1:
        return verdicts[0]
    return MIXED if {HOLDS, FAILS} <= set(verdicts) else UNDECIDED


def decisive(verdict: str, judged: Sequence[Judged]) -> Judged | None:
    """Of the measured cells with that verdict the one that lies least inside its region."""
    measured = [item for item in judged if item.estimate and item.verdict == verdict]
    measured = measured or [item for item in judged if item.estimate]
    return min(measured, key=lambda item: item.margin, default=None)


def judged_sizes(judged: Sequence[Judged]) -> tuple[int, ...]:
    """Sizes of networks of the cells that could be judged."""
    sizes = {size for item in judged for size in item.check.sizes if _could_be_judged(item)}
    return tuple(sorted(sizes))


def _could_be_judged(item: Judged) -> bool:
    return item.estimate is not None or item.verdict != UNDECIDED
