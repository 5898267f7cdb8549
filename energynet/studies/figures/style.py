"""One look for all figures: a colour and a marker for each rule, sizes, panels, legend.

The colours differ by at least 15 (CIE76) from one another for readers with and without protan,
deutan and tritan colour vision. Their contrast is about 3 or more both on white and on a dark page.
tests/studies/test_style.py measures it.
"""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from string import ascii_lowercase
from textwrap import fill
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from energynet.analysis.methods import ALL, output_plastic, short_names
from energynet.store.schema import COST, FAMILY
from energynet.support.picture import Picture

INK = "#1b1d20"  # text and the unmodified network; the report turns it into the page's own ink
GREY = "#767b82"  # axes and everything that stands back, on light and on dark pages
WIDTH = 3.35  # inches: one column of a journal, 8.5 cm
WIDER = 5.2  # one and a half columns, 13.2 cm
ENERGIES = {"m0": "M₀", "m1": "M₁"}
ENERGY_WORDS = {"m0": "M₀, number of updates", "m1": "M₁, sum of |dw|"}
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Look:
    """How a rule is drawn."""

    color: str
    marker: str
    line: Literal["-", "--", "-."] = "-"


LOOKS = {
    "all": Look(INK, "D"),
    "largest": Look("#3B7DE8", "o"),
    "largest-per-neuron": Look("#14A060", "s"),
    "largest-per-layer": Look("#8534EA", "P"),
    "fixed-units": Look("#B0401F", "^"),
    "fixed-synapses-balanced": Look("#B8399C", "p"),
    "fixed-synapses": Look("#CC8507", "v"),
    "random": Look("#878787", "X"),
    "readout": Look("#F44D5B", "*"),
}
_LONGEST = 36  # letters of a label, if there are two columns
_CUSTOM_MARKERS = "<>*hHd8"
_SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 7.0,
    "axes.labelsize": 7.0,
    "axes.titlesize": 7.0,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.0,
    "lines.markersize": 3.0,
    "errorbar.capsize": 1.2,
    "axes.labelpad": 2.0,
    "axes.unicode_minus": True,
    "figure.constrained_layout.w_pad": 0.02,
    "figure.constrained_layout.h_pad": 0.03,
    "svg.fonttype": "none",
    "svg.hashsalt": "energynet",
    "savefig.dpi": 300,
    "text.parse_math": False,  # names and parameters of custom rules are shown as they are
}


@contextmanager
def settings() -> Iterator[None]:
    """The settings under which figures are drawn and saved; those of the user come back."""
    defaults: dict[Any, Any] = dict(mpl.rcParamsDefault)
    del defaults["backend"]  # nothing is drawn in a window: it is not even looked up
    with mpl.rc_context({**defaults, **_SETTINGS}):
        yield


def look(label: str) -> Look:
    """The look of a rule; a variant (`largest within 0.1`) has the colour of its rule, dashed.

    With a plastic output layer it has the marker of its rule, too, else one that its label sets. A
    custom rule is dash-dotted; colour and marker follow from its label.
    """
    if label in LOOKS:
        return LOOKS[label]
    base = label.split(" ")[0]
    number = zlib.crc32(label.encode())  # the same in all figures
    if base in LOOKS:
        plain = label == f"{base} output 1"
        marker = LOOKS[base].marker if plain else _CUSTOM_MARKERS[number % len(_CUSTOM_MARKERS)]
        return replace(LOOKS[base], line="--", marker=marker)
    colors = [known.color for name, known in LOOKS.items() if name != ALL]
    marker = _CUSTOM_MARKERS[number // 8 % len(_CUSTOM_MARKERS)]
    return Look(colors[number % len(colors)], marker, "-.")


def ordered(labels: Iterable[str]) -> list[str]:
    """Labels of rules, each once, in the order of all legends and tables."""
    rank = {label: number for number, label in enumerate(LOOKS)}
    return sorted(set(labels), key=lambda label: (rank.get(label.split(" ")[0], 99), label))


def energy_name(energy: str) -> str:
    """M₀, M₁, M₀.₅, cost maintenance."""
    if energy.startswith(COST):
        return f"cost {energy.removeprefix(COST)}"
    alpha = energy.removeprefix(FAMILY).translate(_SUBSCRIPTS)
    return ENERGIES.get(energy, f"M{alpha}")


def panels(
    rows: int, columns: int, height: float, width: float = WIDTH, **options: Any
) -> tuple[Figure, np.ndarray]:
    """A figure of that height and width in inches; axes as an array (rows, columns)."""
    figure = column(height, "constrained", width)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for number, axis in enumerate(axes.flat):
        if axes.size > 1:
            axis.set_title(letter(number), loc="left", fontweight="bold", pad=3)
    return figure, axes


def column(height: float, layout: Any, width: float = WIDTH) -> Picture:
    """An empty figure of that height and width in inches."""
    figure = Picture(figsize=(width, height), layout=layout)
    figure.settings = settings
    return figure


def letter(number: int) -> str:
    """a ... z, aa, ab ...: the name of a panel, counted from 0."""
    first, last = divmod(number, len(ascii_lowercase))
    return (letter(first - 1) if first else "") + ascii_lowercase[last]


def legend(
    figure: Figure, labels: Iterable[str], extra: Iterable[Line2D] = (), inside: Axes | None = None
) -> None:
    """The rules below the figure in two columns, or in one inside an axis that is left empty.

    What all rules have in common, a plastic output layer, is said once, above them.
    """
    handles, labels = [], ordered(labels)
    for label, name in short_names(labels).items():
        at = look(label)
        handles.append(
            Line2D([], [], color=at.color, marker=at.marker, linestyle=at.line, label=name)
        )
    handles += extra
    options: dict[str, Any] = {
        "frameon": False,
        "handlelength": 1.6,
        "handletextpad": 0.5,
        "labelspacing": 0.25,
        "borderpad": 0.2,
    }
    if output_plastic(labels):
        options |= {"title": "output layer plastic", "title_fontsize": 6.5, "alignment": "left"}
    if inside is not None:
        for handle in handles:
            handle.set_label(fill(str(handle.get_label()), 20))
        beside = inside.legend(
            handles=handles, loc="lower center", bbox_to_anchor=(0.5, -0.27), borderaxespad=0,
            **options,
        )  # fmt: skip
        beside.set_in_layout(False)  # as high as a panel with its labels, it may not move them
    else:
        figure.legend(
            handles=handles, loc="outside lower center", columnspacing=0.8,
            ncols=1 if any(len(str(each.get_label())) > _LONGEST for each in handles) else 2,
            borderaxespad=0.2, **options,
        )  # fmt: skip
