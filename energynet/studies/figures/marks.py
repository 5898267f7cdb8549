"""How all figures draw a number: markers with bars, arrows at bounds."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.path import Path

from energynet.analysis.intervals import Bound
from energynet.studies.figures.style import look, ordered

# A shaft with a head; a marker's path is scaled so that its farthest point is at half its size.
_ARROW = np.array([(0, 0), (0, 1), (-0.16, 0.75), (0, 1), (0.16, 0.75)])
# White shows inside every marker, crosses too.
HOLLOW: dict[str, Any] = {"markerfacecolor": "white", "markersize": 3.5, "markeredgewidth": 0.6}
_UP, _DOWN = (Path(_ARROW * (1, side), [1, 2, 1, 2, 2]) for side in (1, -1))


def line(
    axis: Axes, part: pd.DataFrame, label: str, x: str, shift: float = 1, **options: Any
) -> None:
    """A rule's line with markers, at x times `shift`; bars from `low` to `high` if known."""
    if part.empty:
        return
    part = part.sort_values(x)
    at = look(label)
    value = part["value"]
    bars = [(value - part["low"]).clip(lower=0), (part["high"] - value).clip(lower=0)]
    style = {"linestyle": at.line, "elinewidth": 0.7, **options}
    axis.errorbar(part[x] * shift, value, yerr=bars, color=at.color, marker=at.marker, **style)


def hollow(axis: Axes, part: pd.DataFrame, label: str, x: str, shift: float = 1) -> None:
    """Markers that ask for care."""
    at = look(label)
    axis.plot(part[x] * shift, part["value"], at.marker, color=at.color, zorder=4, **HOLLOW)


def bounds(axis: Axes, part: pd.DataFrame, label: str, x: str, up: bool, shift: float = 1) -> None:
    """Lower (`up`) or upper bounds: hollow markers with an arrow, at x times `shift`."""
    at = look(label)
    path = _UP if up else _DOWN
    axis.plot(
        part[x] * shift, part["value"], marker=path, linestyle="", markersize=15, color=at.color,
        markeredgewidth=0.8, markerfacecolor="none", zorder=3,
    )  # fmt: skip
    hollow(axis, part, label, x, shift)


def bounded_line(axis: Axes, part: pd.DataFrame, label: str, x: str, shift: float = 1) -> None:
    """A rule's line, with arrows at values that are bounds according to `bound`."""
    line(axis, part, label, x, shift)
    for bound in (Bound.UPPER, Bound.LOWER):
        bounds(axis, part[part["bound"] == bound], label, x, bound == Bound.LOWER, shift)


def shifts(labels: pd.Series, step: float) -> dict[str, float]:
    """A factor on x for each rule that sets its marks beside those of the others."""
    names = ordered(labels)
    middle = (len(names) - 1) / 2
    return {name: step ** (number - middle) for number, name in enumerate(names)}


def size_shifts(numbers: pd.DataFrame) -> dict[str, float]:
    """The same along an axis of sizes: bars of one size stand apart."""
    decades = 1 + np.log10(numbers["hidden"].max() / numbers["hidden"].min())
    return shifts(numbers["rule"], 10 ** (0.006 * decades))
