"""All figures, and their files."""

import logging
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from energynet.analysis.awaited import awaited
from energynet.analysis.study import Study
from energynet.studies.figures import style
from energynet.studies.figures.accuracy import accuracy_against_energy
from energynet.studies.figures.capacity import capacity
from energynet.studies.figures.counts import m0_against_count
from energynet.studies.figures.drawing import Drawing
from energynet.studies.figures.fractions import costs_against_fraction, m1_against_fraction
from energynet.studies.figures.goals import higher_goals
from energynet.studies.figures.hinges import hinges
from energynet.studies.figures.learning_rates import saving_against_rate
from energynet.studies.figures.schematic import schematic
from energynet.studies.figures.sizes import maximum_saving, optimal_energies
from energynet.studies.figures.updates import updates
from energynet.support import checks
from energynet.support.files import check_folder, made_folder, written_whole
from energynet.support.picture import missing_glyphs_said_once

DRAWINGS: tuple[Drawing, ...] = (
    schematic,
    m1_against_fraction,
    costs_against_fraction,
    optimal_energies,
    maximum_saving,
    capacity,
    updates,
    accuracy_against_energy,
    m0_against_count,
    hinges,
    higher_goals,
)
# Only drawn if something was varied.
VARIATIONS: tuple[Drawing, ...] = (saving_against_rate,)
_LOG = logging.getLogger("energynet")


def save_figures(
    table: pd.DataFrame, history: pd.DataFrame | None, folder: str | Path
) -> list[Path]:
    """Write every figure that the table allows as SVG, PNG and CSV of its plotted numbers.

    `captions.md` says what is shown. The same table gives the same bytes of CSV and SVG. A
    figure that lacks its runs is left out with a line in the log.

    Parameters
    ----------
    table : pandas.DataFrame
        Tidy, one row per run.
    history : pandas.DataFrame or None
        Columns id, step, accuracy, m0, m1: one row per test of each run.
    folder : str or Path
        Made if it is not there.

    Returns the files written. Raises FileError.
    """
    folder = checks.path("folder", folder)
    check_folder(folder, "folder")
    return save_drawings(Study.of(table, history), folder)


def drawings_of(study: Study) -> list[Drawing]:
    """The figures of our study, and those of what was varied in these results."""
    return [*DRAWINGS, *(each for each in VARIATIONS if not each.numbers(study).empty)]


def save_drawings(study: Study, folder: Path, told: bool = True) -> list[Path]:
    """`save_figures` of a study; with two readings of P each has its own folder of figures.

    told : whether the log says which figures lack runs; the report does so, too.
    """
    files = []
    if missing := awaited(study):
        _LOG.warning("the figures lack what is not run yet: %s", missing)
    with missing_glyphs_said_once():
        for name, part in study.by_reading().items():
            place = made_folder(folder / name, "folder")
            files += save_each(drawings_of(part), part, place, told)
    return files


def save_each(
    drawings: Iterable[Drawing], study: Study, folder: Path, told: bool = True
) -> list[Path]:
    """The files of these figures, and their captions."""
    files, captions = [], []
    for drawing in drawings:
        numbers = drawing.numbers(study)
        if numbers.empty:
            if told:
                _LOG.warning(
                    "no figure %d (%s): it needs %s", drawing.number, drawing.title, drawing.needs
                )
            continue
        figure = drawing.of(numbers)
        contents = {"csv": to_csv(numbers), "svg": to_svg(figure), "png": to_png(figure)}
        for ending, content in contents.items():
            files.append(folder / f"{drawing.name}.{ending}")
            with written_whole(files[-1]) as file:
                file.write(content)
        captions.append(f"**{drawing.title}** ({drawing.name}). {drawing.caption(numbers)}\n")
    files.append(folder / "captions.md")
    with written_whole(files[-1]) as file:
        file.write("\n".join(captions).encode())
    return files


def to_csv(numbers: pd.DataFrame) -> bytes:
    """The plotted numbers as CSV, ten digits."""
    text: str = numbers.to_csv(index=False, float_format="%.10g", lineterminator="\n")
    return text.encode()


def to_svg(figure: Figure, *, transparent: bool = False) -> bytes:
    """A figure as SVG with text as text, on white unless `transparent`; no date in it."""
    return _saved(figure, "svg", transparent, metadata={"Date": None, "Creator": None})


def to_png(figure: Figure) -> bytes:
    """A figure as PNG on white, 300 dots per inch."""
    return _saved(figure, "png", False, metadata={"Software": None})


def _saved(figure: Figure, kind: str, transparent: bool, **options: object) -> bytes:
    buffer = BytesIO()
    with style.settings():
        if figure.get_layout_engine() is not None:  # lay out once for all kinds of files
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        figure.savefig(buffer, format=kind, transparent=transparent, **options)
    return buffer.getvalue()
