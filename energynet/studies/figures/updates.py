"""Figure 8: where updates go."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from energynet.analysis.study import Study
from energynet.studies.figures import marks, style
from energynet.studies.figures.drawing import Drawing, at_optimum, seeds_words
from energynet.studies.figures.scales import log_axis, percent_labels, size_axis

WORDS = {
    "output": "share in the\noutput layer",
    "changed": "synapses that\nend changed",
    "inefficiency": "energy /\ndirect energy",
}
COLUMNS = ["quantity", "measure", "hidden", "rule", "fraction", "runs", "value", "low", "high"]
NEEDED = ["m0_layer2", "m1_layer2", "m0_direct", "m1_direct", "synapses"]


def _numbers(study: Study) -> pd.DataFrame:
    """The measures at the optimum of each energy: geometric mean, lowest and highest over seeds."""
    if not set(NEEDED) <= set(study.runs):
        return pd.DataFrame(columns=COLUMNS)
    measured = pd.concat([_measured(study, energy) for energy in style.ENERGIES])
    measured = measured[np.isfinite(measured["value"]) & measured["value"].gt(0)]
    keys = ["quantity", "measure", "hidden", "rule", "fraction"]
    groups = measured.assign(value=np.log(measured["value"])).groupby(keys)["value"]
    summary = groups.agg(runs="count", value="mean", low="min", high="max").reset_index()
    summary[["value", "low", "high"]] = np.exp(summary[["value", "low", "high"]].astype(float))
    return summary[COLUMNS]


def _measured(study: Study, energy: str) -> pd.DataFrame:
    """One row per run and measure."""
    runs = at_optimum(study, energy)
    values = {
        "output": runs[f"{energy}_layer2"] / runs[energy],
        "changed": runs["m0_direct"] / runs["synapses"],
        "inefficiency": runs[energy] / runs[f"{energy}_direct"].replace(0, np.nan),
    }
    parts = [
        runs.assign(quantity=energy, measure=measure, value=value.astype(float))
        for measure, value in values.items()
    ]
    return pd.concat(parts)


def _draw(numbers: pd.DataFrame) -> Figure:
    figure, axes = style.panels(3, 2, 4.8, sharex=True)
    shift = marks.size_shifts(numbers)
    for row, (measure, words) in zip(axes, WORDS.items(), strict=True):
        of_measure = numbers[numbers["measure"] == measure]
        if measure != "inefficiency":  # the two energies count the same thing there
            row[1].sharey(row[0])
            row[1].tick_params(labelleft=False)
        for axis, energy in zip(row, style.ENERGIES, strict=True):
            part = of_measure[of_measure["quantity"] == energy]
            for label in style.ordered(part["rule"]):
                marks.line(axis, part[part["rule"] == label], label, "hidden", shift[label])
            size_axis(axis, numbers["hidden"], most=3)
        row[0].set_ylabel(words)
        for axis in row:
            log_axis(axis, "y")
            if measure != "inefficiency":
                percent_labels(axis)
    for column, (top, bottom) in enumerate(zip(axes[0], axes[-1], strict=True)):
        top.set_title(f"{list(style.ENERGIES.values())[column]}, at its P*", pad=3)
        bottom.set_xlabel("hidden units nₕ")
    figure.align_ylabels()
    style.legend(figure, numbers["rule"])
    return figure


def _caption(numbers: pd.DataFrame) -> str:
    return (
        "Where updates go, for each rule at its optimal P* and for the unmodified network; left"
        " for M₀, right for M₁. Top: share of the energy that is spent in the output layer. Middle:"
        " share of all synapses whose last weight differs from their first. Bottom: energy divided"
        " by that of the direct way to the same weights. If a rule treats the synapses of both"
        " layers alike, the output layer has the same share of the energy as of the synapses; the"
        " lines of such rules coincide. Geometric means over seeds (confirmation"
        " seeds, or else exploration seeds). Error bars: lowest and highest of"
        f" {seeds_words(numbers['runs'])}."
    )


updates = Drawing(
    number=8,
    name="figure-8-where-updates-go",
    title="Where updates go",
    ours=True,
    numbers=_numbers,
    draw=_draw,
    caption=_caption,
    needs="runs at an optimal P*, with their energies of each layer and their direct energies",
)
