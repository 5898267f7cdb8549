"""Figure 12: M0 against the number of synapses that change in a step."""

from textwrap import fill
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from energynet.analysis.methods import ALL, OUTPUT_PLASTIC, READOUT, display_name, short_names
from energynet.analysis.optimum import SUCCESS
from energynet.analysis.study import EXPLORATION, Study
from energynet.studies.figures import marks, style
from energynet.studies.figures.drawing import Drawing, seeds_words, spread_out
from energynet.studies.figures.scales import log_axis

COLUMNS = ["rule", "hidden", "fraction", "plastic_synapses", "seeds", "runs", "reached", "value"]
MARKERS = "os^vDP"  # of sizes, from small to large


def _numbers(study: Study) -> pd.DataFrame:
    """M0 per success of every cell that reached: exploration seeds, or else what there is."""
    cells = study.cells[study.cells["energy"].eq("m0") & study.cells["reached"].gt(0)]
    cells = cells[cells["plastic_synapses"].notna() & cells["energy_per_success"].gt(0)]
    keys = ["rule", "hidden", "fraction"]
    cells = cells.iloc[cells["seeds"].ne(EXPLORATION).to_numpy().argsort(kind="stable")]
    cells = cells.drop_duplicates(keys).rename(columns={"energy_per_success": "value"})
    sizes = spread_out(study.constrained_sizes, len(MARKERS))
    cells = cells[cells["rule"].eq(ALL) | cells["hidden"].isin(sizes)]
    shown = cells["rule"].ne(ALL).any()
    return cells.loc[cells["rule"].notna() & shown, COLUMNS].sort_values(keys, ignore_index=True)


def _draw(numbers: pd.DataFrame) -> Figure:
    rules = [label for label in style.ordered(numbers["rule"]) if label not in (ALL, READOUT)]
    sizes = sorted(set(numbers.loc[numbers["rule"] != ALL, "hidden"]))
    marker = dict(zip(sizes, MARKERS, strict=False))
    rows = -(-len(rules) // 2)
    spare = len(rules) % 2 == 1 and len(rules) > 1  # an empty panel takes the legend
    height = 0.4 + 1.5 * rows + (0 if spare else 0.4)
    figure, axes = style.panels(rows, min(2, len(rules)), height, sharex=True, sharey=True)
    names = short_names(rules)
    unmodified, readout = (numbers[numbers["rule"] == name] for name in (ALL, READOUT))
    for axis, rule in zip(axes.flat, rules, strict=False):
        for part, name in ((unmodified, ALL), (readout, READOUT)):
            at = style.look(name)
            axis.plot(
                part["plastic_synapses"], part["value"], color=at.color, marker=at.marker,
                linewidth=0.7, markersize=1.8 if name == ALL else 3.5, zorder=5,
            )  # fmt: skip
        color = style.look(rule).color
        for size in sizes:
            part = numbers[(numbers["rule"] == rule) & (numbers["hidden"] == size)]
            part = part.sort_values("plastic_synapses")
            k, value = part["plastic_synapses"], part["value"]
            axis.plot(k, value, color=color, marker=marker[size], linewidth=0.7)
            few = part["reached"] < SUCCESS * part["runs"]
            axis.plot(k[few], value[few], marker[size], color=color, zorder=4, **marks.HOLLOW)
        axis.set_title(fill(names[rule], 18), pad=3)
    for axis in axes.flat:
        log_axis(axis, "x", most=4)
        log_axis(axis, "y")
    for axis in axes.flat[len(rules) :]:
        axis.set_axis_off()
        axis.set_title("", loc="left")
    for axis in axes.flat[: len(rules)][-2:]:
        axis.set_xlabel("plastic synapses k")
        axis.tick_params(labelbottom=True)
    for axis in axes[:, 0]:
        axis.set_ylabel("M₀")
    _legend(figure, numbers, marker, axes.flat[-1] if spare else None)
    return figure


def _legend(
    figure: Figure, numbers: pd.DataFrame, marker: dict[int, str], inside: Axes | None
) -> None:
    """Draw the legend, in an empty panel or below the figure."""
    handles = [
        Line2D([], [], color=style.GREY, marker=mark, linewidth=0.7, label=f"nₕ = {size:,}")
        for size, mark in marker.items()
    ]
    names = {ALL: "unmodified, any nₕ", READOUT: display_name(READOUT)}
    for name, words in names.items():
        if numbers["rule"].eq(name).any():
            at = style.look(name)
            handles.append(
                Line2D([], [], color=at.color, marker=at.marker, linewidth=0.7, label=words)
            )
    options: dict[str, Any] = {
        **{"handles": handles, "frameon": False, "handlelength": 1.6, "handletextpad": 0.5},
        **{"labelspacing": 0.25, "columnspacing": 0.8, "borderaxespad": 0.2},
    }
    if inside is not None:
        inside.legend(loc="center", **options)
    else:
        figure.legend(loc="outside lower center", ncols=3, **options)


def _caption(numbers: pd.DataFrame) -> str:
    constrained = numbers[~numbers["rule"].isin([ALL, READOUT])]
    plastic = constrained["rule"].str.endswith(OUTPUT_PLASTIC).all() and len(constrained) > 0
    return (
        "M₀ until the criterion against the number k of synapses that may change in a step"
        f"{', those of the output layer included' if plastic else ''}; a panel for each rule, a"
        " marker for each number of hidden units. Black: unmodified networks, small ones among"
        " them, of which all synapses change. Energy of all runs, divided by the number of runs"
        f" that reached the criterion; hollow if fewer than {100 * SUCCESS:.0f} % did, left out if"
        f" none. A point stands for {seeds_words(numbers['runs'])}."
    )


m0_against_count = Drawing(
    number=12,
    name="figure-12-m0-against-count",
    title="M₀ against the number of plastic synapses",
    ours=True,
    numbers=_numbers,
    draw=_draw,
    caption=_caption,
    needs="runs under a rule that reached the criterion, with their numbers of plastic synapses",
)
