"""Figure 9: accuracy against the energy spent, each rule at its optimum."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from energynet.analysis.runs import held
from energynet.analysis.study import Study
from energynet.studies.figures import style
from energynet.studies.figures.drawing import Drawing, at_optimum, seeds_words
from energynet.studies.figures.scales import accuracy_axis, log_axis

COLUMNS = [
    *("hidden", "quantity", "rule", "fraction", "accuracy", "runs", "value", "low", "high"),
    "criterion",
]
LEVELS = 24
LOWEST = 0.5
PANELS = 2  # the largest sizes


def _numbers(study: Study) -> pd.DataFrame:
    """Energy spent by the first test at which each level of accuracy was reached."""
    if study.history is None or "id" not in study.runs:
        return pd.DataFrame(columns=COLUMNS)
    keys, rows = ["hidden", "rule", "fraction"], []
    for energy in style.ENERGIES:
        runs = at_optimum(study, energy)
        runs = runs[runs["hidden"].isin(study.constrained_sizes[-PANELS:])]
        curves = held(study.history, runs).sort_values(["id", "step"])
        curves = curves.merge(runs[["id", *keys]], on="id")
        for key, group in curves.groupby(keys):
            for level, spent in _spent(group, energy, study.criterion):
                if not (spent > 0).all():
                    continue  # a rule that has not changed anything yet
                row = {
                    "quantity": energy,
                    "accuracy": level,
                    "runs": len(spent),
                    "value": np.exp(np.log(spent).mean()),
                    "low": spent.min(),
                    "high": spent.max(),
                    "criterion": study.criterion,
                }
                rows.append(dict(zip(keys, key, strict=True)) | row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _spent(
    curves: pd.DataFrame, energy: str, criterion: float
) -> Iterator[tuple[float, np.ndarray]]:
    """(level of accuracy, energy spent by each run), as long as all runs reach the level.

    It begins at the last level that all runs have passed by their first test.
    """
    by_run = [run for _, run in curves.groupby("id")]
    lowest = min(run["accuracy"].iloc[0] for run in by_run)
    most = min(run["accuracy"].max() for run in by_run)
    levels = 1 - np.geomspace(1 - LOWEST, max(1 - criterion, 1e-3), LEVELS)
    levels = np.append(levels[:-1], criterion)
    start = max(0, np.searchsorted(levels, lowest, side="right") - 1)
    for level in levels[start:]:
        if level > most:
            return
        firsts = [int(np.argmax(run["accuracy"] >= level)) for run in by_run]
        yield (
            float(level),
            np.array([run[energy].iloc[i] for run, i in zip(by_run, firsts, strict=True)], float),
        )


def _draw(numbers: pd.DataFrame) -> Figure:
    sizes = sorted(set(numbers["hidden"]))
    figure, axes = style.panels(len(sizes), 2, 1.0 + 1.6 * len(sizes), sharex="col", sharey=True)
    criterion = numbers["criterion"].iloc[0]
    for row, size in zip(axes, sizes, strict=True):
        for axis, energy in zip(row, style.ENERGIES, strict=True):
            part = numbers[(numbers["hidden"] == size) & (numbers["quantity"] == energy)]
            axis.axhline(criterion, color=style.GREY, linewidth=0.6, linestyle=":")
            for label in style.ordered(part["rule"]):
                of_rule = part[part["rule"] == label]
                at = style.look(label)
                level, low, high = of_rule["accuracy"], of_rule["low"], of_rule["high"]
                axis.fill_betweenx(level, low, high, color=at.color, alpha=0.13, linewidth=0)
                axis.plot(
                    of_rule["value"], level, at.line, color=at.color, marker=at.marker,
                    markevery=[-1],
                )  # fmt: skip
            axis.set_title(f"nₕ = {size:,}", pad=3)
        row[0].set_ylabel("test accuracy")
    label_panels(axes, numbers["accuracy"].min(), criterion)
    style.legend(figure, numbers["rule"])
    return figure


def label_panels(axes: np.ndarray, lowest: float, highest: float) -> None:
    """Axes of accuracies in this range against energies: a row per size, M0 beside M1."""
    for axis in axes.flat:
        accuracy_axis(axis, lowest, highest)
        log_axis(axis, "x", most=4)
    for axis, words in zip(axes[-1], style.ENERGIES.values(), strict=True):
        axis.set_xlabel(f"{words} spent")


def _caption(numbers: pd.DataFrame) -> str:
    return (
        "Test accuracy against the energy spent, for the unmodified network and for each rule at"
        " its optimal P* for that energy. The energy is that at the first test with at least that"
        " accuracy, a geometric mean over seeds (confirmation seeds, or else exploration seeds). A"
        " line ends at the highest accuracy that all of them reach. Shaded: from the lowest to the"
        " highest of"
        f" {seeds_words(numbers['runs'])}. Dotted: the criterion. The axis of accuracies is"
        " logarithmic in the errors."
    )


accuracy_against_energy = Drawing(
    number=9,
    name="figure-9-accuracy-against-energy",
    title="Accuracy against the energy spent",
    ours=True,
    numbers=_numbers,
    draw=_draw,
    caption=_caption,
    needs="learning curves"
    " (a RUNS folder holds them; beside an exported table they are NAME_history)",
)
