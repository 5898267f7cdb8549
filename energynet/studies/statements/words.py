"""Verdicts in plain sentences."""

import math
from collections.abc import Sequence

from energynet.analysis.intervals import Bound, Estimate
from energynet.analysis.missing import Missing, listing, size_words
from energynet.studies.statements.judge import (
    FAILS,
    HOLDS,
    UNDECIDED,
    Judged,
    Region,
    conjunction,
    decisive,
)
from energynet.support.checks import pluralize
from energynet.support.format import significant


def measured(item: Judged) -> str:
    """An estimate with its interval; open ends are said in words."""
    quantity, estimate = item.check.region.quantity, item.estimate
    if estimate is None:
        return f"{item.check.title}: nothing measured"
    value, low, high = map(quantity.natural, (estimate.value, *estimate.interval()))
    title = f"{item.check.title}: {quantity.name}"
    if estimate.bound == Bound.UPPER:
        return f"{title} at most {significant(high)}{quantity.unit}, as runs were cut off"
    if estimate.bound == Bound.LOWER:
        return f"{title} at least {significant(low)}{quantity.unit}, as runs were cut off"
    within = f"95 % interval {significant(low)} to {significant(high)}"
    return f"{title} {significant(value)}{quantity.unit} ({within})"


def describe(verdict: str, judged: Sequence[Judged], comparisons: int | None = None) -> str:
    """Why a set of cells has its verdict; `comparisons`: the number of cells it is a part of."""
    if not judged:
        return "Undecided: there is nothing to judge."
    total = len(judged)
    holding = sum(item.verdict == HOLDS for item in judged)
    key = decisive(verdict, judged)
    if verdict == HOLDS:
        return _holds(total, key)
    if verdict == FAILS:
        return _fails(total, holding, judged, comparisons or total)
    return _undecided(total, holding, judged)


def any_method_words(verdict: str, judged: Sequence[Judged]) -> str:
    """Why a statement that one rule alone may fulfil came to its verdict: rule by rule."""
    methods = sorted({item.check.method for item in judged})
    if verdict == HOLDS:
        return f"With {listing(methods)}: {describe(verdict, judged)}"
    told = {}
    for method in methods:
        own = [item for item in judged if item.check.method == method]
        told[method] = describe(conjunction([item.verdict for item in own]), own, len(judged))
    if len(set(told.values())) == 1:
        return told[methods[0]]
    known = "fulfils" if verdict == FAILS else "is known to fulfil"
    each = (f"{method}: {words[:1].lower()}{words[1:]}" for method, words in told.items())
    return " ".join([f"No rule {known} all of its cells.", *each])


def _holds(total: int, key: Judged | None) -> str:
    if total == 1 and key:
        return f"Holds. {_capital(measured(key))}."
    nearest = f" Nearest to the limit is {measured(key)}." if key else ""
    where = "both" if total == 2 else f"all {total}"
    return f"Holds in {where} cells.{nearest}"


def _fails(total: int, holding: int, judged: Sequence[Judged], comparisons: int) -> str:
    failing = [item for item in judged if item.verdict == FAILS]
    missing = Missing.among(item.missing for item in failing).against
    worst = min((item for item in failing if item.estimate), key=_margin, default=None)
    reasons = []
    if worst and worst.estimate:
        side = _side(worst.check.region, worst.estimate)
        corrected = f" also when corrected for {comparisons} comparisons" if comparisons > 1 else ""
        reasons.append(f"{measured(worst)}, {side}{corrected}")
    if missing:
        reasons.append(missing.words)
    hold = "holds" if holding == 1 else "hold"
    where = "" if total == 1 else f" in {len(failing)} of {total} cells; {holding} {hold}"
    return f"Fails{where}. {'. '.join(map(_capital, reasons))}."


def _side(region: Region, estimate: Estimate) -> str:
    value = region.quantity.natural(estimate.value)
    if region.slack and value > region.low:
        return f"surely below {region.low + region.slack:g}{region.quantity.unit}"
    if math.isinf(region.low) or math.isinf(region.high):
        return "on the other side"
    above = value > region.high
    return "more than stated" if above else "less than stated"


def _undecided(total: int, holding: int, judged: Sequence[Judged]) -> str:
    across = [item for item in judged if item.verdict == UNDECIDED and item.estimate]
    missing = Missing.among(item.missing for item in judged if item.verdict == UNDECIDED)
    failing = sum(item.verdict == FAILS for item in judged)
    sentences = []
    if total > 1 and (across or holding or failing):
        failed = f", {failing} fail{'s' * (failing == 1)}" if failing else ""
        sentences.append(f"{holding} of {total} cells hold{'s' * (holding == 1)}{failed}")
    if across:
        key = min(across, key=_margin)
        which = "the interval" if total == 1 else pluralize(len(across), "interval")
        verb = "does" if len(across) == 1 else "do"
        corrected = ", corrected for the number of cells," if total > 1 else ""
        shown = f"uncorrected: {measured(key)}" if total > 1 else measured(key)
        sentences.append(f"{which}{corrected} {verb} not decide ({shown})")
    if missing:
        sentences.append(missing.words)
    return f"Undecided: {'; '.join(sentences)}."


def readings_words(verdicts: Sequence[str], names: Sequence[str]) -> str:
    """A sentence: for how many kinds of fixed mask a statement holds."""
    if len(set(verdicts)) == 1:
        kinds = "both kinds" if len(verdicts) == 2 else f"all {len(verdicts)} kinds"
        return f"The same for {kinds} of F."
    said = []
    for verdict, verb in ((HOLDS, "holds"), (FAILS, "fails"), (UNDECIDED, "is undecided")):
        which = [name for name, own in zip(names, verdicts, strict=True) if own == verdict]
        if which:
            said.append(f"{verb} for {len(which)} ({listing(which)})")
        elif verdict == HOLDS:
            said.append("holds for none")
    return f"Of {len(verdicts)} kinds of F it {listing(said)}."


def marks_words(marks: Sequence[str]) -> str:
    """A sentence: in how many cells the chosen fraction is not final."""
    told = [
        f"{mark} in {pluralize(marks.count(mark), 'cell')}" for mark in sorted(set(marks)) if mark
    ]
    return f" P* is {listing(told)}." if told else ""


def mention_words(value: float, judged: Sequence[Judged]) -> str:
    """A sentence: at which sizes a value lies in the interval."""
    inside: dict[bool, set[int]] = {True: set(), False: set()}
    for item in judged:
        if item.interval:
            low, high = (item.check.region.quantity.natural(end) for end in item.interval)
            inside[low <= value <= high].update(item.check.sizes)
    said = []
    if inside[True]:
        said.append(f"lies in the interval at {size_words(inside[True])}")
    if inside[False]:
        said.append(f"does not at {size_words(inside[False])}")
    if not inside[True] and inside[False]:
        said = [f"does not lie in the interval at {size_words(inside[False])}"]
    return f" The poster's factor, {value:g}, {', but '.join(said)}." if said else ""


def _margin(item: Judged) -> float:
    return item.margin


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
