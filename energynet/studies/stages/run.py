"""A study from nothing to its report; after an interruption the same call resumes it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from energynet.config import TrainingConfig
from energynet.studies.stages.outcome import StudyOutcome, outcome
from energynet.studies.stages.outputs import (
    Outputs,
    write_outcome,
    write_outputs,
    write_settings,
    write_tables,
)
from energynet.studies.stages.preset import Preset
from energynet.studies.stages.stages import run_stages, with_skipped
from energynet.studies.stages.variant import ShapeOf
from energynet.support import checks
from energynet.support.files import check_folder

if TYPE_CHECKING:
    import pandas as pd


class Runs(Protocol):
    """Makes runs and keeps them."""

    def run(self, stage: str, configs: list[TrainingConfig]) -> None:
        """Make those runs, apart from the ones that are stored."""

    def tell(self, words: str) -> None:
        """Say what is being done."""

    def table(self) -> "pd.DataFrame":
        """The tidy table of all that is stored."""

    def history(self) -> "pd.DataFrame":
        """The learning curves of these runs."""


def reproduce(
    presets: Preset | Sequence[Preset], runs: Runs, folder: str | Path, shape: ShapeOf
) -> Outputs:
    """Run all stages of a preset, then write tables, verdicts, figures and report to `folder`.

    Several presets are run one after the other; the verdicts are on all of their runs together. The
    tables are written after each stage, so an interrupted study leaves its results so far. `shape`
    gives the network of a number of hidden units on the data set. Raises FileError before work
    starts if `folder` cannot be written.
    """
    presets = [presets] if isinstance(presets, Preset) else presets
    folder = checks.path("folder", folder)
    table, history = _carried_out(presets, runs, folder, shape)
    if not all(preset.verdicts for preset in presets):
        write_settings(table, history, folder)
        return Outputs("", [], folder / f"{presets[0].name}.csv")
    return write_outputs(table, history, folder, by=tuple(presets[0].vary))


def compare_methods(
    preset: Preset, runs: Runs, folder: Path | None, shape: ShapeOf
) -> StudyOutcome:
    """Run all stages of a preset that compares its methods; files are written if a folder is given.

    Parameters and errors are those of `reproduce`.
    """
    found = outcome(preset, *_carried_out([preset], runs, folder, shape), shape)
    if folder is not None:
        write_outcome(found, folder)
    return found


def _carried_out(
    presets: Sequence[Preset], runs: Runs, folder: Path | None, shape: ShapeOf
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """All runs of these presets, and their learning curves."""
    # What the end needs is imported now: whatever is wrong with it is not found hours later.
    import energynet.studies.figures.save
    import energynet.studies.report.comparison
    import energynet.studies.report.page  # noqa: F401

    if folder is not None:
        check_folder(folder, "folder")
    table = runs.table()
    for preset in presets:

        def run(stage: str, configs: list[TrainingConfig], preset: Preset = preset) -> Any:
            runs.run(stage, configs)
            table = runs.table()
            if folder is not None:
                write_tables(table, runs.history(), folder, preset)
            return table

        table = run_stages(preset, table, shape, run)
    if folder is not None:
        runs.tell("all runs are done; now tables, figures and the report are written")
    history = runs.history()
    for preset in presets:
        table = with_skipped(preset, table, shape)
    if folder is not None:
        for preset in presets:
            write_tables(table, history, folder, preset)
    return table, history
