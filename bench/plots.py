"""The plots of the section `scaling`."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_STYLES = {
    "all": ("#000000", "o"),
    "readout": ("#CC79A7", "P"),
    "fixed-synapses": ("#E69F00", "D"),
    "fixed-units": ("#D55E00", "s"),
    "random": ("#999999", "x"),
    "largest": ("#0072B2", "o"),
    "largest-per-layer": ("#56B4E9", "^"),
    "largest-per-neuron": ("#009E73", "v"),
}
_SETTINGS = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "svg.fonttype": "none",
    "svg.hashsalt": "energynet",
}


def draw(curves: dict[str, Any], folder: Path) -> None:
    """Write the plots `scaling` and `fraction`."""
    with mpl.rc_context(_SETTINGS):
        for name, figure in (
            ("scaling", _draw_sizes(curves["size"])),
            ("fraction", _draw_fractions(curves["fraction"])),
        ):
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def _line(axes: Axes, x: list[float], seconds: list[float], rule: str, label: str) -> None:
    color, marker = _STYLES[rule]
    values = [1e6 * second for second in seconds]
    axes.loglog(x, values, color=color, marker=marker, label=label, alpha=0.85)


def _draw_sizes(curves: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(7.2, 4), layout="constrained")
    axes = figure.subplots()
    for rule in _STYLES:
        label = f"{rule}: {curves['exponent'][rule]:.2f}"
        _line(axes, curves["hidden"], curves["seconds"][rule], rule, label)
    limit = [1e6 * second for second in curves["seconds"]["streaming"]]
    label = f"streaming limit: {curves['exponent']['streaming']:.2f}"
    axes.loglog(curves["hidden"], limit, ":", color="0.3", label=label)
    axes.set(xlabel="hidden units nh", ylabel="time of a training step (µs)")
    title = (
        f"P = {curves['fraction']:g}; exponents of power\n"
        f"laws fitted from nh = {curves['fitted_from']:,} on"
    )
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), title=title, alignment="left")
    return figure


def _draw_fractions(curves: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    panels = figure.subplots(1, len(curves["hidden"]))
    for axes, (hidden, values) in zip(panels, curves["hidden"].items(), strict=True):
        axes.axhline(1e6 * values["all"], color="black", linestyle="--", label="all")
        for rule, seconds in values["seconds"].items():
            _line(axes, curves["fraction"], seconds, rule, rule)
        axes.set(xlabel="plastic fraction P")
        axes.set_title(f"{int(hidden):,} hidden units, one thread", fontsize=9)
    panels[0].set_ylabel("time of a training step (µs)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure
