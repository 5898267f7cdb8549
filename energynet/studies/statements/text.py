"""Verdicts as JSON, Markdown and plain text; the same claims give the same bytes."""

import html
import json
import math
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from energynet.analysis.methods import display_name
from energynet.analysis.missing import listing
from energynet.studies.statements.claims import Claim
from energynet.studies.statements.judge import ACCURACY, FAILS, HOLDS, MIXED, UNDECIDED
from energynet.studies.statements.plain import PLAIN, cell_in_words
from energynet.support.format import significant

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 100
_HEAD = (
    "A statement is judged in cells: a cell is a rule, an energy and a size of network. It"
    " holds if the 95 % interval of each cell lies on the claimed side. It fails if one,"
    " corrected for the number of cells, lies on the other side. If it speaks of a fixed mask,"
    " it is judged for each kind of mask, and holds or fails only if all kinds agree. It is"
    " mixed if it holds for one kind and fails for another, else undecided. Estimates are"
    " those of the cell that decides. P* is not bracketed if it is the smallest or largest"
    " fraction that was run. E: energy until the criterion, in M0 (number of changes) or M1"
    " (their summed size). L: the largest updates; N: the largest of each neuron; F: a fixed"
    " mask; all: the unmodified network. P: plastic fraction; P*: that of least energy; nh:"
    " hidden units. Reworded: in a second wording. Beside: judged, but no part of the verdict."
    " P is a fraction of the hidden layer (*hidden*) or of the network (*network*). †: the"
    " interval lies on the other side, but does not if it is corrected for the number of"
    " cells. 3 (b), reworded, fails if the difference is surely below half a point. 7 (b) and 8"
    " are judged by the trend over all sizes. In 2, reworded, the output layer alone counts as"
    " P = 0 if no smaller number of synapses can be run."
)
SEVERAL = "several quantities: in the details"
_LEGEND = (
    "L: the largest updates; N: the largest of each neuron; F: a fixed mask; all: the unmodified"
    " network. E: energy until the criterion; nh: hidden units; P: plastic fraction; P*: that of"
    " least energy; *: the second wording of a statement."
)
VERDICTS = (HOLDS, FAILS, MIXED, UNDECIDED)


def to_json(claims: Sequence[Claim]) -> str:
    """A JSON list with one object per claim; see `Claim.to_dict`."""
    return json.dumps([claim.to_dict() for claim in claims], indent=1, allow_nan=False) + "\n"


def to_markdown(claims: Sequence[Claim]) -> str:
    """A table of verdicts, the readings of P side by side and the statements in plain words, and
    below it what is judged, with the parts of each.
    """
    readings = list(dict.fromkeys(claim.reading for claim in claims))
    lines = [
        "# Verdicts",
        "",
        *textwrap.wrap(_HEAD, _WIDTH),
        "",
        f"| | statement | {' | '.join(readings)} | the estimate is |",
        f"| ---: | --- |{' --- |' * len(readings)} --- |",
    ]
    for row in side_by_side(claims):
        first = next(iter(row.values()))
        cells = [numbered(first), _in_group(PLAIN[first.number, first.version], first.group)]
        shown = {name: estimates(claim) for name, claim in row.items()}
        for name in readings:
            texts = [
                _judged(each) if not label else f"{label} {each.verdict}: {_judged(each)}"
                for label, each in shown.get(name, ())
            ]
            verdict = f"**{row[name].verdict}**" if name in row else ""
            cells.append("<br>".join([verdict, *filter(None, texts)]))
        quantities = {
            _labelled(label.split(" ")[0] if label[:1] == "(" else "", quantity(each)): None
            for found in shown.values()
            for label, each in found
        }
        several = "" if all(claim.lacking for claim in row.values()) else SEVERAL
        lines.append(f"| {' | '.join([*cells, '<br>'.join(quantities) or several])} |")
    lines += [
        "",
        "## Details",
        "",
        "The exact wording of each statement, and the verdicts of its parts.",
    ]
    for claim in claims:
        own = own_words(claim)
        title = f"<b>{numbered(claim)}, {claim.reading}: {claim.verdict}.</b>"
        lines += [
            "",
            f"<details><summary>{title} {html.escape(named(claim), quote=False)}</summary>",
        ]
        lines += ["", own, ""] if own else [""]
        lines += [
            f"{'  ' * depth}- {part.statement}: **{part.verdict}**. {own_words(part)}".rstrip()
            for depth, part in _parts(claim)
        ]
        lines += ["", "</details>"] if claim.parts else ["</details>"]
    return "\n".join(lines) + "\n"


def own_words(claim: Claim) -> str:
    """What a claim says beyond its parts."""
    words = claim.words
    for _, part in _parts(claim):
        words = words.replace(part.words, "")
    return re.sub(r" *\([a-z]\) *(?=\(|$)", "", words).strip()


def side_by_side(claims: Sequence[Claim]) -> list[dict[str, Claim]]:
    """One row for each statement, version and group: the claims by reading of P."""
    rows: dict[Any, dict[str, Claim]] = {}
    for claim in claims:
        rows.setdefault((claim.group, claim.number, claim.version), {})[claim.reading] = claim
    return list(rows.values())


class Tally(NamedTuple):
    """How many of the statements have each verdict, in a reading of P and a wording."""

    reading: str
    wording: str
    counts: dict[str, int]


def tally(told: Iterable[Mapping[str, Any]]) -> list[Tally]:
    """Verdicts counted, with the first wording of each statement and with the last.

    told : claims as `Claim.to_dict` gives them
    """
    found: dict[tuple[str, str], dict[int, str]] = {}
    for claim in told:
        reading, number, verdict = claim["reading"], claim["number"], claim["verdict"]
        if claim["version"] == 1:
            found.setdefault((reading, "first"), {})[number] = verdict
        found.setdefault((reading, "last"), {})[number] = verdict  # versions come in order
    return [
        Tally(*key, {kind: list(each.values()).count(kind) for kind in VERDICTS})
        for key, each in found.items()
    ]


def tallied(counts: Mapping[str, int]) -> str:
    """The counts of a tally in words: 5 hold, 3 fail, 1 is mixed, 5 are undecided."""
    one = {HOLDS: "holds", FAILS: "fails", MIXED: "is mixed", UNDECIDED: "is undecided"}
    more = {HOLDS: "hold", FAILS: "fail", MIXED: "are mixed", UNDECIDED: "are undecided"}
    found = [(kind, number) for kind, number in counts.items() if number]
    return ", ".join(f"{number} {(one if number == 1 else more)[kind]}" for kind, number in found)


def estimates(claim: Claim) -> list[tuple[str, Claim]]:
    """What is shown as the estimate of a claim, each with a label: its own, or those of its parts.

    Parts (a) and (b) each have their own. Of several kinds of fixed mask one with the verdict of
    the whole is shown, and one that fails, if the whole is undecided; if it is mixed, one that
    holds and one that fails. Claims whose cells measure different things have one if they hold.
    """
    parts = [part for part in claim.parts if not part.statement.startswith("beside")]
    if any(part.statement.startswith("(") for part in parts):
        return [
            (_labelled(part.statement.split(" ")[0], label), found)
            for part in parts
            for label, found in estimates(part)
        ]
    known = [part for part in parts if part.interval is not None]
    failing = [part for part in known if part.verdict == FAILS]
    if claim.interval is not None and not (claim.verdict == UNDECIDED and failing):
        return [("", claim)]
    first, second = (HOLDS if claim.verdict == MIXED else claim.verdict), failing[:1]
    found = [part for part in known if part.verdict == first][:1]
    found += [] if found == second else second
    return [(part.statement.split(":")[0], part) for part in found]


def quantity(claim: Claim) -> str:
    """What an estimate is; that of a part judged for kinds of fixed mask is one of theirs."""
    return claim.quantity or next((part.quantity for part in claim.parts if part.quantity), "")


def _labelled(label: str, text: str) -> str:
    return f"{label} {text}".strip()


def numbered(claim: Claim) -> str:
    """The number of the statement, and its version unless that is the first."""
    return str(claim.number) if claim.version == 1 else f"{claim.number}, reworded"


def to_text(claims: Sequence[Claim]) -> str:
    """Verdicts for a terminal, below what the letters mean.

    Statements whose runs are missing are only counted.
    """
    judged = not all(claim.lacking for claim in claims)
    lines = [*textwrap.wrap(_LEGEND, _WIDTH), ""] if judged else []
    for claim in claims:
        if claim.lacking:
            continue
        start = f"{_short(claim):>3} {claim.verdict.upper():<9} {claim.reading:<7} "
        lines += textwrap.wrap(
            named(claim), _WIDTH, initial_indent=start, subsequent_indent=" " * len(start)
        )
        indent = " " * len(start)
        lines += textwrap.wrap(claim.words, _WIDTH, initial_indent=indent, subsequent_indent=indent)
    return "\n".join([*lines, *_unjudged(claims)])


def _unjudged(claims: Sequence[Claim]) -> Iterator[str]:
    """A sentence for each reading of P that names the statements which these runs cannot judge."""
    for reading in dict.fromkeys(claim.reading for claim in claims):
        own = [claim for claim in claims if claim.reading == reading]
        judged = {claim.number for claim in own if not claim.lacking}
        lacking = sorted({claim.number for claim in own} - judged)
        if lacking:
            total = len(judged) + len(lacking)
            one = "number" if len(lacking) == 1 else "numbers"
            which = f"{one} {listing(map(str, lacking))}" if judged else "any"
            yield from textwrap.wrap(
                f"These runs cannot judge {which} of the {total} statements of our study: they need"
                " larger networks and more seeds."
                f" `energynet reproduce --preset {reading}` has the runs for all; it takes hours.",
                _WIDTH,
            )


def _short(claim: Claim) -> str:
    return f"{claim.number}{'*' if claim.version > 1 else ''}"


def between_text(savings: "pd.DataFrame", by: Sequence[str] = ()) -> str:
    """Savings in M_alpha for 0 < alpha < 1, which no statement is about; "" if there are none.

    by : those of `savings`.
    """
    lines = []
    kept = savings[savings["energy"].str.startswith("m_alpha_") & (savings["why"] == "")]
    for (energy, rule, *group), rows in kept.groupby(["energy", "rule", *by], sort=True):
        ratios = [
            f"{significant(ratio)} ({significant(low)} to {significant(high)}) at nh = {hidden:,d}"
            for hidden, ratio, low, high in zip(
                *(rows[name] for name in ("hidden", "ratio", "ratio_low", "ratio_high")),
                strict=True,
            )
        ]
        alpha = energy.removeprefix("m_alpha_")
        name = _in_group(display_name(rule), zip(by, group, strict=True))
        lines.append(f"M_{alpha}, {name}: {', '.join(ratios)}")
    if not lines:
        return ""
    title = (
        "Not judged: E(all)/E(rule) with 95 % intervals, for energies M_alpha with 0 < alpha < 1."
    )
    return "\n".join([title, *lines])


def named(claim: Claim) -> str:
    """The statement, and the group that it is judged in."""
    return _in_group(claim.statement, claim.group)


def _in_group(text: str, group: Iterable[tuple[str, Any]]) -> str:
    settings = ", ".join(f"{name} = {value}" for name, value in group)
    return f"{text} ({settings})" if settings else text


def _estimate(claim: Claim) -> str:
    """The estimate with its interval, 1.40 (1.20 to 1.63), or a bound in words."""
    if claim.interval is None:
        return ""
    low, high = claim.interval
    told = "{:.2f}".format if claim.quantity == ACCURACY.words else significant
    if low is None:
        return "" if high is None else f"at most {told(high)}"
    if high is None:
        return f"at least {told(low)}"
    value = "" if claim.estimate is None else told(claim.estimate)
    return f"{value} ({told(low)} to {told(high)})"


def _judged(claim: Claim) -> str:
    """An estimate, what is claimed of it, and its cell in words."""
    told = ", ".join(filter(None, [_estimate(claim), claimed(claim)]))
    return ": ".join(filter(None, [told, cell_in_words(claim.cell)]))


def _mark(claim: Claim) -> str:
    """A dagger for an interval on the other side that does not lie there when corrected."""
    if claim.verdict != UNDECIDED or claim.interval is None or claim.region is None:
        return ""
    low, high = claim.interval
    below = high is not None and high < claim.region[0]
    above = low is not None and low > claim.region[1]
    return " †" if below or above else ""


def claimed(claim: Claim) -> str:
    """What is claimed of the estimate, in words; † if an undecided interval lies outside."""
    if claim.region is None:
        return ""
    low, high = claim.region
    if high == math.inf:
        words = f"claimed above {low:g}"
    elif low in (0, -math.inf):
        words = f"claimed below {high:g}"
    else:
        words = f"claimed {low:g} to {high:g}"
    return f"{words}{_mark(claim)}"


def _parts(claim: Claim, depth: int = 0) -> Iterator[tuple[int, Claim]]:
    for part in claim.parts:
        yield depth, part
        yield from _parts(part, depth + 1)
