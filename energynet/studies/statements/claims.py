"""The verdict on each of the fourteen statements, from a table of results."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from energynet.analysis.intervals import Bound
from energynet.analysis.methods import READINGS, Reading, readings_of
from energynet.analysis.optimum import LIMITED, NOT_BRACKETED
from energynet.analysis.study import Study, studies
from energynet.errors import DataError
from energynet.studies.statements.judge import (
    HOLDS,
    MIXED,
    UNDECIDED,
    Judged,
    agreement,
    conjunction,
    decisive,
    judge_all,
    judge_any,
    judged_sizes,
)
from energynet.studies.statements.statements import STATEMENTS, Part, Statement
from energynet.studies.statements.words import (
    any_method_words,
    describe,
    marks_words,
    mention_words,
    readings_words,
)
from energynet.support import checks
from energynet.support.format import steady

if TYPE_CHECKING:
    import pandas as pd

NOT_FINAL = (LIMITED, NOT_BRACKETED)


@dataclass(frozen=True)
class Claim:
    """One of the fourteen statements with its verdict.

    Attributes
    ----------
    number : int
        1 to 14.
    statement : str
        What is claimed; in a part: which part, or which kind of fixed mask F is.
    verdict : {"holds", "fails", "undecided", "mixed"}
        mixed: it holds for one kind of fixed mask and fails for another.
    estimate : float or None
        The estimate in the cell that decides the verdict: among the cells with that verdict, the
        one least inside the claimed region. In units of the claim: ratios of energies, slopes per
        decade of nh, accuracies in per cent; `quantity` names it. None if it has several parts, or
        if cells measure different things and not all of them hold.
    interval : (low, high) or None
        Its 95 % interval; an open end is None.
    sizes : tuple of int
        Sizes of networks that could be judged.
    words : str
        Why, in sentences.
    parts : tuple of Claim
        Each kind of fixed mask or sub-claim.
    version : int
        2 for a statement that was reworded; its first version is judged, too.
    reading : {"hidden", "network"}
        What P is a fraction of: the hidden layer, with a plastic output layer, or the network.
    quantity : str
        What the estimate is, in words; "" without one.
    cell : str
        The cell that decides: whose ratio it is, at which size; "" without an estimate.
    region : (low, high) or None
        The side that is claimed for the cell that decides; None without an estimate.
    group : tuple of (str, value)
        Columns of `by` and their values.
    lacking : bool
        Whether it is undecided because runs are missing.
    """

    number: int
    statement: str
    verdict: str
    estimate: float | None
    interval: tuple[float | None, float | None] | None
    sizes: tuple[int, ...]
    words: str
    parts: tuple["Claim", ...] = ()
    version: int = 1
    reading: str = ""
    quantity: str = ""
    cell: str = ""
    region: tuple[float, float] | None = None
    group: tuple[tuple[str, Any], ...] = ()
    lacking: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `group` only if `by` was given; parts have no version."""
        values: dict[str, Any] = {
            "number": self.number,
            "statement": self.statement,
            "verdict": self.verdict,
            "estimate": self.estimate,
            "interval": None if self.interval is None else list(self.interval),
            "sizes": list(self.sizes),
            "words": self.words,
            "parts": [part.to_dict() for part in self.parts],
        }
        if self.reading:
            names = ("version", "reading", "quantity", "cell")
            values |= {name: getattr(self, name) for name in names}
        return values | ({"group": dict(self.group)} if self.group else {})


_Told = tuple[str, str, tuple[float, float] | None]
_NOTHING_TOLD: _Told = ("", "", None)


class _Outcome(NamedTuple):
    """The verdict on a part in one reading of P, and what it rests on."""

    verdict: str
    judged: list[Judged]
    part: Part
    marks: list[str]

    @property
    def words(self) -> str:
        value = self.part.mention
        extra = "" if value is None else mention_words(value, self.judged)
        if self.part.any_method:
            words = any_method_words(self.verdict, self.judged)
        else:
            words = describe(self.verdict, self.judged)
        return f"{words}{extra}{marks_words(self.marks)}"


@checks.arguments
def claims(
    table: "pd.DataFrame",
    by: Sequence[str] = (),
    criterion: float | None = None,
    history: "pd.DataFrame | None" = None,
) -> list[Claim]:
    """The verdict on each of fourteen statements.

    They are those of a poster on these rules. A statement is judged by cells; a cell is one rule,
    energy and size of network. It holds if the 95 % interval of every cell lies on the claimed
    side. It fails if the interval of at least one cell, corrected for all of them (Bonferroni),
    lies on the other side. Otherwise it is undecided. Statements about fixed masks get a verdict
    for each kind of mask; the headline is `mixed` if it holds for one and fails for another, and
    undecided if they differ otherwise. Each reading of P of which the table has runs is judged;
    statements 2, 3, 10, 11 and 12 in two versions. Parameters as for `cells`; the statements about
    accuracy long after the criterion also need `history`.

    Returns
    -------
    list of Claim
        By reading, number and version; with `by`, for one group after the other.

    Raises
    ------
    DataError, ConfigError
        The table has no rows; else as for `cells`.
    """
    found: list[Claim] = []
    for key, study in studies(table, by, criterion, history):
        if study.own.empty:
            raise DataError("the table of results holds no runs")
        found += claims_of(study, tuple(zip(by, map(checks.unwrap, key), strict=True)))
    if not found:
        raise DataError("the table of results holds no runs")
    return found


def claims_of(study: Study, group: tuple[tuple[str, Any], ...] = ()) -> list[Claim]:
    """The verdicts by one study, for each reading of P."""
    return [
        _claim(statement, study, group, READINGS[plastic])
        for plastic in readings_of(study.own["rule"])
        for statement in STATEMENTS
    ]


def _claim(
    statement: Statement,
    study: Study,
    group: tuple[tuple[str, Any], ...],
    kinds: Sequence[Reading],
) -> Claim:
    outcomes = [
        [
            _outcome(part, study, reading, statement.needs_saving)
            for reading in (kinds if part.readings else kinds[:1])
        ]
        for part in statement.parts
    ]
    parts = [
        _part_claim(statement, part, found, kinds)
        for part, found in zip(statement.parts, outcomes, strict=True)
    ]
    counted = [
        found for part, found in zip(statement.parts, outcomes, strict=True) if not part.beside
    ]
    single = len(counted) == 1
    several = statement.readings
    head = _headline(counted, len(kinds) if several else 1)
    shown = [*parts[0].parts, *parts[1:]] if single else parts
    words = parts[0].words if single else _joint_words(parts, statement)
    return Claim(
        statement.number,
        statement.text,
        *head,
        words if single or not several else f"{_spread(counted, kinds)} {words}",
        tuple(shown),
        statement.version,
        kinds[0].plastic,
        *(_told(head[0], counted) if head[2] is not None else _NOTHING_TOLD),
        group,
        head[0] == UNDECIDED and _lacking(counted),
    )


def _lacking(counted: Sequence[Sequence[_Outcome]]) -> bool:
    """Whether something could not be estimated that a saving does not contradict."""
    judged = [item for part in counted for outcome in part for item in outcome.judged]
    return any(item.missing and not item.missing.against for item in judged)


def _told(verdict: str, counted: Sequence[Sequence[_Outcome]]) -> _Told:
    """What the estimate measures, in words, the cell that it is of, and the side claimed."""
    judged = [item for part in counted for outcome in part for item in outcome.judged]
    key = decisive(verdict, judged)
    if key is None:
        return _NOTHING_TOLD
    region = key.check.region
    return region.quantity.words, key.check.title, (region.low, region.high)


def _outcome(part: Part, study: Study, reading: Reading, needs_saving: bool) -> _Outcome:
    checks = [check for kind in part.kinds for check in kind.checks(study, reading)]
    if part.any_method:
        verdict, judged = judge_any(checks)
    else:
        verdict, judged = judge_all(checks, needs_saving=needs_saving)
    chosen = dict.fromkeys(cell for check in checks for cell in check.cells)
    marks = [study.optimum(cell).mark for cell in chosen]
    return _Outcome(verdict, judged, part, [mark for mark in marks if mark in NOT_FINAL])


def _part_claim(
    statement: Statement, part: Part, found: Sequence[_Outcome], kinds: Sequence[Reading]
) -> Claim:
    """A part as a claim, with the kinds of fixed mask as parts if it is judged for each."""
    verdict = agreement([outcome.verdict for outcome in found])
    if len(found) == 1:
        return _plain_claim(statement.number, part.title, found[0])
    readings = tuple(
        _plain_claim(statement.number, reading.name, outcome)
        for reading, outcome in zip(kinds, found, strict=True)
    )
    key = _decisive_outcome([each for each in found if each.verdict == verdict] or found)
    words = _reading_words([outcome.verdict for outcome in found], kinds)
    words += "" if verdict == MIXED else f" {key.words}"
    numbers = _numbers(verdict, found)
    told = _told(verdict, [found]) if numbers[1] is not None else _NOTHING_TOLD
    return Claim(
        statement.number, part.title, verdict, *numbers, words, readings,
        quantity=told[0], cell=told[1], region=told[2],
    )  # fmt: skip


def _plain_claim(number: int, title: str, outcome: _Outcome) -> Claim:
    numbers = _numbers(outcome.verdict, [outcome])
    key = decisive(outcome.verdict, outcome.judged)
    if key is None or numbers[1] is None:
        return Claim(number, title, outcome.verdict, *numbers, outcome.words)
    region = key.check.region
    return Claim(
        number, title, outcome.verdict, *numbers, outcome.words,
        quantity=region.quantity.words, cell=key.check.title, region=(region.low, region.high),
    )  # fmt: skip


def _headline(
    counted: Sequence[Sequence[_Outcome]], kinds: int
) -> tuple[str, float | None, Any, tuple[int, ...]]:
    """Verdict, estimate, interval and sizes: all parts of each reading, then over readings."""
    verdicts = [conjunction([part[i].verdict for part in counted]) for i in range(kinds)]
    verdict = agreement(verdicts)
    numbers = _numbers(verdict, [outcome for part in counted for outcome in part])
    return (verdict, *(numbers if len(counted) == 1 else (None, None, numbers[-1])))


def _numbers(
    verdict: str, found: Sequence[_Outcome]
) -> tuple[float | None, tuple[float | None, float | None] | None, tuple[int, ...]]:
    """Estimate and interval of the cell that decides, and the sizes judged."""
    judged = [item for outcome in found for item in outcome.judged]
    sizes = judged_sizes(judged)
    alike = len({item.check.region.quantity for item in judged}) == 1
    tells = verdict == HOLDS or (alike and verdict != MIXED)
    key = decisive(verdict, judged) if tells else None
    if key is None or key.estimate is None:
        return None, None, sizes
    natural = key.check.region.quantity.natural
    low, high = (_rounded(natural(end)) for end in key.estimate.interval())
    exact = key.estimate.bound == Bound.EXACT
    value = _rounded(natural(key.estimate.value)) if exact else None
    if key.check.region.quantity.logarithm and low == 0:
        low = None
    return value, (low, high), sizes


def _rounded(value: float) -> float | None:
    """The value without its last bits; None for an open end."""
    return steady(value) if math.isfinite(value) else None


def _decisive_outcome(found: Sequence[_Outcome]) -> _Outcome:
    def margin(outcome: _Outcome) -> float:
        key = decisive(outcome.verdict, outcome.judged)
        return key.margin if key else math.inf

    return min(found, key=margin)


def _spread(counted: Sequence[Sequence[_Outcome]], kinds: Sequence[Reading]) -> str:
    """A sentence: for how many kinds of fixed mask all parts hold together."""
    verdicts = [conjunction([part[i].verdict for part in counted]) for i in range(len(kinds))]
    return _reading_words(verdicts, kinds)


def _reading_words(verdicts: Sequence[str], kinds: Sequence[Reading]) -> str:
    return readings_words(verdicts, [reading.name.split(":")[0] for reading in kinds])


def _joint_words(parts: Sequence[Claim], statement: Statement) -> str:
    named = zip(parts, statement.parts, strict=True)
    return " ".join(
        f"{claim.statement.split(' ')[0]} {claim.words}" for claim, part in named if not part.beside
    )
