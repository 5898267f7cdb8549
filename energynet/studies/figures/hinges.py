"""Figure 13: what savings in M0 depend on, the smallest fraction admitted and a price of steps."""

from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from energynet.analysis.methods import ALL, READOUT, short_names
from energynet.analysis.sensitivity import SMALLEST, price_per_step, smallest_fraction
from energynet.analysis.study import Study
from energynet.studies.figures import style
from energynet.studies.figures.counts import MARKERS
from energynet.studies.figures.drawing import Drawing, spread_out
from energynet.studies.figures.scales import log_axis

COLUMNS = ["question", "x", "hidden", "rule", "fraction", "value"]
QUESTIONS = {"smallest": "smallest P admitted", "price": "price c of a step"}
NONE = 1e-4  # where 0 stands on these axes
PLACES = (0.0, 0.001, 0.01, 0.1, 1.0)


def _numbers(study: Study) -> pd.DataFrame:
    """The best E(all)/E(rule) in M0 of the exploration seeds, for each smallest P and price."""
    empty = pd.DataFrame(columns=COLUMNS)
    if "synapses" not in study.runs or study.runs["synapses"].isna().any():
        return empty
    smallest = smallest_fraction(study, (0.0, *SMALLEST))
    if smallest.empty:
        return empty
    smallest = smallest[smallest["energy"] == "m0"].rename(columns={"smallest": "x"})
    price = price_per_step(study).rename(columns={"price": "x"})
    both = pd.concat([smallest.assign(question="smallest"), price.assign(question="price")])
    both = both.drop(columns="energy").rename(columns={"explored": "value"})
    both = both.loc[both["value"].notna() & ~both["rule"].isin([ALL, READOUT]), COLUMNS]
    return both.sort_values(COLUMNS[:4], ignore_index=True)


def _draw(numbers: pd.DataFrame) -> Figure:
    figure, axes = style.panels(2, 2, 4.3, sharey="row", sharex="col")
    largest, best = int(numbers["hidden"].max()), _best(numbers)
    sizes = spread_out(sorted(set(numbers["hidden"])), len(MARKERS))
    marker = dict(zip(sizes, MARKERS, strict=False))
    names = short_names(numbers["rule"].unique())
    color = style.look(best).color
    for column, (question, words) in enumerate(QUESTIONS.items()):
        asked = numbers[numbers["question"] == question]
        for size in sizes:
            part = asked[(asked["rule"] == best) & (asked["hidden"] == size)]
            axes[0, column].plot(_place(part["x"]), part["value"], f"{marker[size]}-", color=color)
        for label in style.ordered(numbers["rule"]):
            part = asked[(asked["rule"] == label) & (asked["hidden"] == largest)]
            at = style.look(label)
            axes[1, column].plot(
                _place(part["x"]), part["value"], at.line, color=at.color, marker=at.marker
            )
        axes[1, column].set_xlabel(words)
        axes[1, column].set_title(f"nₕ = {largest:,}", pad=3)
        axes[0, column].set_title(fill(names[best], 18), pad=3)
        for axis in axes[:, column]:
            _answers(axis, asked["x"])
    for axis in axes.flat:
        axis.axhline(1, color=style.GREY, linewidth=0.6, linestyle=":")
        log_axis(axis, "y")
    for axis in axes[:, 0]:
        axis.set_ylabel("M₀ of the unmodified / M₀")
    extra = [
        Line2D([], [], color=color, marker=mark, label=f"nₕ = {size:,} (a, b)")
        for size, mark in marker.items()
    ]
    style.legend(figure, numbers.loc[numbers["hidden"] == largest, "rule"], extra)
    return figure


def _best(numbers: pd.DataFrame) -> str:
    """The rule that saves most at the largest size if every P is admitted and steps are free."""
    free = numbers[(numbers["x"] == 0) & (numbers["hidden"] == numbers["hidden"].max())]
    return str(free.loc[free["value"].idxmax(), "rule"])


def _place(x: pd.Series) -> pd.Series:
    return x.astype(float).clip(lower=NONE)


def _answers(axis: Axes, x: pd.Series) -> None:
    """A logarithmic axis on which 0 has a place, too."""
    axis.set_xscale("log")
    axis.set_xlim(NONE / 1.5, x.max() * 1.5)
    shown = [place for place in PLACES if place <= x.max()]
    axis.set_xticks([max(place, NONE) for place in shown], [f"{place:g}" for place in shown])
    axis.minorticks_off()


def _caption(numbers: pd.DataFrame) -> str:
    best = short_names(numbers["rule"].unique())[_best(numbers)]
    return (
        "M₀ of the unmodified network divided by that of a rule at its best P (exploration seeds)."
        " Left: if no P below a smallest one is admitted. Right: if a step has a price, too, E = M₀"
        " + c N steps with N synapses, at the best P for that price. Top: the rule that saves most,"
        f" {best}: a line for each number of hidden units. Bottom: every rule at"
        f" {numbers['hidden'].max():,} hidden units. Dotted: no saving. No error bars are"
        " drawn; if a point has confirmation seeds, its interval is in the folder sensitivity."
    )


hinges = Drawing(
    number=13,
    name="figure-13-what-savings-depend-on",
    title="What the savings in M₀ depend on",
    ours=True,
    numbers=_numbers,
    draw=_draw,
    caption=_caption,
    needs="exploration runs (seeds 0-2) of the unmodified network and of a rule, with their numbers"
    " of synapses",
)
