"""What a study leaves behind: tables, verdicts, figures, report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from energynet.analysis.methods import READINGS, reading_rules
from energynet.analysis.runs import labelled
from energynet.analysis.savings import savings
from energynet.analysis.sensitivity import floor, other_settings, price_per_step, smallest_fraction
from energynet.analysis.study import Study
from energynet.store.exchange import write_table
from energynet.studies.report.verdicts import write_verdicts
from energynet.studies.stages.outcome import StudyOutcome
from energynet.studies.stages.preset import Preset
from energynet.studies.stages.variant import in_settings
from energynet.studies.statements.claims import Claim, claims
from energynet.studies.statements.text import between_text
from energynet.support.files import made_folder, written_whole

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Outputs:
    """What a study found in words, its verdicts, and the path of its report.

    A study that judges nothing has neither verdicts nor a report: the path is that of its table.
    """

    answer: str
    claims: list[Claim]
    report: Path


def write_tables(
    table: "pd.DataFrame", history: "pd.DataFrame", folder: Path, preset: Preset
) -> None:
    """`NAME.csv`, one row per run, and `NAME_history.csv.xz`, the learning curves.

    If the preset is a reading of P, the runs that belong to the other one alone are left out, and
    those in other settings: a store may hold runs of other presets.
    """
    folder, name = made_folder(folder, "out"), preset.name
    reading = preset.verdicts and name in READINGS
    others = [other for other in READINGS if reading and other != name]
    if others and len(table):
        runs = labelled(table)
        foreign = runs["rule"].isin(reading_rules(others[0]))
        table = table[(~foreign & in_settings(runs, preset)).to_numpy()]
        history = history[history["id"].isin(table["id"])]
    write_table(table, folder / f"{name}.csv")
    write_table(history, folder / f"{name}_history.csv.xz")


def write_outputs(
    table: "pd.DataFrame", history: "pd.DataFrame", folder: Path, by: Sequence[str] = ()
) -> Outputs:
    """`verdicts.json` and `.md`, `figures/`, `sensitivity/` and `report.html`, from the tables.

    by : settings to vary; each combination of them is a separate study with its verdicts.
    """
    from energynet.studies.figures.save import save_drawings
    from energynet.studies.report.answer import answers, to_text
    from energynet.studies.report.forest import write_forest
    from energynet.studies.report.page import write_page

    found, study = claims(table, by, history=history), Study.of(table, history)
    between = between_text(savings(table, by) if by else study.savings, by)
    write_verdicts(found, folder / "verdicts.json")
    write_verdicts(found, folder / "verdicts.md", between)
    save_drawings(study, folder / "figures", told=False)
    write_forest(found, folder / "figures")
    _write_sensitivity(study, folder / "sensitivity")
    report = write_page(study, found, folder / "report.html")
    return Outputs(to_text(answers(study)), found, report)


def write_settings(table: "pd.DataFrame", history: "pd.DataFrame", folder: Path) -> None:
    """`sensitivity/other-settings.csv`: P* and saving in each setting that was run."""
    path = made_folder(folder / "sensitivity", "out") / "other-settings.csv"
    _write_numbers(other_settings(table, history), path)


def write_outcome(outcome: StudyOutcome, folder: Path) -> Path:
    """`best.csv`, `ratios.csv`, `figures/` and `report.html` of a comparison; returns the report.

    If settings were varied, each combination has its own folder of figures and report.
    """
    from energynet.studies.report.comparison import save_comparison_figures, write_comparison

    made_folder(folder, "out")
    for name, table in (("best", outcome.best), ("ratios", outcome.ratios)):
        text = table.to_csv(index=False, float_format="%.10g", lineterminator="\n")
        with written_whole(folder / f"{name}.csv") as file:
            file.write(text.encode())
    for settings, study in outcome.studies:
        words = ", ".join(f"{name} = {value}" for name, value in settings.items())
        place = made_folder(folder / words.replace(" ", ""), "out") if words else folder
        save_comparison_figures(study, place / "figures")
        best, ratios = outcome.of(settings)
        title = f"{outcome.title} ({words})" if words else outcome.title
        write_comparison(title, best, ratios, study, place / "report.html")
    return folder / "report.html"


def _write_sensitivity(study: Study, folder: Path) -> None:
    """What the savings depend on, a table for each question and reading of P.

    Tables of results may lack the columns that these need; then there are none.
    """
    if not {"synapses", "m0_layer2"} <= set(study.runs.columns):
        return
    made_folder(folder, "out")
    for reading, part in study.by_reading().items():
        for make in (smallest_fraction, price_per_step, floor):
            table = make(part)
            name = f"{make.__name__}.csv".replace("_", "-")
            _write_numbers(table, folder / (f"{reading}-{name}" if reading else name))


def _write_numbers(table: "pd.DataFrame", path: Path) -> None:
    text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    with written_whole(path) as file:
        file.write(text.encode())
