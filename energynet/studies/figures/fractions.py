"""Figures 3 and 4: energy and steps until the criterion against the plastic fraction."""

import math
import sys
from collections.abc import Iterable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from energynet.analysis.methods import ALL, READOUT, output_plastic
from energynet.analysis.optimum import SUCCESS
from energynet.analysis.ratios import FEWEST
from energynet.analysis.runs import SEED_SETS
from energynet.analysis.study import Study
from energynet.studies.figures import marks, style
from energynet.studies.figures.drawing import (
    Drawing,
    confirmed_first,
    counted,
    seeds_words,
    spread_out,
    without_few,
)
from energynet.studies.figures.scales import log_axis
from energynet.support.format import tick

COLUMNS = [
    *("hidden", "quantity", "rule", "fraction", "seeds", "runs", "reached", "value", "low"),
    *("high", "lower_bound", "optimum", "synapses"),
]
PANELS = 6  # sizes that figure 3 shows at most
PREFERRED = (1000, 10_000)  # sizes of figure 4, as on the poster


def _m1_numbers(study: Study) -> pd.DataFrame:
    """M1 / M1 of the unmodified network of the same size."""
    cells = _cells(study, ("m1",), spread_out(study.constrained_sizes, PANELS))
    unmodified = confirmed_first(cells[(cells["rule"] == ALL) & ~cells["lower_bound"]])
    unit = unmodified.groupby("hidden")["value"].first()
    for column in ("value", "low", "high"):
        cells[column] /= cells["hidden"].map(unit)
    return _tidy(cells)


def _costs_numbers(study: Study) -> pd.DataFrame:
    """M0, M1 and steps; steps of a cell that never reached the criterion are its limit."""
    both = [size for size in PREFERRED if size in study.constrained_sizes]
    sizes = both if len(both) == len(PREFERRED) else study.constrained_sizes[-2:]
    cells = _cells(study, ("m0", "m1"), sizes)
    steps = cells[cells["quantity"] == "m0"].assign(quantity="steps", low=float("nan"))
    steps["high"] = float("nan")
    steps["value"] = steps["steps"].where(~steps["lower_bound"], steps["max_steps"])
    return _tidy(pd.concat([cells, steps], ignore_index=True))


def _cells(study: Study, energies: tuple[str, ...], sizes: list[int]) -> pd.DataFrame:
    """Cells of those energies: exploration seeds at every P, confirmation seeds at P* and P = 1.

    A size without exploration seeds shows what it has.
    """
    cells = without_few(study.cells, study.cells["reached"], ("low", "high"))
    # Logarithmic. Readout is a line; settings that change nothing have P = 0 or next to it.
    on_axis = (cells["fraction"] > sys.float_info.min) | cells["rule"].eq(READOUT)
    cells = cells[cells["energy"].isin(energies) & cells["hidden"].isin(sizes) & on_axis]
    # A line that is a lower bound would look like the least energy of all.
    cells = cells[~(cells["rule"].eq(READOUT) & cells["lower_bound"])]
    cells["synapses"] = cells["hidden"].map(counted(study))
    best = study.optimal[["hidden", "rule", "energy", "fraction"]].assign(optimum=True)
    cells = cells.merge(best, how="left", on=["hidden", "rule", "energy", "fraction"])
    cells["optimum"] = cells["optimum"].eq(True)
    explored = cells["hidden"].isin(cells.loc[cells["seeds"] == "exploration", "hidden"])
    first = cells["seeds"].eq("exploration") | ~explored
    confirmed = cells["seeds"].eq("confirmation") & cells["optimum"]
    return cells[first | confirmed].rename(
        columns={"energy": "quantity", "energy_per_success": "value"}
    )


def _tidy(cells: pd.DataFrame) -> pd.DataFrame:
    keys = ["hidden", "quantity", "rule", "fraction", "seeds"]
    return cells.loc[cells["value"].notna(), COLUMNS].sort_values(keys, ignore_index=True)


def _draw_m1(numbers: pd.DataFrame) -> Figure:
    sizes = sorted(set(numbers["hidden"]))
    columns = min(2, len(sizes))
    rows = -(-len(sizes) // columns)
    spare = len(sizes) % columns  # an empty panel takes the legend
    height = 0.45 + 1.5 * rows + (0 if spare else 0.75)
    figure, axes = style.panels(rows, columns, height, sharex=True, sharey=True)
    used, empty = axes.flat[: len(sizes)], axes.flat[len(sizes) :]
    for axis, size in zip(used, sizes, strict=True):
        _against_fraction(axis, numbers[numbers["hidden"] == size])
        axis.set_title(f"nₕ = {size:,}", pad=3)
    for axis in empty:
        axis.set_axis_off()
        axis.set_title("", loc="left")
    for axis in used[-columns:]:
        axis.set_xlabel("plastic fraction P")
        axis.tick_params(labelbottom=True)
    for axis in axes[:, 0]:
        axis.set_ylabel("M₁ / unmodified M₁")
    _finish(used, numbers)
    for index, (axis, size) in enumerate(zip(used, sizes, strict=True)):
        words = "plastic synapses k" if index < columns else ""
        _count_axis(axis, numbers[numbers["hidden"] == size], words, 4)
    _legend(figure, numbers, inside=empty[0] if spare else None)
    return figure


def _draw_costs(numbers: pd.DataFrame) -> Figure:
    sizes = sorted(set(numbers["hidden"]))
    words = {**style.ENERGY_WORDS, "steps": "steps"}
    figure, axes = style.panels(3, len(sizes), 6.2, sharex=True, sharey="row")
    for row, (quantity, label) in zip(axes, words.items(), strict=True):
        for axis, size in zip(row, sizes, strict=True):
            chosen = (numbers["hidden"] == size) & (numbers["quantity"] == quantity)
            _against_fraction(axis, numbers[chosen])
        row[0].set_ylabel(label)
        _finish(row, numbers[numbers["quantity"] == quantity])
    for axis, size in zip(axes[0], sizes, strict=True):
        axis.set_title(f"nₕ = {size:,}", pad=3)
        top = "N₁, hidden layer" if output_plastic(numbers["rule"]) else "N synapses"
        _count_axis(axis, numbers[numbers["hidden"] == size], f"k = P {top}")
    for axis in axes[-1]:
        axis.set_xlabel("plastic fraction P")
    figure.align_ylabels()
    _legend(figure, numbers)
    return figure


def _count_axis(axis: Axes, part: pd.DataFrame, words: str, most: int = 6) -> None:
    """How many synapses the fractions are, on top of a panel, with `most` labels."""
    synapses = float(part["synapses"].iloc[0])
    if math.isnan(synapses):
        return

    def count(fraction: Any) -> Any:
        return fraction * synapses

    def fraction(count: Any) -> Any:
        return count / synapses

    top = axis.secondary_xaxis("top", functions=(count, fraction))
    low, high = (end * synapses for end in axis.get_xlim())
    least = max(0, math.ceil(math.log10(low)))  # the axes have room for less than one synapse
    powers = range(least, math.floor(math.log10(high)) + 1)
    powers = powers[:: math.ceil(len(powers) / most)]
    top.set_xticks([10.0**power for power in powers], [tick(10.0**power, True) for power in powers])
    top.minorticks_off()
    top.set_xlabel(words, labelpad=2)


def _finish(axes: Iterable[Axes], shown: pd.DataFrame) -> None:
    """Axes over what the values span: a bar that leaves them is cut, not the values squeezed."""
    shown = shown[shown["value"] > 0]  # a rule that never changes anything has no place here
    values, below, above = shown["value"], shown["low"], shown["high"]
    low = max(values.min() / 2, below.fillna(values).min())
    high = min(values.max() * 2, above.fillna(values).max())
    if shown["lower_bound"].any():  # room for the arrows
        high = max(high, 1.6 * shown.loc[shown["lower_bound"], "value"].max())
    for axis in axes:
        if len(shown):
            axis.set_ylim(min(low, values.min()) / 1.25, max(high, values.max()) * 1.25)
        log_axis(axis, "x")
        log_axis(axis, "y")


def _against_fraction(axis: Axes, part: pd.DataFrame) -> None:
    axis.set_xscale("log")
    axis.set_yscale("log")
    shift = marks.shifts(part.loc[~part["rule"].isin([ALL, READOUT]), "rule"], 1.12)
    for label in style.ordered(part["rule"]):
        of_rule = part[part["rule"] == label]
        if label in (ALL, READOUT):
            _line_over_all(axis, of_rule, label)
        else:
            _constrained(axis, of_rule, label, shift[label], bool(_confirmed(part).any()))


def _constrained(axis: Axes, of_rule: pd.DataFrame, label: str, shift: float, ringed: bool) -> None:
    """One rule; if points at P* are ringed, the bars of exploration seeds stand back."""
    confirmed = _confirmed(of_rule)
    explored = of_rule if confirmed.all() else of_rule[~confirmed]
    known = explored[~explored["lower_bound"]]
    bars: dict[str, Any] = {}
    if ringed and not confirmed.all():
        bars = {"ecolor": f"{style.look(label).color}66", "capsize": 0}
    marks.line(axis, known, label, "fraction", **bars)
    marks.hollow(axis, known[known["reached"] < SUCCESS * known["runs"]], label, "fraction")
    marks.bounds(axis, explored[explored["lower_bound"]], label, "fraction", True, shift)
    best = of_rule[confirmed & ~of_rule["lower_bound"]]
    ring: dict[str, Any] = {"markersize": 5, "markeredgecolor": style.INK, "markeredgewidth": 0.7}
    marks.line(axis, best, label, "fraction", linestyle="", zorder=5, **ring)


def _line_over_all(axis: Axes, part: pd.DataFrame, label: str) -> None:
    """A line over all P of what has no P, with its interval as a band; a marker at P = 1."""
    best, at = confirmed_first(part).iloc[0], style.look(label)
    line = ":" if best["lower_bound"] else "-" if label == ALL else "--"
    axis.axhline(best["value"], color=at.color, linewidth=0.8, linestyle=line)
    if label == ALL:
        axis.plot(1, best["value"], at.marker, color=at.color)
    if pd.notna(best["low"]):
        axis.axhspan(best["low"], best["high"], color=at.color, alpha=0.12, linewidth=0)


def _legend(figure: Figure, numbers: pd.DataFrame, inside: Axes | None = None) -> None:
    ring: dict[str, Any] = {
        "color": style.GREY,
        "marker": "o",
        "markersize": 5,
        "markeredgecolor": style.INK,
    }
    extra = [Line2D([], [], linestyle="", label="at P*, confirmed", **ring)]
    style.legend(figure, numbers["rule"], extra if _confirmed(numbers).any() else (), inside)


def _confirmed(numbers: pd.DataFrame) -> pd.Series:
    """Which rows are of confirmation seeds at the P* of a rule."""
    at_optimum = numbers["optimum"] & numbers["rule"].ne(ALL)
    return at_optimum & numbers["seeds"].eq("confirmation")


def _marks(numbers: pd.DataFrame) -> str:
    known = dict(list(numbers.groupby("seeds")["runs"]))
    kinds = [kind for kind in reversed(SEED_SETS) if kind in known]
    seeds = " or ".join(seeds_words(known[kind], kind) for kind in kinds)
    readout = (
        "; of another colour: the output layer alone" if READOUT in set(numbers["rule"]) else ""
    )
    ringed, faint = "Ringed: confirmation seeds at the optimum P*.", " (faint: exploration seeds)"
    if not _confirmed(numbers).any():
        ringed, faint = "Without confirmation seeds at an optimum P*, no marker is ringed.", ""
    return (
        " Small markers: exploration seeds, energy of all runs divided by the number of runs that"
        f" reached the criterion; hollow if fewer than {100 * SUCCESS:.0f} % did. Arrows: no run"
        " reached it, and the marker is a lower bound (side by side if several share a P)."
        f" {ringed} P = 1 is drawn and is never P*. Horizontal line: the unmodified"
        f" network{readout}. A point stands for {seeds}. Error bars{faint} and band: 95 %"
        " intervals of the mean over seeds (t distribution on the logarithm), cut at the edge of"
        f" the panel. They need {FEWEST} runs that reached the criterion"
    )


def _count(numbers: pd.DataFrame) -> str:
    """The number k of plastic synapses, on the upper axis."""
    if output_plastic(numbers["rule"]):
        return (
            "Upper axis: k = P N₁, the number of plastic synapses in the hidden layer, which has N₁"
            " synapses; all synapses of the output layer are plastic, too."
        )
    return "Upper axis: k = P N, the number of plastic synapses of the network, which has N."


def _m1_caption(numbers: pd.DataFrame) -> str:
    return (
        "Energy M₁ spent until the criterion against the plastic fraction P, divided by that of"
        " the unmodified network of the same size. One panel for each number nₕ of hidden units."
        f" {_count(numbers)}{_marks(numbers)}, and leave out the uncertainty of the unmodified"
        " network's energy."
    )


def _costs_caption(numbers: pd.DataFrame) -> str:
    sizes = " and ".join(f"{size:,}" for size in sorted(set(numbers["hidden"])))
    return (
        "Energies M₀ and M₁ and the number of steps until the criterion against the plastic"
        f" fraction P, for {sizes} hidden units. {_count(numbers)}{_marks(numbers)}. Steps are"
        " means over the runs that reached the criterion, without bars."
    )


_NEEDS = "runs of the unmodified network, and of a plasticity rule at the same size"
m1_against_fraction = Drawing(
    number=3,
    name="figure-3-m1-against-fraction",
    title="M₁ against the plastic fraction",
    numbers=_m1_numbers,
    draw=_draw_m1,
    caption=_m1_caption,
    needs=_NEEDS,
)
costs_against_fraction = Drawing(
    number=4,
    name="figure-4-costs-against-fraction",
    title="Energies and steps against the plastic fraction",
    numbers=_costs_numbers,
    draw=_draw_costs,
    caption=_costs_caption,
    needs=_NEEDS,
)
