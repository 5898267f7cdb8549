"""Figure 11: the verdicts, each with the cell that decides it, in every reading of P."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from energynet.studies.figures import style
from energynet.studies.figures.save import to_csv, to_svg
from energynet.studies.figures.scales import log_axis
from energynet.studies.statements.claims import Claim
from energynet.studies.statements.text import numbered, side_by_side
from energynet.support.files import made_folder, written_whole

NAME = "figure-11-verdicts"
CAPTION = (
    "**Verdicts** (figure-11-verdicts). There is a row for each statement that is"
    " about ratios of energies or of steps; if it has parts, or is judged for several kinds of"
    " fixed mask, a row for each of these. Marker and bar show the estimate and 95 % interval of"
    " the cell that decides the verdict; a cell is one rule, energy and size of network. The grey"
    " bar is what the statement claims. Filled marker: holds; cross: fails; hollow: undecided; *:"
    " the second version of a statement. Triangle: one end of the interval is unknown, as runs"
    " were cut off, and the triangle stands at the other end; filled if the verdict is holds or"
    " fails. Dotted line: a ratio of 1.\n"
)
MARKERS = {"holds": "o", "fails": "X", "undecided": "o", "mixed": "D"}
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
            "quantity": part.quantity,
            **dict(zip(("claimed_low", "claimed_high"), part.region or (0, 0), strict=True)),
        }
        for claim in claims
        if not claim.group
        for letter, part in _leaves(claim)
        if part.quantity.startswith("ratio") and part.interval is not None
    ]
    columns = ["statement", "reading", "letter", "part", "verdict", "value", "low", "high"]
    columns += ["quantity", "claimed_low", "claimed_high"]
    table = pd.DataFrame(rows, columns=columns)
    for name in ("value", "low", "high", "claimed_low", "claimed_high"):
        table[name] = table[name].astype(float)
    same = [name for name in columns if name != "part"]
    kinds = table.groupby(same, dropna=False, sort=False)["part"].agg("; ".join).reset_index()
    return kinds[columns]


def _leaves(claim: Claim, letter: str = "") -> list[tuple[str, Claim]]:
    """(letter, part) of all parts that have no parts; those beside the statement are left out."""
    found = []
    for part in claim.parts:
        if not part.statement.startswith("beside"):
            own = part.statement.split(" ")[0] if part.statement.startswith("(") else letter
            found += _leaves(part, own)
    return found or [(letter, claim)]


def draw(table: pd.DataFrame) -> Figure:
    """The forest: one line for each row, on a logarithmic axis of ratios."""
    with style.settings():
        figure, axes = style.panels(1, 1, 0.9 + 0.14 * len(table))
        axis = axes[0, 0]
        axis.set_xscale("log")
        known = table[["value", "low", "high"]].stack()
        edges = known[known > 0].min() / 2, known.max() * 2
        for place, row in enumerate(table.to_dict("records")):
            color = COLORS[row["reading"]]
            low, high = (
                edge if pd.isna(end) else end
                for end, edge in zip((row["low"], row["high"]), edges, strict=True)
            )
            side = [max(row["claimed_low"], edges[0]), min(row["claimed_high"], edges[1])]
            axis.barh(place, side[1] - side[0], 0.9, side[0], color=style.GREY, alpha=0.15)
            axis.plot([low, high], [place, place], color=color, linewidth=0.9)
            filled = color if row["verdict"] in ("holds", "fails") else "white"
            marker = MARKERS[row["verdict"]]
            if pd.isna(row["value"]):  # a bound: the marker stands at its end
                marker = "<" if pd.isna(row["low"]) else ">"
                row["value"] = row["high"] if pd.isna(row["low"]) else row["low"]
            axis.plot(row["value"], place, marker, color=color, markerfacecolor=filled, zorder=3)
        axis.axvline(1, color=style.GREY, linewidth=0.6, linestyle=":")
        axis.set_xlim(*edges)
        log_axis(axis, "x", most=8)
        axis.set_ylim(len(table) - 0.5, -0.5)
        axis.set_yticks(range(len(table)), [_label(row) for row in table.to_dict("records")])
        axis.tick_params(axis="y", labelsize=5.5)
        axis.set_xlabel("ratio of the cell that decides")
    return figure


def _label(row: dict[str, str]) -> str:
    """The label of a row, such as "1 hidden, F units": statement, reading of P, kind of mask."""
    kinds = [part.split(":")[0] for part in row["part"].split("; ") if part.startswith("F ")]
    number = row["statement"].replace(", put anew", "*")
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
