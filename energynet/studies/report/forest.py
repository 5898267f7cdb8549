"""Figure 11: the verdicts, each with the cell that decides it, in every reading of P."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from energynet.studies.figures import style
from energynet.studies.figures.save import to_csv, to_svg
from energynet.studies.figures.scales import log_axis
from energynet.studies.statements.claims import Claim
from energynet.studies.statements.plain import HEADINGS
from energynet.studies.statements.text import numbered, side_by_side
from energynet.support.files import made_folder, written_whole
from energynet.support.format import significant

NAME = "figure-11-verdicts"
CAPTION = (
    "**Verdicts** (figure-11-verdicts). There is a row for each statement that is"
    " about ratios of energies or of steps; if it has parts, or is judged for several kinds of"
    " fixed mask, a row for each of these. The verdict rests on the cell that decides: a rule, an"
    " energy and a size of network. Marker and bar show its estimate and 95 % interval, relative to"
    " the limit that the statement sets: to the right of 1 it is as claimed, to the left it is not."
    " If the statement sets two limits, the nearer one counts. Circle: holds; square: fails;"
    " hollow: undecided. An arrow at an edge: it lies beyond. A bar that runs to an edge without a"
    " marker there: runs were cut off, and this end is unknown. Purple: P of the hidden layer;"
    " blue: P of the network; *: the second version of a statement. At the right: the verdict, the"
    " estimate itself, and what it is of. E: energy; all: the unmodified network; L: the largest"
    " updates; N: those of each neuron; F: a fixed mask; P*/3 / P*: the largest P <= P*/3 over"
    " the best P; at: hidden units.\n"
)
MARKERS = {"holds": "o", "fails": "s", "undecided": "o", "mixed": "D"}
EDGES = (0.2, 5.0)  # of the axis
COLORS = {"hidden": style.LOOKS["largest-per-layer"].color, "network": style.LOOKS["largest"].color}


def numbers(found: Sequence[Claim]) -> pd.DataFrame:
    """The table behind the figure: a row for each verdict that rests on a ratio.

    A claim with parts has a row for each part, a part judged for several kinds of fixed mask one
    for each kind. Rows of the same statement in both readings of P stand next to each other.
    """
    claims = [claim for row in side_by_side(found) for claim in row.values()]
    rows = [
        {
            **{"statement": numbered(claim), "reading": claim.reading, "letter": letter},
            **{"part": part.statement, "verdict": part.verdict, "value": part.estimate},
            **dict(zip(("low", "high"), part.interval or (None, None), strict=True)),
            **{"quantity": part.quantity, "cell": part.cell},
            **dict(zip(("claimed_low", "claimed_high"), part.region or (0, 0), strict=True)),
        }
        for claim in claims
        if not claim.group
        for letter, part in _leaves(claim)
        if part.quantity.startswith("ratio") and part.interval is not None
    ]
    columns = ["statement", "reading", "letter", "part", "verdict", "value", "low", "high"]
    columns += ["quantity", "cell", "claimed_low", "claimed_high"]
    table = pd.DataFrame(rows, columns=columns)
    for name in ("value", "low", "high", "claimed_low", "claimed_high"):
        table[name] = table[name].astype(float)
    same = [name for name in columns if name != "part"]
    kinds = table.groupby(same, dropna=False, sort=False)["part"].agg("; ".join).reset_index()
    return _relative(kinds[columns])


def _relative(table: pd.DataFrame) -> pd.DataFrame:
    """With value and ends relative to the nearer limit, above 1 where they are as claimed."""
    known = table["value"].fillna(table["low"]).fillna(table["high"])
    least, most = table["claimed_low"].where(table["claimed_low"] > 0), table["claimed_high"]
    below = least.isna() | (most / known < known / least)  # the upper limit counts
    limit = least.where(~below, most)
    for name, other in (("value", "value"), ("low", "high"), ("high", "low")):
        table[f"relative_{name}"] = (table[name] / limit).where(~below, limit / table[other])
    return table


def _leaves(claim: Claim, letter: str = "") -> list[tuple[str, Claim]]:
    """(letter, part) of all parts that have no parts; those beside the statement are left out."""
    found = []
    for part in claim.parts:
        if not part.statement.startswith("beside"):
            own = part.statement.split(" ")[0] if part.statement.startswith("(") else letter
            found += _leaves(part, own)
    return found or [(letter, claim)]


def draw(table: pd.DataFrame) -> Figure:
    """The forest: one line for each row, on a logarithmic axis of ratios to the limit."""
    numbers_of = table["statement"].str.split(",").str[0].astype(int)
    first = numbers_of != numbers_of.shift()
    places = table.index + first.cumsum()  # a line for each heading
    rows = list(zip(places, table.to_dict("records"), strict=True))
    with style.settings():
        figure, axes = style.panels(1, 1, 0.9 + 0.14 * (places.max() + 1), style.WIDER)
        axis = axes[0, 0]
        axis.set_xscale("log")
        axis.axvspan(1, EDGES[1], color=style.GREY, alpha=0.15, linewidth=0)
        for place, row in rows:
            _draw_row(axis, place, row)
        axis.set_xlim(*EDGES)
        log_axis(axis, "x", most=8)
        axis.set_ylim(places.max() + 0.5, -0.5)
        axis.set_yticks(places, [_label(row) for _, row in rows])
        axis.tick_params(axis="y", labelsize=5.5)
        for place, number in zip(places[first] - 1, numbers_of[first], strict=True):
            _draw_heading(axis, place, f"{number}  {HEADINGS[number]}")
        axis.set_xlabel("estimate relative to the limit that the statement sets (grey: as claimed)")
    return figure


def _draw_heading(axis: Axes, place: int, heading: str) -> None:
    at = axis.get_yaxis_transform()
    axis.axhline(place - 0.5, color=style.GREY, linewidth=0.3)
    axis.text(0.01, place, heading, transform=at, fontsize=5.5, fontweight="bold", va="center")


def _draw_row(axis: Axes, place: int, row: dict[str, Any]) -> None:
    color = COLORS[row["reading"]]
    value, low, high = (row[f"relative_{name}"] for name in ("value", "low", "high"))
    ends = [edge if pd.isna(end) else end for end, edge in zip((low, high), EDGES, strict=True)]
    axis.plot(ends, [place, place], color=color, linewidth=0.9)
    if pd.isna(value):  # a bound: no marker, but the figure at the right
        number = (
            f"≤ {significant(row['high'])}"
            if pd.isna(row["low"])
            else f"≥ {significant(row['low'])}"
        )
    else:
        number = significant(row["value"])
        marker = MARKERS[row["verdict"]]
        if not EDGES[0] < value < EDGES[1]:
            marker, value = ("<", EDGES[0]) if value < 1 else (">", EDGES[1])
        filled = color if row["verdict"] in ("holds", "fails") else "white"
        axis.plot(
            value, place, marker, color=color, markerfacecolor=filled, zorder=3, clip_on=False
        )
    number = f"{number}  {_short(row['cell'])}"
    for text, points in ((row["verdict"], 5), (number, 37)):
        offset: dict[str, Any] = {"xytext": (points, 0), "textcoords": "offset points"}
        edge: dict[str, Any] = {"xycoords": axis.get_yaxis_transform(), "va": "center"}
        axis.annotate(text, (1, place), fontsize=5.5, **edge, **offset)


def _short(cell: str) -> str:
    """A cell as there is room for."""
    cell = cell.replace(" nh = ", " ").replace(" at P <= P*/3 over that at P* (", ", P*/3 / P* (")
    return cell.replace("P* of ", "")


def _label(row: dict[str, str]) -> str:
    """The label of a row, such as "1 hidden, F units": statement, reading of P, kind of mask."""
    kinds = [part.split(":")[0] for part in row["part"].split("; ") if part.startswith("F ")]
    number = row["statement"].replace(", reworded", "*")
    which = "" if len(kinds) != 1 else f", {kinds[0]}"
    return " ".join(filter(None, [number, row["letter"], f"{row['reading']}{which}"]))


def write_forest(found: Sequence[Claim], folder: Path) -> None:
    """The figure with its numbers and its caption, if there is anything to draw."""
    table = numbers(found)
    if table.empty:
        return
    made_folder(folder, "folder")
    contents = {
        f"{NAME}.csv": to_csv(table),
        f"{NAME}.svg": to_svg(draw(table)),
        f"{NAME}.md": CAPTION.encode(),
    }
    for name, content in contents.items():
        with written_whole(folder / name) as file:
            file.write(content)
