"""The figure on the page about performance: where the largest products of two factors lie."""

import io

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from energynet.studies.figures.style import GREY, INK, settings

INPUTS, UNITS, CHOSEN = 26, 40, 104  # a tenth of the synapses
_CHOSEN, _REST = "#3B7DE8", "#3B7DE830"


def factors() -> tuple[np.ndarray, np.ndarray]:
    """|x| of the inputs, most of them the background's, and |delta| of the hidden units."""
    generator = np.random.default_rng(3)
    x = np.where(generator.random(INPUTS) < 0.6, 0.13, generator.integers(1, 8, INPUTS) / 8)
    return x, np.abs(generator.normal(size=UNITS))


def largest(x: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Mask of the CHOSEN largest products, (inputs, units); of equal ones the first."""
    size = np.outer(x, delta)
    mask = np.zeros(size.size, bool)
    mask[np.argsort(-size, axis=None, kind="stable")[:CHOSEN]] = True
    return mask.reshape(size.shape)


def draw() -> str:
    """The figure as SVG, on white."""
    x, delta = factors()
    mask = largest(x, delta)
    rows, columns = np.argsort(-x, kind="stable"), np.argsort(-delta, kind="stable")
    with settings():
        figure = Figure(figsize=(4.8, 1.9), layout="constrained")
        left, right = figure.subplots(1, 2)
        _panel(left, mask, "inputs", "hidden units", "as they come")
        names = "inputs, by falling |x|", "hidden units, by falling |δ|", "in order"
        _panel(right, mask[rows][:, columns], *names)
        lengths = mask[rows][:, columns].sum(axis=1)
        edge = np.append(np.repeat(lengths, 2), 0)
        heights = np.repeat(np.arange(INPUTS + 1), 2)[1:]
        right.plot(edge, heights, color=INK, linewidth=1.2, clip_on=False)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _panel(axes, mask, rows: str, columns: str, title: str) -> None:
    cell = Path.unit_rectangle()
    cells = [cell.transformed(Affine2D().translate(j, i)) for i, j in np.argwhere(mask)]
    axes.add_patch(PathPatch(Path.make_compound_path(*cells), color=_CHOSEN, linewidth=0))
    axes.set_facecolor(_REST)
    axes.hlines(np.arange(INPUTS + 1), 0, UNITS, color=GREY, linewidth=0.1)
    axes.vlines(np.arange(UNITS + 1), 0, INPUTS, color=GREY, linewidth=0.1)
    axes.set(ylabel=rows, xlabel=columns, title=title, xticks=[], yticks=[])
    axes.set(xlim=(0, UNITS), ylim=(0, INPUTS))
    axes.invert_yaxis()
