"""Stage after stage, each computed from what is stored."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from energynet.config import TrainingConfig
from energynet.errors import EnergynetError
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.store.folder import ABSENT, run_id
from energynet.store.table import record_of, records_of, table_of
from energynet.studies.stages.plan import next_stage, skipped_runs
from energynet.studies.stages.preset import Preset
from energynet.studies.stages.variant import Key, ShapeOf, config_key
from energynet.support.checks import pluralize

if TYPE_CHECKING:
    import pandas as pd

# Makes the runs of a stage (its name and configs) and gives the table of all that is stored.
Runner = Callable[[str, list[TrainingConfig]], "pd.DataFrame"]


def run_stages(
    preset: Preset, table: "pd.DataFrame", shape: ShapeOf, run: Runner
) -> "pd.DataFrame":
    """All stages to the end; returns the table of all runs.

    Raises EnergynetError if a stage leaves runs neither stored nor recorded as failed.
    """
    last: set[Key] = set()
    while (stage := next_stage(preset, table, shape)) is not None:
        keys = {config_key(config) for config in stage.configs}
        if keys & last:
            raise EnergynetError(
                f"the stage '{stage.name}' ended, but {pluralize(len(keys & last), 'run')} of it"
                " have no result; the same command tries again"
            )
        last = keys
        table = run(stage.name, stage.configs)
    return table


def with_skipped(preset: Preset, table: "pd.DataFrame", shape: ShapeOf) -> "pd.DataFrame":
    """The table with a row for each run that the plan leaves out: outcome `skipped`, and why."""
    rows, known = [], set(table.get("id", ()))
    for config, reason in skipped_runs(preset, table, shape):
        sha256 = table["data_sha256"].iloc[0]
        identity = run_id(config, sha256)
        if identity not in known:
            content = {"id": identity, "config": config.to_dict(), "outcome": ABSENT[1]}
            origin = {"data_sha256": sha256, "numerics": NUMERICS_VERSION}
            rows.append(record_of(content | {"reason": reason, "provenance": origin}))
    return table_of([*records_of(table), *rows]) if rows else table
