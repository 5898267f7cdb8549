"""Figure 7: large networks with few plastic synapses against small unmodified ones."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from energynet.analysis.methods import ALL
from energynet.analysis.study import Study
from energynet.studies.figures import marks, style
from energynet.studies.figures.drawing import Drawing, seeds_words
from energynet.studies.figures.scales import accuracy_axis, log_axis

SMALL = 100  # hidden units of the largest network that counts as small
PREFERRED = (1000, 3000)  # sizes of large networks, as on the poster
COLUMNS = [
    *("panel", "hidden", "rule", "fraction", "plastic_synapses", "runs", "value", "low"),
    *("high", "criterion", "max_steps"),
]


def _numbers(study: Study) -> pd.DataFrame:
    """Best accuracy (mean, lowest, highest over seeds) against the number of plastic synapses.

    Runs that continue after the criterion for `max_steps` steps are taken, if there are any.
    """
    empty = pd.DataFrame(columns=COLUMNS)
    if not {"best_accuracy", "plastic_synapses"} <= set(study.runs):
        return empty
    endless = study.endless  # only the longest count: accuracy grows with the number of steps
    numbers = _compared(study, endless[endless["max_steps"] == endless["max_steps"].max()])
    if numbers.empty:
        numbers = _compared(study, study.runs).assign(max_steps=float("nan"))
    keys = ["panel", "rule", "plastic_synapses", "hidden"]
    return empty if numbers.empty else numbers[COLUMNS].sort_values(keys, ignore_index=True)


def _compared(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """A panel for each large size: its networks with few plastic synapses, and the small ones."""
    runs = runs[runs["best_accuracy"].notna()]
    small = runs[(runs["rule"] == ALL) & (runs["hidden"] <= SMALL)]
    few = runs["plastic_synapses"] <= 1.5 * small["plastic_synapses"].max()
    large = runs[(runs["rule"] != ALL) & few & (runs["hidden"] > 3 * small["hidden"].min())]
    sizes = sorted(set(large["hidden"]))
    sizes = [size for size in PREFERRED if size in sizes] or sizes[-2:]
    parts = []
    for size in sizes:
        both = pd.concat([small[small["hidden"] < size], large[large["hidden"] == size]])
        limit = both["max_steps"].max()
        parts.append(_summary(both).assign(panel=size, criterion=study.criterion, max_steps=limit))
    return pd.concat(parts) if parts else pd.DataFrame()


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
        for label in reversed(style.ordered(part["rule"])):  # the small networks on top
            marks.line(axis, part[part["rule"] == label], label, "plastic_synapses")
        _name_sizes(axis, part[part["rule"] == ALL])
        axis.set_title(f"constrained: nₕ = {size:,}", pad=3)
        axis.set_ylabel("best test accuracy")
        accuracy_axis(axis, numbers[["low", "criterion"]].min().min(), _highest(numbers))
    for axis in axes.flat:
        log_axis(axis, "x")
    axes[-1, 0].set_xlabel("plastic synapses in a step")
    style.legend(figure, numbers["rule"])
    return figure


def _highest(numbers: pd.DataFrame) -> float:
    """The highest accuracy; halfway to it if that is 1, as no axis of errors shows 1."""
    highest = float(numbers["high"].max())
    means = numbers["value"]
    return highest if highest < 1 else (1 + max(means[means < 1], default=0.99)) / 2


def _name_sizes(axis: Axes, part: pd.DataFrame) -> None:
    columns = (part["hidden"], part["plastic_synapses"], part["value"])
    for size, x, y in zip(*columns, strict=True):
        axis.annotate(
            f"{size}", (x, y), xytext=(4, -3), textcoords="offset points", va="top", fontsize=6.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip


def _caption(numbers: pd.DataFrame) -> str:
    limit = numbers["max_steps"].max()
    end = (
        f" All runs continue for {limit:,.0f} steps. Dotted: the criterion."
        if limit > 0
        else " Dotted: the criterion, at which a run ends; accuracies above it are not compared."
    )
    return (
        "Best test accuracy of small unmodified networks (diamonds, with their number of hidden"
        " units), and of large networks with about as few plastic synapses. If the output layer is"
        " plastic, all of its synapses are among them."
        f"{end} The axis of accuracies is logarithmic in the errors. Error bars: lowest and"
        f" highest of {seeds_words(numbers['runs'])}."
    )


capacity = Drawing(
    number=7,
    name="figure-7-large-against-small",
    title="Large constrained against small unmodified networks",
    ours=True,
    numbers=_numbers,
    draw=_draw,
    caption=_caption,
    needs=f"unmodified networks of at most {SMALL} hidden units, and larger ones under a rule",
)
