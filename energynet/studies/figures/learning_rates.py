"""Figure 10: what is saved at other learning rates and initial weights."""

import pandas as pd
from matplotlib.figure import Figure

from energynet.analysis.ratios import FEWEST
from energynet.analysis.study import RATES, Study
from energynet.studies.figures import marks, style
from energynet.studies.figures.drawing import (
    Drawing,
    seeds_words,
    shown_savings,
    spread_out,
)
from energynet.studies.figures.scales import log_axis, rate_axis
from energynet.support.format import tick

ROWS = 8  # standard deviations of the initial weights that the figure shows at most
COLUMNS = [
    *("hidden", *RATES, "quantity", "rule", "fraction", "value", "low", "high", "pairs"),
    "bound",
]


def _numbers(study: Study) -> pd.DataFrame:
    """E(all) / E(rule) at the P* of each setting, paired by seed; for the largest network."""
    rates = shown_savings(study.rates, "ratio")
    rates = rates[rates["hidden"] == rates["hidden"].max()]
    if rates["learning_rate"].nunique() < 2:
        return pd.DataFrame(columns=COLUMNS)
    spreads = spread_out(sorted(set(rates["init_std"])), ROWS)
    rates = rates[rates["init_std"].isin(spreads)]
    keys = ["quantity", "init_std", "rule", "learning_rate"]
    return rates[COLUMNS].sort_values(keys, ignore_index=True)


def _draw(numbers: pd.DataFrame) -> Figure:
    spreads = sorted(set(numbers["init_std"]))
    figure, axes = style.panels(
        len(spreads), 2, 0.9 + 1.6 * len(spreads), sharex=True, sharey="col"
    )
    shift = marks.shifts(numbers["rule"], 1.03)
    for row, spread in zip(axes, spreads, strict=True):
        for axis, quantity in zip(row, style.ENERGIES, strict=True):
            chosen = (numbers["init_std"] == spread) & (numbers["quantity"] == quantity)
            part = numbers[chosen]
            for label in style.ordered(part["rule"]):
                of_rule = part[part["rule"] == label]
                marks.bounded_line(axis, of_rule, label, "learning_rate", shift[label])
            axis.axhline(1, color=style.GREY, linewidth=0.6, linestyle=":")
        for axis, words in zip(row, style.ENERGIES.values(), strict=True):
            axis.set_title(f"{words}, initial SD {tick(spread)}", pad=3)
        row[0].set_ylabel("E(all) / E at P*")
    for axis in axes[0]:
        log_axis(axis, "y")
    for axis in axes[-1]:
        rate_axis(axis, numbers["learning_rate"])
        axis.set_xlabel("learning rate η")
    figure.align_ylabels()
    style.legend(figure, numbers["rule"])
    return figure


def _caption(numbers: pd.DataFrame) -> str:
    seeds = seeds_words(numbers["pairs"], "confirmation")
    return (
        f"Energy of the unmodified network of {numbers['hidden'].iloc[0]:,d} hidden units divided"
        " by that of each rule at its P*, against the learning rate. A row for each standard"
        f" deviation (SD) of the initial weights, {ROWS} rows at most. P* is chosen again in each"
        " setting; where it is the first or last P that was run, more may be saved."
        f" Geometric means over {seeds}, paired by seed. Error bars: 95 % intervals, paired t on"
        f" the logarithm of the ratio, from {FEWEST} seeds on. Hollow with an arrow: a run did not"
        " reach the criterion, and the value is a bound. Dotted: no saving."
    )


saving_against_rate = Drawing(
    number=10,
    name="figure-10-other-settings",
    title="What is saved at other learning rates and initial weights",
    ours=True,
    numbers=_numbers,
    draw=_draw,
    caption=_caption,
    needs="two or more confirmation seeds at two or more learning rates",
)
