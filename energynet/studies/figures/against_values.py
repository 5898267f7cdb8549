"""Energy against the value of each method's parameter, relative to the unmodified network."""

from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from energynet.analysis.comparison import Comparison
from energynet.analysis.contrasts import Cell
from energynet.analysis.methods import ALL
from energynet.analysis.optimum import SUCCESS
from energynet.analysis.ratios import FEWEST
from energynet.analysis.study import CONFIRMATION, Study
from energynet.store.schema import COST
from energynet.studies.figures import marks, style
from energynet.studies.figures.drawing import (
    Drawing,
    confirmed_first,
    spread_out,
    without_few,
)
from energynet.studies.figures.scales import log_axis

COLUMNS = [
    *("hidden", "rule", "parameter", "parameter_value", "seeds", "runs", "reached", "value"),
    *("low", "high", "lower_bound"),
]
SIZES = 4  # rows of panels at most


def _numbers(study: Study, energy: str) -> pd.DataFrame:
    """Cells of one energy / that of the unmodified network of the same size, if it was run.

    Costs stand as they are: the unmodified network has none.
    """
    assert isinstance(study, Comparison)
    cells = without_few(study.cells, study.cells["reached"], ("low", "high"))
    cells = cells[(cells["energy"] == energy) & cells["energy_per_success"].notna()]
    cells = cells[cells["hidden"].isin(spread_out(sorted(set(cells["hidden"])), SIZES))]
    cells = cells[[not other for other in _confirm_another(study, cells)]]
    for column in ("low", "high"):  # of the runs that reached: not of the energy per success
        cells[column] = cells[column].where(cells["reached"] == cells["runs"])
    cells = cells.rename(columns={"energy_per_success": "value"})
    if not energy.startswith(COST):
        whole = confirmed_first(cells[(cells["rule"] == ALL) & ~cells["lower_bound"]])
        unit = cells["hidden"].map(whole.groupby("hidden")["value"].first())
        for column in ("value", "low", "high"):
            cells[column] /= unit
    axes = [study.axes[rule] for rule in cells["rule"]]
    cells["parameter"] = [axis.name for axis in axes]
    cells["parameter_value"] = [
        axis.value(at) for axis, at in zip(axes, cells["fraction"], strict=True)
    ]
    keys = ["parameter", "hidden", "rule", "parameter_value", "seeds"]
    return cells.loc[cells["value"].notna(), COLUMNS].sort_values(keys, ignore_index=True)


def _confirm_another(study: Comparison, cells: pd.DataFrame) -> list[bool]:
    """Which cells are confirmation runs at the best value of another energy."""
    found = []
    for row in cells[["hidden", "rule", "energy", "fraction", "seeds"]].to_dict("records"):
        point = study.optimum(Cell(row["hidden"], row["rule"], row["energy"])).point
        varied = row["seeds"] == CONFIRMATION and row["rule"] != ALL
        found.append(varied and (point is None or point.fraction != row["fraction"]))
    return found


def _draw(numbers: pd.DataFrame, energy: str) -> Figure:
    parameters = [name for name in dict.fromkeys(numbers["parameter"]) if name] or [""]
    sizes = sorted(set(numbers["hidden"]))
    figure, axes = style.panels(
        len(sizes), len(parameters), 1.2 + 1.5 * len(sizes), sharex="col", sharey="row"
    )
    for row, size in zip(axes, sizes, strict=True):
        for axis, parameter in zip(row, parameters, strict=True):
            of_size = numbers[numbers["hidden"] == size]
            _panel(axis, of_size[of_size["parameter"].isin(["", parameter])])
            axis.set_title(f"nₕ = {size:,}", pad=3)
        for axis in row:  # once all panels have shown how far they reach
            log_axis(axis, "y")
        divided = "" if energy.startswith(COST) else " / unmodified"
        row[0].set_ylabel(f"{style.energy_name(energy)}{divided}")
    for axis, parameter in zip(axes[-1], parameters, strict=True):
        axis.set_xlabel(parameter)
        if axis.get_xscale() == "log":
            log_axis(axis, "x", most=max(2, 6 // len(parameters)))
    style.legend(figure, numbers["rule"])
    return figure


def _panel(axis: Axes, part: pd.DataFrame) -> None:
    axis.set_yscale("log")
    varied = part[part["parameter"] != ""]
    several = varied["parameter_value"].nunique() > 1  # a logarithmic axis needs a span
    if several and (varied["parameter_value"] > 0).all():
        axis.set_xscale("log")
    for label in style.ordered(part["rule"]):
        of_rule = part[part["rule"] == label]
        if label not in set(varied["rule"]):
            best = confirmed_first(of_rule).iloc[0]
            at = style.look(label)
            line = ":" if best["lower_bound"] else at.line
            axis.axhline(best["value"], color=at.color, linewidth=0.8, linestyle=line)
            continue
        explored = of_rule[of_rule["seeds"] == "exploration"]
        known = explored[~explored["lower_bound"]]
        marks.line(axis, known, label, "parameter_value")
        doubtful = known[known["reached"] < SUCCESS * known["runs"]]
        marks.hollow(axis, doubtful, label, "parameter_value")
        marks.bounds(axis, explored[explored["lower_bound"]], label, "parameter_value", up=True)
        best = of_rule[of_rule["seeds"] == CONFIRMATION]
        marks.bounds(axis, best[best["lower_bound"]], label, "parameter_value", up=True)
        ring: dict[str, Any] = {
            "markersize": 5,
            "markeredgecolor": style.INK,
            "markeredgewidth": 0.7,
        }
        if (best["reached"] < SUCCESS * best["runs"]).any():  # one cell
            ring["markerfacecolor"] = "white"
        marks.line(axis, best, label, "parameter_value", linestyle="", zorder=5, **ring)


def _caption(_numbers: pd.DataFrame, energy: str) -> str:
    what, divided = "Energy", ", divided by that of the unmodified network of the same size"
    end = "; they leave out the uncertainty of the unmodified network"
    if energy.startswith(COST):
        what, divided, end = "Cost that the rules report", "", ""
    return (
        f"{what} until the criterion against the value of the parameter that is varied{divided}."
        " Small markers: exploration seeds, all runs together, divided by the number of runs that"
        " reached the criterion."
        f" Ringed: confirmation seeds at the best value in {style.energy_name(energy)}."
        f" Hollow, with a ring or without: fewer than {100 * SUCCESS:.0f} % of the runs reached the"
        " criterion. Arrows: no run did, and the marker is a lower bound."
        " Horizontal lines: methods without a parameter that is varied; dotted: a lower bound, as"
        " no run reached the criterion. Error bars: 95 % intervals of the mean over seeds (t"
        f" distribution on the logarithm), from {FEWEST} runs on, if all reached the criterion"
        f"{end}."
    )


def against_values(number: int, energy: str) -> Drawing:
    """The figure of one energy, for a `Comparison`."""
    unmodified = "" if energy.startswith(COST) else " of the unmodified network"
    return Drawing(
        number=number,
        name=f"figure-{number}-{energy.replace('_', '-')}-against-values",
        title=f"{style.energy_name(energy)} against the value of the parameter",
        numbers=partial(_numbers, energy=energy),
        draw=partial(_draw, energy=energy),
        caption=partial(_caption, energy=energy),
        needs=f"runs{unmodified} that reached the criterion",
    )
