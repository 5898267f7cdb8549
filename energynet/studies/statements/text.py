"""Verdicts as JSON, Markdown and plain text; the same claims give the same bytes."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from energynet.analysis.methods import display_name
from energynet.studies.statements.claims import Claim
from energynet.support.format import significant

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 100


def to_json(claims: Sequence[Claim]) -> str:
    """A JSON list with one object per claim; see `Claim.to_dict`."""
    return json.dumps([claim.to_dict() for claim in claims], indent=1, allow_nan=False) + "\n"


def to_markdown(claims: Sequence[Claim]) -> str:
    """A table of verdicts, and below it the parts of each statement."""
    lines = [
        "| | statement | verdict | estimate | 95 % interval | why |",
        "| ---: | --- | --- | ---: | ---: | --- |",
    ]
    for claim in claims:
        cells = [str(claim.number), named(claim), f"**{claim.verdict}**", *_numbers(claim)]
        lines.append(f"| {' | '.join([*cells, claim.words])} |")
    for claim in claims:
        lines += ["", f"**{claim.number}.** {named(claim)}", ""]
        lines += [
            f"{'  ' * depth}- {part.statement}: **{part.verdict}**. {part.words}"
            for depth, part in _parts(claim)
        ] or ["- no parts"]
    return "\n".join(lines) + "\n"


def to_text(claims: Sequence[Claim]) -> str:
    """Verdicts for a terminal."""
    lines = []
    for claim in claims:
        start = f"{claim.number:>2}  {claim.verdict.upper():<9}  "
        lines += textwrap.wrap(
            named(claim), _WIDTH, initial_indent=start, subsequent_indent=" " * len(start)
        )
        indent = " " * len(start)
        lines += textwrap.wrap(claim.words, _WIDTH, initial_indent=indent, subsequent_indent=indent)
    return "\n".join(lines)


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
    title = "Unjudged: E(all)/E(rule) between M0 and M1, with 95 % intervals; the model matters."
    return "\n".join([title, *lines])


def named(claim: Claim) -> str:
    """The statement, and the group that it is judged in."""
    return _in_group(claim.statement, claim.group)


def _in_group(text: str, group: Iterable[tuple[str, Any]]) -> str:
    settings = ", ".join(f"{name} = {value}" for name, value in group)
    return f"{text} ({settings})" if settings else text


def _numbers(claim: Claim) -> tuple[str, str]:
    estimate = "" if claim.estimate is None else significant(claim.estimate)
    if claim.interval is None:
        return estimate, ""
    low, high = claim.interval
    if low is None:
        return estimate, "" if high is None else f"at most {significant(high)}"
    return (
        estimate,
        f"at least {significant(low)}"
        if high is None
        else f"{significant(low)} to {significant(high)}",
    )


def _parts(claim: Claim, depth: int = 0) -> Iterator[tuple[int, Claim]]:
    for part in claim.parts:
        yield depth, part
        yield from _parts(part, depth + 1)
