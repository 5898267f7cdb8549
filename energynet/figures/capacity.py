"""Figure 7: large networks with few plastic synapses against small unmodified ones."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from energynet.analysis.methods import ALL
from energynet.figures import marks, style
from energynet.figures.drawing import Drawing, Results
from energynet.figures.scales import accuracy_axis, log_axis

SMALL = 100  # hidden units of the largest network that counts as small
PREFERRED = (1000, 3000)  # sizes of large networks, as the study has them
COLUMNS = "panel hidden rule fraction plastic_synapses runs value low high criterion".split()


def _numbers(results: Results) -> pd.DataFrame:
    """Best accuracy (mean, lowest, highest of the seeds) against the number of plastic synapses."""
    runs = results.runs
    if not {"best_accuracy", "plastic_synapses"} <= set(runs):
        return pd.DataFrame(columns=COLUMNS)
    runs = runs[runs["best_accuracy"].notna()]
    small = runs[(runs["rule"] == ALL) & (runs["hidden"] <= SMALL)]
    sizes = [size for size in results.sizes if size > 3 * small["hidden"].min()]
    sizes = [size for size in PREFERRED if size in sizes] or sizes[-2:]
    parts = [pd.DataFrame(columns=COLUMNS)]
    for size in sizes:
        fewer = runs["plastic_synapses"] <= 1.5 * small["plastic_synapses"].max()
        large = runs[(runs["rule"] != ALL) & (runs["hidden"] == size) & fewer]
        both = pd.concat([small[small["hidden"] < size], large])
        parts.append(_summary(both).assign(panel=size, criterion=results.criterion))
    keys = ["panel", "rule", "plastic_synapses", "hidden"]
    frames = [part for part in parts if len(part)] or parts
    return pd.concat(frames)[COLUMNS].sort_values(keys, ignore_index=True)


def _summary(runs: pd.DataFrame) -> pd.DataFrame:
    keys = ["hidden", "rule", "fraction", "plastic_synapses"]
    accuracy = runs.groupby(keys)["best_accuracy"]
    return accuracy.agg(runs="count", value="mean", low="min", high="max").reset_index()


def _draw(numbers: pd.DataFrame) -> Figure:
    sizes = sorted(set(numbers["panel"]))
    figure, axes = style.panels(len(sizes), 1, 0.9 + 1.7 * len(sizes), sharex=True, sharey=True)
    for axis, size in zip(axes.flat, sizes, strict=True):
        part = numbers[numbers["panel"] == size]
        axis.axhline(part["criterion"].iloc[0], color=style.GREY, linewidth=0.6, linestyle=":")
        for label in style.ordered(part["rule"]):
            marks.line(axis, part[part["rule"] == label], label, "plastic_synapses")
        _name_sizes(axis, part[part["rule"] == ALL])
        axis.set_title(f"constrained: nₕ = {size:,}", pad=3)
        axis.set_ylabel("best test accuracy")
        accuracy_axis(axis, numbers["low"].min(), numbers["high"].max())
    for axis in axes.flat:
        log_axis(axis, "x")
    axes[-1, 0].set_xlabel("plastic synapses in a step")
    style.legend(figure, numbers["rule"])
    return figure


def _name_sizes(axis: Axes, part: pd.DataFrame) -> None:
    columns = (part["hidden"], part["plastic_synapses"], part["value"])
    for size, x, y in zip(*columns, strict=True):
        axis.annotate(
            f"{size}", (x, y), xytext=(4, -2), textcoords="offset points", va="top", fontsize=6.5
        )


def _caption(_numbers: pd.DataFrame) -> str:
    return (
        "Best test accuracy of small unmodified networks (diamonds, with their number of hidden"
        " units) and of large networks in which no more synapses may change in a step. A run ends"
        " when it reaches the criterion (dotted), so that accuracies above it do not differ in"
        " earnest. Error bars: lowest and highest of the seeds."
    )


capacity = Drawing(
    7,
    "figure-7-large-against-small",
    "Large constrained against small unmodified networks",
    True,
    _numbers,
    _draw,
    _caption,
    f"unmodified networks of at most {SMALL} hidden units, and larger ones under a rule",
)
