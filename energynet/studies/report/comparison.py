"""The report on a comparison of methods, as one HTML file, and its figures as files."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from energynet.analysis.comparison import Comparison
from energynet.analysis.intervals import Bound
from energynet.analysis.least import least_of_all
from energynet.analysis.methods import display_name
from energynet.analysis.optimum import SUCCESS
from energynet.analysis.ratios import FEWEST
from energynet.studies.figures.against_values import against_values
from energynet.studies.figures.drawing import Drawing
from energynet.studies.figures.save import save_each
from energynet.studies.figures.sizes import (
    maximum_saving,
    optimal_energies,
    optimal_numbers,
)
from energynet.studies.figures.style import ENERGIES, energy_name
from energynet.studies.report import tables
from energynet.studies.report.page import environment, figure_of
from energynet.support.files import made_folder, written_whole
from energynet.support.format import typeset
from energynet.support.picture import missing_glyphs_said_once

_OPTIMAL = (
    "Energy until the criterion at the best value of each method's parameter, against the number of"
    " hidden units. The exploration seeds choose the value, the confirmation seeds are drawn. Error"
    " bars: 95 % intervals of the mean over seeds (t distribution on the logarithm), from"
    f" {FEWEST} runs on, if all reached the criterion. Hollow: from exploration seeds alone, the"
    f" choice is not final, or fewer than {100 * SUCCESS:.0f} % of the runs reached the criterion."
    " Arrows: lower bounds, as no run reached the criterion. Dotted: the least energy of an"
    " unmodified network."
)
_SAVING = (
    "Share of the energy of the unmodified network that is saved at the best value, and the same as"
    " a ratio, against the number of hidden units. Geometric means over confirmation seeds, paired"
    f" by seed. Error bars: 95 % intervals, paired t on the logarithm of the ratio, from {FEWEST}"
    " seeds on. Hollow with an arrow: a run did not reach the criterion, and the end of the"
    " error bar is a bound."
)


def drawings_of(study: Comparison) -> list[Drawing]:
    """The figures of a comparison."""
    found = [against_values(number, energy) for number, energy in enumerate(study.compared, 1)]
    number, energies = len(found), {*ENERGIES, *study.compared}
    return [
        *found,
        _with_values(
            replace(optimal_energies, numbers=partial(optimal_numbers, energies=energies)),
            number=number + 1,
            name=f"figure-{number + 1}-best-energies",
            title="Energy at the best values against size",
            caption=lambda _numbers: _OPTIMAL,
            needs="runs that reached the criterion",
        ),
        _with_values(
            maximum_saving,
            number=number + 2,
            name=f"figure-{number + 2}-savings",
            title="What is saved against size",
            caption=lambda _numbers: _SAVING,
            needs="two confirmation seeds of the unmodified network and of a method",
        ),
    ]


def _with_values(drawing: Drawing, **changes: Any) -> Drawing:
    """The drawing for any axis: values of the parameter in the place of P.

    A second choice among P >= 0.01 is left out: other parameters have no such limit.
    """

    def numbers(study: Any) -> pd.DataFrame:
        found = drawing.numbers(study)
        found = found[found["smallest"] == 0] if "smallest" in found else found
        axes = [study.axes[rule] for rule in found["rule"]]
        at = found.columns.get_loc("fraction")
        values = [axis.value(p) for axis, p in zip(axes, found["fraction"], strict=True)]
        found = found.drop(columns="fraction")
        found.insert(at, "parameter", [axis.name for axis in axes])
        found.insert(at + 1, "parameter_value", values)
        if "mark" in found:
            success = study.optimal.set_index(["hidden", "rule", "energy"])["success"]
            keys = pd.MultiIndex.from_frame(found[["hidden", "rule", "quantity"]])
            few = success.reindex(keys).lt(SUCCESS).to_numpy()
            found["mark"] = found["mark"].mask(few & found["mark"].eq(""), "few runs reached")
        return found

    return replace(drawing, numbers=numbers, **changes)


def save_comparison_figures(study: Comparison, folder: Path) -> list[Path]:
    """The figures as SVG, PNG and CSV of their numbers, with captions.md."""
    with missing_glyphs_said_once():
        return save_each(drawings_of(study), study, made_folder(folder, "folder"))


def write_comparison(
    title: str, best: pd.DataFrame, ratios: pd.DataFrame, study: Comparison, file: Path
) -> Path:
    """The report: what was compared, ratios, best values, figures, limits.

    best, ratios : as `StudyOutcome` has them, of this study.
    """
    keys = ["hidden", "rule", "energy"]
    marks = {tuple(row[key] for key in keys): row["mark"] for row in best.to_dict("records")}
    page = (
        environment()
        .get_template("comparison.html")
        .render(
            version=version("energynet"),
            title=title,
            facts=tables.facts(study),
            criterion=f"{100 * study.criterion:g} %",
            axes=study.axis_names,
            best=[_best(row) for row in best.to_dict("records")],
            sentences=least_of_all(best, ratios, energy_name),
            ratios=[_ratio(row, marks) for row in study.once(ratios).to_dict("records")],
            gaps=ratios["why"].ne("").any(),
            figures=[figure_of(drawing, study, "") for drawing in drawings_of(study)],
        )
    )
    with written_whole(file) as stream:
        stream.write(page.encode())
    return file


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "name": display_name(row["rule"]),
        "energy_name": energy_name(row["energy"]),
    }


def _best(row: dict[str, Any]) -> dict[str, Any]:
    bound = "" if row["reached"] or not row["runs"] else tables.BOUNDS[Bound.LOWER]
    return _named(row) | {
        "note": "; ".join(filter(None, (row["mark"], row["why"]))),
        "text": bound + typeset(row["confirmed"]),
        "counts": f"{row['reached']} of {row['runs']}",
    }


def _ratio(row: dict[str, Any], marks: Mapping[tuple[Any, ...], str]) -> dict[str, Any]:
    """A bound is the end of the interval that is known, as in `ratio_words`."""
    bound = row["bound"]
    columns = {Bound.UPPER: "ratio_high", Bound.LOWER: "ratio_low"}
    value = math.nan if bound == Bound.UNKNOWN else row[columns.get(bound, "ratio")]
    exact = not bound and row["pairs"] >= FEWEST
    return _named(row) | {
        "ratio": value,
        "text": tables.BOUNDS.get(bound, "") + typeset(value),
        "ends": (row["ratio_low"], row["ratio_high"]) if exact else None,
        "against_name": display_name(row["against"]),
        "mark": marks[row["hidden"], row["rule"], row["energy"]],
        "against_mark": marks[row["hidden"], row["against"], row["energy"]],
    }
