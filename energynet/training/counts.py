"""How often each synapse changed in a run, as arrays and as a picture."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from energynet.kernels.state import Mask, Tally
from energynet.support.format import percent, tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POINTS = 200  # of a curve, at most
_BUSIEST = 0.01  # share of the synapses of which the legend speaks


def folded(tally: Tally, mask: Mask) -> tuple[np.ndarray, np.ndarray]:
    """Counts of the hidden and of the output layer, uint32 in the shapes of w1 and w2, read-only.

    The tally is used up. Under a fixed mask it counts all synapses; only those of the mask stay.
    """
    hidden, output = tally.u, tally.w_out
    hidden[:-1] += tally.v
    tally.v.fill(0)
    _keep_plastic(hidden, mask.bits, mask.start_hidden, mask.hidden)
    _keep_plastic(output, mask.output_bits, mask.start_output, mask.output)
    counts = hidden, np.ascontiguousarray(output.T)
    for array in counts:
        array.flags.writeable = False
    return counts


def _keep_plastic(
    counts: np.ndarray, bits: np.ndarray, start: np.ndarray, column: np.ndarray
) -> None:
    """Set the counts of synapses outside of a layer's mask to 0; it may have neither form."""
    if len(bits):
        plastic = np.unpackbits(bits.astype("<u4").view(np.uint8), axis=1, bitorder="little")
        counts *= plastic[:, : counts.shape[1]]
    elif len(start):
        for i, row in enumerate(counts):
            columns = column[start[i] : start[i + 1]]
            kept = row[columns]
            row.fill(0)
            row[columns] = kept


def draw_counts(hidden: np.ndarray, output: np.ndarray, label: str) -> "Figure":
    """Maps of the hidden layer's counts over the pixels, and their distribution over synapses.

    hidden : (n_in + 1, nh); output : (nh + 1, n_out); the label is the title of the figure, shown
    as it is.
    """
    from energynet.support.picture import Picture

    figure = Picture(figsize=(9, 2.9), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=(1, 1, 1.25))
    pixels = hidden[:-1]
    _draw_map(axes[0], pixels.mean(axis=1), "updates per synapse", "mean over hidden units")
    changed = 100 * np.count_nonzero(pixels, axis=1) / pixels.shape[1]
    _draw_map(axes[1], changed, "synapses that ever changed, %", "share of the hidden units")
    _draw_shares(axes[2], {"hidden layer": hidden, "output layer": output})
    title = figure.suptitle("", fontsize="medium")
    title.set_parse_math(False)
    title.set_text(label)
    return figure


def _draw_map(axis: "Axes", values: np.ndarray, what: str, how: str) -> None:
    """A value for each pixel: as an image if they fill a square, else against their number."""
    side = math.isqrt(len(values))
    axis.set_title(f"{what}\n{how}", fontsize="small")
    if side * side == len(values) > 1:
        # From 0, so that shades tell ratios; printed without colours, dark is many.
        shown = axis.imshow(values.reshape(side, side), cmap="Blues", vmin=0)
        axis.set(xticks=[], yticks=[], xlabel=f"{side} by {side} pixels")
        axis.figure.colorbar(shown, ax=axis, shrink=0.85)
    else:
        axis.plot(values, linewidth=0.8)
        axis.set(xlabel="pixel", ylim=(0, None))


def _draw_shares(axis: "Axes", layers: dict[str, np.ndarray]) -> None:
    """Which share of a layer's updates the busiest x % of its synapses had."""
    smallest = 1.0
    for number, (name, counts) in enumerate(layers.items()):
        synapses, updates = busiest(counts)
        style: dict[str, Any] = {"color": f"C{number}", "linestyle": ("-", "--")[number]}
        if not len(synapses):
            axis.plot([], [], label=f"{name}: no updates", **style)
            continue
        smallest = min(smallest, synapses[0])
        share = percent(float(np.interp(_BUSIEST, synapses, updates)), ".0f")
        axis.plot(100 * synapses, 100 * updates, label=f"{name}: {share}", **style)
    even = np.geomspace(smallest, 1, _POINTS)
    axis.plot(100 * even, 100 * even, color="0.5", linestyle=":", label="all equally often")
    axis.axvline(100 * _BUSIEST, color="0.8", linewidth=0.8, zorder=0)
    axis.set(
        xscale="log", xlabel="busiest synapses of the layer, %", ylabel="their share of updates, %"
    )
    axis.xaxis.set_major_formatter(lambda value, _: tick(value))
    axis.set(xlim=(100 * smallest, 100), ylim=(0, 105))
    axis.legend(
        title=f"share of the busiest {percent(_BUSIEST, '.0f')}",
        fontsize="x-small",
        title_fontsize="x-small",
        frameon=False,
    )


def busiest(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of updates that the most changed synapses had, at some shares of the synapses.

    Returns (shares of the synapses, shares of the updates), both float64 and rising to 1; empty
    without updates.
    """
    falling = np.sort(counts, axis=None)[::-1]
    updates = np.cumsum(falling, dtype=np.float64)
    if updates[-1] == 0:
        return np.empty(0), np.empty(0)
    at = np.unique(np.geomspace(1, falling.size, _POINTS).astype(np.int64))
    return at / falling.size, updates[at - 1] / updates[-1]
