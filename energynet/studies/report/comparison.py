"""The report on a comparison of methods, as one HTML file, and its figures as files."""

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from energynet.analysis.comparison import Comparison
from energynet.analysis.intervals import Bound
from energynet.analysis.methods import display_name
from energynet.studies.figures.against_values import against_values
from energynet.studies.figures.drawing import FEWEST, Drawing
from energynet.studies.figures.save import save_each
from energynet.studies.figures.sizes import maximum_saving, optimal_energies
from energynet.studies.report import tables
from energynet.studies.report.page import environment, figure_of
from energynet.support.files import made_folder, written_whole
from energynet.support.format import DASH, typeset
from energynet.support.picture import missing_glyphs_said_once

_OPTIMAL = (
    "Energy until the criterion at the best value of each method's parameter, against the number of"
    " hidden units. The exploration seeds choose the value, the confirmation seeds are drawn. Error"
    " bars: 95 % intervals of the mean over seeds (t distribution on the logarithm), from"
    f" {FEWEST} runs that reached the criterion on. Hollow: from exploration seeds alone, or the"
    " choice is not final. Arrows: lower bounds, as no run reached the criterion. Dotted: the least"
    " energy of an unmodified network."
)
_SAVING = (
    "Share of the energy of the unmodified network that is saved at the best value, and the same as"
    " a ratio, against the number of hidden units. Geometric means over confirmation seeds, paired"
    f" by seed. Error bars: 95 % intervals, paired t on the logarithm of the ratio, from {FEWEST}"
    " seeds on. Hollow with an arrow: a run did not reach the criterion, and the value is a bound."
)


def drawings_of(study: Comparison) -> list[Drawing]:
    """The figures of a comparison."""
    found = [against_values(number, energy) for number, energy in enumerate(study.compared, 1)]
    number = len(found)
    return [
        *found,
        replace(
            optimal_energies,
            number=number + 1,
            name=f"figure-{number + 1}-best-energies",
            title="Energy at the best values against size",
            caption=lambda _numbers: _OPTIMAL,
            needs="runs that reached the criterion",
        ),
        replace(
            maximum_saving,
            number=number + 2,
            name=f"figure-{number + 2}-savings",
            title="What is saved against size",
            caption=lambda _numbers: _SAVING,
            needs="two confirmation seeds of the unmodified network and of a method",
        ),
    ]


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
            ratios=[_ratio(row) for row in ratios.to_dict("records")],
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
        "energy_name": tables.energy_name(row["energy"]),
    }


def _best(row: dict[str, Any]) -> dict[str, Any]:
    return _named(row) | {"note": "; ".join(filter(None, (row["mark"], row["why"])))}


def _ratio(row: dict[str, Any]) -> dict[str, Any]:
    sign, unknown = tables.BOUNDS.get(row["bound"], ""), row["bound"] == Bound.UNKNOWN
    text = DASH if unknown else sign + typeset(row["ratio"])
    ends: Sequence[Any] | None = (
        None if row["bound"] == Bound.UPPER else row["ratio_low"],
        None if row["bound"] == Bound.LOWER else row["ratio_high"],
    )
    return _named(row) | {
        "against_name": display_name(row["against"]),
        "text": text,
        "ends": None if unknown or row["pairs"] < FEWEST else ends,
    }
