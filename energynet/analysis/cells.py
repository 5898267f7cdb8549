"""Cells: all runs of one network size, rule, fraction, energy and seed set, summed up."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from energynet.analysis.intervals import CONFIDENCE, rounding, t_quantile
from energynet.analysis.runs import Seeds, at_criterion, labelled, main_runs
from energynet.analysis.table_checks import check_history, custom_rules, energies
from energynet.support import checks

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = [
    *("hidden", "rule", "fraction", "parameters", "plastic_synapses", "energy", "seeds", "runs"),
    *("reached", "success", "energy_per_success", "lower_bound", "low", "high", "steps"),
    *("missing", "max_steps"),
]


def study_runs(
    table: "pd.DataFrame",
    by: Sequence[str] = (),
    criterion: float | None = None,
    history: "pd.DataFrame | None" = None,
    seeds: Seeds = None,
) -> "pd.DataFrame":
    """The labelled runs in the main settings of a study, at another criterion if one is given."""
    check_history(history, table)
    return at_settings(labelled(table, seeds), by, criterion, history)


def at_settings(
    every: "pd.DataFrame",
    by: Sequence[str],
    criterion: float | None,
    history: "pd.DataFrame | None",
) -> "pd.DataFrame":
    """Like `study_runs`, for runs that are labelled already."""
    runs = main_runs(every, by)
    return runs if criterion is None else at_criterion(runs, criterion, history)


@checks.arguments
def cells(
    table: "pd.DataFrame",
    by: Sequence[str] = (),
    criterion: float | None = None,
    history: "pd.DataFrame | None" = None,
    seeds: Seeds = None,
) -> "pd.DataFrame":
    """One row for each group of `by`, hidden, rule, fraction, energy and seed set.

    Parameters
    ----------
    table : DataFrame
        Tidy table of runs, as `load_results` gives it.
    by : sequence of str
        Columns of settings (learning rate, data set) to keep apart.
    criterion : float, optional
        A lower target accuracy, for which energies are read off the learning curves.
    history : DataFrame, optional
        Learning curves, as `load_history` gives them; needed with `criterion`.
    seeds : mapping, optional
        {"exploration": [...], "confirmation": [...]}: the seeds that choose the best fraction, and
        those that estimate at it. Default: those of our study, 0 to 2 and 100 to 107.

    Returns
    -------
    DataFrame
        - by..., hidden
        - rule: its label
        - fraction: P; for custom rules without P the share of the synapses that changed in a step
        - parameters: of custom rules, as JSON; there if the table has runs of such rules
        - plastic_synapses
        - energy: m0, m1, `m_alpha_0.5` ..., `cost_maintenance` ... of custom rules
        - seeds: exploration, confirmation or other
        - runs, reached: how many
        - success: their share
        - energy_per_success: energy of all runs, failed ones included, per run that reached the
          criterion
        - lower_bound: no run reached it, and the value is what a run spent, the mean over runs
        - low, high: 95 % interval of the mean over runs that reached, from two runs on; t on the
          logarithm, whose standard deviation is taken to be no smaller than what stopping at tests
          alone gives
        - steps: mean of the runs that reached
        - missing: how many runs failed or were skipped
        - max_steps

    Raises
    ------
    DataError, ConfigError
        The table lacks columns; `by`, `criterion` or `seeds` cannot be used.
    """
    return cells_of(study_runs(table, by, criterion, history, seeds), by)


def cells_of(runs: "pd.DataFrame", by: Sequence[str] = ()) -> "pd.DataFrame":
    """Like `cells`, for runs that `study_runs` has picked."""
    import pandas as pd

    keys = [*by, "hidden", "rule", "fraction", "seeds"]
    if "plastic_synapses" not in runs.columns:
        runs = runs.assign(plastic_synapses=math.nan)
    custom = custom_rules(runs).any()
    runs = runs if custom else runs.assign(parameters=None)
    parts = [_cells_of_energy(runs, energy, keys) for energy in energies(runs)]
    columns = [*by, *(name for name in COLUMNS if custom or name != "parameters")]
    table = pd.concat(parts, ignore_index=True)[columns]
    order = [*by, "hidden", "rule", "energy", "seeds", "fraction"]
    return table.sort_values(order, kind="stable").reset_index(drop=True)


def _cells_of_energy(runs: "pd.DataFrame", energy: str, keys: list[str]) -> "pd.DataFrame":
    value = runs[energy].where(~runs["missing"])
    present, reached = value.notna(), runs["reached"] & value.notna()
    frame = runs[[*keys, "parameters", "plastic_synapses", "max_steps"]].assign(
        present=present,
        reached=reached,
        missing=runs["missing"],
        value=value.astype(float),
        log=np.log(value.where(reached & (value > 0)).astype(float)),
        variance=rounding(runs["test_every"], runs["steps"].astype(float)).where(reached) ** 2,
        steps=runs["steps"].where(reached).astype(float),
    )
    groups = frame.groupby(keys, sort=True)
    cell = groups.agg(
        parameters=("parameters", "first"),
        plastic_synapses=("plastic_synapses", "first"),
        runs=("present", "sum"),
        reached=("reached", "sum"),
        total=("value", "sum"),
        mean_log=("log", "mean"),
        spread=("log", "std"),
        variance=("variance", "mean"),
        steps=("steps", "mean"),
        missing=("missing", "sum"),
        max_steps=("max_steps", "max"),
    ).reset_index()
    cell = cell[(cell["runs"] > 0) | (cell["missing"] > 0)]
    count = cell["reached"].astype(float)
    cell["energy"] = energy
    cell["success"] = count / cell["runs"].where(cell["runs"] > 0)
    cell["lower_bound"] = (count == 0) & (cell["runs"] > 0)
    paid_by = count.where(count > 0, cell["runs"])  # if no run reached, what one run spent
    cell["energy_per_success"] = (cell["total"] / paid_by).where(cell["runs"] > 0)
    quantile = [t_quantile(0.5 + CONFIDENCE / 2, n - 1) if n > 1 else math.nan for n in count]
    half = np.array(quantile) * cell["spread"].clip(lower=cell["variance"] ** 0.5) / np.sqrt(count)
    cell["low"] = np.exp(cell["mean_log"] - half)
    cell["high"] = np.exp(cell["mean_log"] + half)
    return cell
