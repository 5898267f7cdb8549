"""Figure 14: the energy of accuracies below and above the criterion."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from energynet.analysis.ratios import FEWEST
from energynet.analysis.runs import held
from energynet.analysis.study import Study
from energynet.studies.figures import style
from energynet.studies.figures.accuracy import label_panels
from energynet.studies.figures.drawing import Drawing, seeds_words

COLUMNS = ["hidden", "quantity", "rule", "accuracy", "fraction", "runs", "value", "low", "high"]
BESIDE = (-0.02, -0.01, 0.0, 0.01, 0.02, 0.025)  # the levels, from the criterion on


def _numbers(study: Study) -> pd.DataFrame:
    """The least energy of each rule by the first test at each level, of runs that continue.

    At each level P is that of least geometric mean, among the P with which all runs reach the
    level.
    """
    runs = study.endless
    runs = runs[runs["hidden"].isin(study.constrained_sizes)]
    if study.history is None or "id" not in runs or runs.empty:
        return pd.DataFrame(columns=COLUMNS)
    keys = ["hidden", "rule", "fraction"]
    curves = held(study.history, runs).merge(runs[["id", *keys]], on="id")
    curves = curves.sort_values("step", kind="stable")
    count = runs.groupby(keys)["id"].nunique()
    rows = []
    for level in (study.criterion + other for other in BESIDE):
        first = curves[curves["accuracy"] >= level - 1e-9].drop_duplicates("id")
        for quantity in style.ENERGIES:
            value = np.log(first[quantity].where(first[quantity] > 0).astype(float))
            groups = first.assign(log=value).groupby(keys)["log"]
            found = groups.agg(runs="count", value="mean", low="min", high="max")
            found = found[(found["runs"] == count.reindex(found.index)) & (found["runs"] >= FEWEST)]
            found[["value", "low", "high"]] = np.exp(found[["value", "low", "high"]])
            best = found.reset_index().sort_values("value").drop_duplicates(["hidden", "rule"])
            rows.append(best.assign(quantity=quantity, accuracy=round(level, 6)))
    return pd.concat(rows)[COLUMNS].sort_values(COLUMNS[:4], ignore_index=True)


def _draw(numbers: pd.DataFrame) -> Figure:
    sizes = sorted(set(numbers["hidden"]))[-3:]
    figure, axes = style.panels(len(sizes), 2, 1.0 + 1.6 * len(sizes), sharex="col", sharey=True)
    shown = numbers[numbers["hidden"].isin(sizes)]
    for row, size in zip(axes, sizes, strict=True):
        for axis, quantity in zip(row, style.ENERGIES, strict=True):
            part = shown[(shown["hidden"] == size) & (shown["quantity"] == quantity)]
            for label in style.ordered(part["rule"]):
                of_rule, at = part[part["rule"] == label], style.look(label)
                axis.plot(
                    of_rule["value"], of_rule["accuracy"], at.line, color=at.color,
                    marker=at.marker,
                )  # fmt: skip
            axis.set_title(f"nₕ = {size:,}", pad=3)
        row[0].set_ylabel("test accuracy")
    label_panels(axes, shown["accuracy"].min(), shown["accuracy"].max())
    style.legend(figure, shown["rule"])
    return figure


def _caption(numbers: pd.DataFrame) -> str:
    return (
        "Energy spent until the first test with at least a given accuracy. The accuracies lie"
        " below and above the criterion, and the runs continue after it. At each accuracy a rule"
        " is shown at the P of least energy among those P at which all of these runs reach the"
        " accuracy; the CSV file names this P. A line ends at the highest accuracy that the rule"
        " reaches. Long runs were made at few P, so an energy above the criterion may be more than"
        " the least. Geometric means over"
        f" {seeds_words(numbers['runs'])}. The axis of accuracies is logarithmic in the errors."
    )


higher_goals = Drawing(
    number=14,
    name="figure-14-higher-accuracies",
    title="The energy of higher accuracies",
    ours=True,
    numbers=_numbers,
    draw=_draw,
    caption=_caption,
    needs="learning curves of three or more runs with a target accuracy of 1 under the same rule",
)
