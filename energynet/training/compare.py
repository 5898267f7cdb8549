"""Runs side by side."""

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from energynet.config import TrainingConfig
from energynet.errors import ConfigError
from energynet.rules.names import rule_to_dict
from energynet.support.checks import shown
from energynet.training.result import TrainingResult, energy_column

if TYPE_CHECKING:
    import pandas as pd


def compare(runs: Iterable[TrainingResult]) -> "pd.DataFrame":
    """Line runs up, one row each, in the order given.

    Parameters
    ----------
    runs : TrainingResults

    Returns
    -------
    DataFrame
        The parameters in which the runs differ; outcome, steps, accuracy, m0, m1, M_alpha where
        asked for; m0_ratio and m1_ratio, relative to the first run.

    Raises
    ------
    ConfigError
        There is no run, or something else among them.
    """
    import pandas as pd

    results = list(runs) if isinstance(runs, Iterable) else [runs]
    if not results or not all(isinstance(run, TrainingResult) for run in results):
        raise ConfigError(f"runs must be TrainingResults, at least one, got {shown(results)}")
    rules, others = zip(*(_settings(run.config) for run in results), strict=True)
    settings = [rule | other for rule, other in zip(rules, others, strict=True)]
    names = list(dict.fromkeys(name for row in (*rules, *others) for name in row))
    different = [name for name in names if len({repr(row.get(name)) for row in settings}) > 1]
    first = results[0].energy
    rows = [
        {name: row.get(name) for name in different}
        | {"outcome": run.outcome, "steps": run.steps, "accuracy": run.accuracy}
        | {"m0": run.energy.m0, "m1": run.energy.m1}
        | {energy_column(alpha): value for alpha, value in run.energy.alpha.items()}
        | {"m0_ratio": _ratio(run.energy.m0, first.m0), "m1_ratio": _ratio(run.energy.m1, first.m1)}
        for row, run in zip(settings, results, strict=True)
    ]
    return pd.DataFrame(rows)


def _settings(config: TrainingConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Size and rule with its parameters, and everything else of a config."""
    rule = rule_to_dict(config.rule)
    own = rule.pop("parameters", {})
    first = {"hidden": config.hidden, "rule": rule.pop("name"), **rule, **own}
    names = [item.name for item in fields(config) if item.name not in first]
    return first, {name: getattr(config, name) for name in names}


def _ratio(energy: float, reference: float) -> float:
    return energy / reference if reference else float("nan")
