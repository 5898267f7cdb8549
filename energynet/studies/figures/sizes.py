"""Figures 5 and 6: optimal energy, maximum saving and ratio against the size of the network."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from energynet.analysis.methods import ALL
from energynet.analysis.ratios import FEWEST
from energynet.analysis.sensitivity import smallest_fraction
from energynet.analysis.study import Study
from energynet.studies.figures import marks, style
from energynet.studies.figures.drawing import (
    Drawing,
    seeds_words,
    shown_savings,
    without_few,
)
from energynet.studies.figures.scales import log_axis, size_axis

OPTIMAL = [
    *("hidden", "quantity", "rule", "fraction", "runs", "value", "low", "high"),
    *("confirmed", "lower_bound", "mark"),
]
SAVINGS = [
    *("hidden", "quantity", "rule", "fraction", "smallest", "value", "low", "high", "pairs"),
    "bound",
]
SMALLEST = 0.01  # also shown: what is saved if no smaller P is admitted


def optimal_numbers(study: Study, energies: Iterable[str] = style.ENERGIES) -> pd.DataFrame:
    """Energy at P*: of the confirmation seeds, or of the exploration seeds without these.

    Of unmodified networks the sizes without any rule, too, if they reached the criterion.
    """
    optimal, constrained = study.optimal, study.constrained_sizes
    small = optimal["rule"].eq(ALL) & (len(constrained) > 0)
    shown = optimal["energy"].isin([*energies]) & (optimal["hidden"].isin(constrained) | small)
    optimal = optimal[shown].merge(_never_explored(study), how="left")
    confirmed = optimal["confirmed"].notna()
    optimal["lower_bound"] = optimal["success"].eq(0) | (~confirmed & optimal["never"].eq(True))
    optimal["value"] = optimal["confirmed"].where(confirmed, optimal["energy_per_success"])
    optimal["confirmed"] = confirmed
    optimal["seeds"] = np.where(confirmed, "confirmation", "exploration")
    keys = ["hidden", "rule", "energy", "fraction", "seeds"]
    optimal = optimal.merge(study.cells[[*keys, "runs", "reached"]], on=keys)
    # The interval is that of successes: it is one of the energy per success if all runs reached.
    all_reached = optimal["reached"].where(optimal["success"].eq(1), 0)
    optimal = without_few(optimal, all_reached, ("low", "high"))
    optimal = optimal.rename(columns={"energy": "quantity"})
    kept = optimal["hidden"].isin(constrained) | ~optimal["lower_bound"]
    optimal = optimal.loc[optimal["value"].notna() & kept, OPTIMAL]
    return optimal.sort_values(["quantity", "rule", "hidden"], ignore_index=True)


def _never_explored(study: Study) -> pd.DataFrame:
    """Cells of which no exploration run reached the criterion, marked `never`."""
    cells = study.cells
    never = cells[cells["seeds"].eq("exploration") & cells["lower_bound"]]
    return never[["hidden", "rule", "energy", "fraction"]].assign(never=True)


def _savings_numbers(study: Study) -> pd.DataFrame:
    """E(all) / E at P* of every rule, paired by seed; and with no P below `SMALLEST` admitted.

    The second stands beside the first if it is at another P, and confirmation seeds were run there.
    """
    found = shown_savings(study.savings, "ratio").assign(smallest=0.0)
    keys = ["quantity", "rule", "hidden"]
    least = smallest_fraction(study, (SMALLEST,)).rename(
        columns={"energy": "quantity", "ratio": "value"}
    )
    if len(least):
        chosen = found.set_index(keys)["fraction"]
        other = chosen.reindex(pd.MultiIndex.from_frame(least[keys])).to_numpy()
        least = least[least["value"].notna() & least["fraction"].ne(other)].assign(bound="")
        found = pd.concat([found, without_few(least, least["pairs"], ("low", "high"))])
    return found[SAVINGS].sort_values(["smallest", *keys], ignore_index=True)


def _draw_optimal(numbers: pd.DataFrame) -> Figure:
    quantities = [*dict.fromkeys([*style.ENERGIES, *numbers["quantity"]])]
    figure, axes = style.panels(len(quantities), 1, 1.2 + 1.6 * len(quantities), sharex=True)
    shift = marks.size_shifts(numbers)
    for axis, quantity in zip(axes.flat, quantities, strict=True):
        part = numbers[numbers["quantity"] == quantity]
        for label in style.ordered(part["rule"]):
            of_rule = part[part["rule"] == label]
            bound, aside = of_rule["lower_bound"], shift[label]
            marks.line(axis, of_rule[~bound], label, "hidden", aside)
            marks.bounds(axis, of_rule[bound], label, "hidden", True, aside)
            doubtful = ~of_rule["confirmed"] | of_rule["mark"].ne("")
            marks.hollow(axis, of_rule[doubtful], label, "hidden", aside)
        whole = part.loc[part["rule"].eq(ALL) & ~part["lower_bound"], "value"]
        if len(whole):
            axis.axhline(whole.min(), color=style.GREY, linewidth=0.6, linestyle=":")
        words = style.ENERGY_WORDS.get(quantity, style.energy_name(quantity))
        axis.set_ylabel(f"{words},\nuntil the criterion")
        log_axis(axis, "y")
        size_axis(axis, numbers["hidden"], most=6)
    axes[-1, 0].set_xlabel("hidden units nₕ")
    figure.align_ylabels()
    style.legend(figure, numbers["rule"])
    return figure


def draw_savings(numbers: pd.DataFrame) -> Figure:
    """Ratios against size."""
    figure, axes = style.panels(2, 1, 4.4, sharex=True)
    shift = marks.size_shifts(numbers)
    for axis, (quantity, words) in zip(axes.flat, style.ENERGIES.items(), strict=True):
        part = numbers[numbers["quantity"] == quantity]
        for label in style.ordered(part["rule"]):
            of_rule = part[part["rule"] == label]
            free = of_rule["smallest"] == 0
            marks.bounded_line(axis, of_rule[free], label, "hidden", shift[label])
            options = {"linestyle": ":", "zorder": 2, **marks.HOLLOW}
            marks.line(axis, of_rule[~free], label, "hidden", shift[label], **options)
        _ratio_axis(axis, part)
        size_axis(axis, numbers["hidden"], most=6)
        axis.set_ylabel(f"saving in {words},\ntimes less")
    axes[-1, 0].set_xlabel("hidden units nₕ")
    figure.align_ylabels()
    extra = [
        Line2D(
            [], [], color=style.GREY, linestyle=":", marker="o",
            label=f"best P ≥ {SMALLEST:g}, if P* is smaller", **marks.HOLLOW,
        )
    ]  # fmt: skip
    style.legend(figure, numbers["rule"], extra if numbers["smallest"].any() else ())
    return figure


def _ratio_axis(axis: Axes, part: pd.DataFrame) -> None:
    axis.axhline(1, color=style.GREY, linewidth=0.6, linestyle=":")
    if len(part):
        log_axis(axis, "y")


def _optimal_caption(numbers: pd.DataFrame) -> str:
    return (
        "Energy until the criterion at the optimal plastic fraction P* of each rule, and of the"
        " unmodified network, against the number of hidden units. P* has the least energy per"
        " success among the exploration seeds. The energies are those of the confirmation seeds."
        " Error bars: 95 % intervals of the mean over seeds (t distribution on the logarithm), if"
        f" at least {FEWEST} runs reached the criterion. Hollow: from the exploration seeds alone,"
        " or P* is the first or last fraction of its grid, or was limited by the number of steps."
        " Arrows: lower bounds, as no run reached the criterion. Dotted: the least energy of an"
        " unmodified network of the sizes shown."
        f" A point stands for {seeds_words(numbers['runs'])}."
    )


def _savings_caption(numbers: pd.DataFrame) -> str:
    seeds = seeds_words(numbers["pairs"], "confirmation")
    return (
        "How many times less is spent with a rule at P*, its best P, than in the unmodified"
        " network, against the number of hidden units; 1 - 1/ratio of the energy is saved."
        f" Geometric means over {seeds}, paired by seed. Error bars: 95 % intervals, paired t on"
        f" the logarithm of the ratio, from {FEWEST} seeds on. Hollow with an arrow: a run did not"
        " reach the criterion, and the value is a bound. Dotted with hollow markers: at the best P"
        f" of at least {SMALLEST:g}, if P* is smaller. It may lie above P*, as other seeds chose"
        " P*."
        " Dotted line: no saving."
    )


optimal_energies = Drawing(
    number=5,
    name="figure-5-optimal-energy",
    title="Optimal energy against size",
    numbers=optimal_numbers,
    draw=_draw_optimal,
    caption=_optimal_caption,
    needs="exploration runs (seeds 0-2) under a rule that reached the criterion at P < 1",
)
maximum_saving = Drawing(
    number=6,
    name="figure-6-maximum-saving",
    title="Maximum saving against size",
    numbers=_savings_numbers,
    draw=draw_savings,
    caption=_savings_caption,
    needs="two or more confirmation seeds (100-107) of the unmodified network and of a rule at P*",
)
