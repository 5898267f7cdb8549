"""Figure 2: a small network and the synapses that each rule lets change."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from energynet.analysis.methods import (
    BALANCED,
    OUTPUT_PLASTIC,
    UNIFORM,
    output_plastic,
    short_names,
)
from energynet.analysis.study import Study
from energynet.rules.base import count
from energynet.studies.figures import style
from energynet.studies.figures.drawing import Drawing

INPUTS, HIDDEN, OUTPUTS, FRACTION = 6, 5, 3, 0.2
SEED = 159  # so drawn, masks show what a mask of the whole network leaves of the output layer
RULES = (
    "all",
    "largest",
    "largest-per-neuron",
    "fixed-units",
    "fixed-synapses-balanced",
    "fixed-synapses",
)
OF_HIDDEN = (  # P of the hidden layer
    "all",
    "largest-per-layer output 1",
    "largest-per-neuron output 1",
    "fixed-units output 1",
    "fixed-synapses output 1",
    "readout",
)


def _numbers(study: Study | None) -> pd.DataFrame:
    """One row per synapse and rule: layer, presynaptic, postsynaptic unit, whether it changes.

    The rules are those of the study's reading of P.
    """
    hidden = study is not None and output_plastic(study.runs["rule"])
    generator = np.random.default_rng(SEED)
    size1 = np.outer(generator.random(INPUTS), generator.random(HIDDEN))
    size2 = np.outer(generator.random(HIDDEN), generator.random(OUTPUTS))
    lots = generator.permutation(size1.size + size2.size)
    rows = []
    for rule in OF_HIDDEN if hidden else RULES:
        base = rule.removesuffix(OUTPUT_PLASTIC)
        if hidden and base == UNIFORM:  # drawn from the hidden layer alone
            base = BALANCED
        chosen = _chosen(base, size1, size2, lots)
        if hidden:
            chosen = chosen[0], np.ones(size2.shape, bool)
        for layer, mask in enumerate(chosen, start=1):
            for (pre, post), plastic in np.ndenumerate(mask):
                row = {"rule": rule, "layer": layer, "pre": pre, "post": post}
                rows.append(row | {"plastic": bool(plastic)})
    return pd.DataFrame(rows)


def _chosen(
    rule: str, size1: np.ndarray, size2: np.ndarray, lots: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which of the synapses, given |dw| in both layers, change under that rule."""
    mask1, mask2 = np.ones(size1.shape, bool), np.ones(size2.shape, bool)
    if rule == "readout":
        return ~mask1, mask2
    if rule == "largest-per-layer":
        return _top(size1, count(FRACTION, size1.size)), mask2
    if rule == "fixed-units":
        plastic = np.arange(HIDDEN) < count(FRACTION, HIDDEN)
        return mask1 & plastic, mask2 & plastic[:, None]
    if rule == "fixed-synapses-balanced":
        k = count(FRACTION, size1.size)
        return _top(lots[: size1.size].reshape(size1.shape), k), _top(
            lots[size1.size :].reshape(size2.shape), k
        )
    if rule == "largest-per-neuron":
        return _top_of_columns(size1), _top_of_columns(size2)
    if rule in ("fixed-synapses", "largest"):
        value = lots if rule == "fixed-synapses" else np.concatenate([size1.ravel(), size2.ravel()])
        both = _top(value, count(FRACTION, value.size))
        return both[: size1.size].reshape(size1.shape), both[size1.size :].reshape(size2.shape)
    return mask1, mask2


def _top(values: np.ndarray, k: int) -> np.ndarray:
    chosen: np.ndarray = values >= np.sort(values, axis=None)[-k]
    return chosen


def _top_of_columns(values: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = values >= np.sort(values, axis=0)[-count(FRACTION, len(values))]
    return chosen


def _draw(numbers: pd.DataFrame) -> Figure:
    layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.05)
    figure = style.column(2.8, layout)
    axes = figure.subplots(2, 3)
    names = short_names(numbers["rule"].unique())
    for axis, (rule, part) in zip(axes.flat, numbers.groupby("rule", sort=False), strict=False):
        _network(axis, part, style.look(str(rule)).color)
        axis.set_title(fill(names[str(rule)], 18), pad=2)
    return figure


def _network(axis: Axes, part: pd.DataFrame, color: str) -> None:
    units = [_places(n) for n in (INPUTS, HIDDEN, OUTPUTS)]
    for plastic, width, paint in ((False, 0.4, style.GREY), (True, 1.2, color)):
        edges = part[part["plastic"] == plastic]
        lines = [
            [(layer - 1, units[layer - 1][pre]), (layer, units[layer][post])]
            for layer, pre, post in zip(edges["layer"], edges["pre"], edges["post"], strict=True)
        ]
        alpha = 1.0 if plastic else 0.45
        axis.add_collection(LineCollection(lines, colors=paint, linewidths=width, alpha=alpha))
    for layer, places in enumerate(units):
        axis.scatter([layer] * len(places), places, s=9, color=style.INK, zorder=3, linewidths=0)
    axis.set(xlim=(-0.1, 2.1), ylim=(-0.08, 1.08))
    axis.set_axis_off()


def _places(n: int) -> np.ndarray:
    reach = 0.5 * n / INPUTS
    return np.linspace(0.5 - reach, 0.5 + reach, n)


def _caption(numbers: pd.DataFrame) -> str:
    hidden = output_plastic(numbers["rule"])
    drawn = (
        "the incoming synapses of the first hidden units, or hidden synapses drawn at random. The"
        " output layer is plastic under every rule."
        if hidden
        else "the first hidden units with all their synapses, or synapses drawn at random."
        " Balanced: as many are drawn from the output as from the hidden layer. Uniform: they are"
        " drawn from the whole network, so few of them lie in the output layer."
    )
    return (
        "A network with one hidden layer (inputs left, outputs right) and the synapses that may"
        f" change in one step, in colour, at a plastic fraction P of {FRACTION:g}"
        f"{' of the hidden layer' if hidden else ''}. A fixed set is the same in every step:"
        f" {drawn} The largest updates are chosen again in each step, from"
        f" {'the hidden layer' if hidden else 'the whole network'} or among the incoming synapses"
        " of each neuron. An update is the input times the error of the neuron, so the neurons of"
        " a layer choose the same inputs. Biases are synapses, too, but are not shown. A sketch,"
        " without data and error bars."
    )


schematic = Drawing(
    number=2,
    name="figure-2-schematic",
    title="The plasticity rules",
    numbers=_numbers,
    draw=_draw,
    caption=_caption,
    needs="nothing",
)
