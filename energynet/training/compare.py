"""Runs side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from energynet.config import TrainingConfig
from energynet.errors import ConfigError
from energynet.rules.names import rule_to_dict
from energynet.support import checks
from energynet.support.checks import quoted
from energynet.support.format import parameter
from energynet.training.curve import draw_curves
from energynet.training.result import TrainingResult, cost_column, energy_column

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@checks.arguments
def compare(runs: Iterable[TrainingResult]) -> "pd.DataFrame":
    """Line runs up, one row each, in the order given.

    Parameters
    ----------
    runs : TrainingResults

    Returns
    -------
    DataFrame
        The parameters in which the runs differ; outcome, steps, accuracy, m0, m1, M_alpha if
        asked for, costs of custom rules (`cost_` and the name); m0_ratio and m1_ratio, relative to
        the first run.

    Raises
    ------
    ConfigError
        There is no run, or something else among them.
    """
    import pandas as pd

    results = _checked(runs)
    different = _differing([run.config for run in results])
    first = results[0].energy
    rows = [
        row
        | {"outcome": run.outcome, "steps": run.steps, "accuracy": run.accuracy}
        | {"m0": run.energy.m0, "m1": run.energy.m1}
        | {energy_column(alpha): value for alpha, value in run.energy.alpha.items()}
        | {cost_column(name): value for name, value in run.costs.items()}
        | {"m0_ratio": _ratio(run.energy.m0, first.m0), "m1_ratio": _ratio(run.energy.m1, first.m1)}
        for row, run in zip(different, results, strict=True)
    ]
    return pd.DataFrame(rows)


@checks.arguments
def plot(runs: Iterable[TrainingResult]) -> "Figure":
    """Draw the learning curves of runs over each other: accuracy, M0 and M1 against steps.

    The legend names the settings in which the runs differ, such as rule, fraction, hidden or seed.
    `run.plot()` draws a single run.

    Parameters
    ----------
    runs : TrainingResults

    Returns
    -------
    matplotlib Figure
        A notebook shows it; `figure.savefig(path)` writes it. Energies of several runs are on
        logarithmic axes.

    Raises
    ------
    ConfigError
        There is no run, or something else among them.
    """
    results = _checked(runs)
    if len(results) == 1:
        return results[0].plot()
    rows = _differing([run.config for run in results])
    labels = [_label(row) or f"run {number}" for number, row in enumerate(rows, 1)]
    return draw_curves([run.curve(label) for run, label in zip(results, labels, strict=True)])


def _checked(runs: Iterable[TrainingResult]) -> list[TrainingResult]:
    results = list(runs) if isinstance(runs, Iterable) else [runs]
    if not results or not all(isinstance(run, TrainingResult) for run in results):
        raise ConfigError(f"runs must be TrainingResults, at least one, got {quoted(results)}")
    return results


def _differing(configs: Sequence[TrainingConfig]) -> list[dict[str, Any]]:
    """For each config the values of all parameters that differ; None for one that it lacks."""
    rules, others = zip(*(_settings(config) for config in configs), strict=True)
    settings = [rule | other for rule, other in zip(rules, others, strict=True)]
    names = list(dict.fromkeys(name for row in (*rules, *others) for name in row))
    different = [name for name in names if len({repr(row.get(name)) for row in settings}) > 1]
    return [{name: row.get(name) for name in different} for row in settings]


def _label(row: dict[str, Any]) -> str:
    """The label of a run: largest, fraction 0.1, seed 3."""
    values = {name: value for name, value in row.items() if value is not None}
    return ", ".join(
        str(v) if name == "rule" else f"{name} {parameter(v)}" for name, v in values.items()
    )


def _settings(config: TrainingConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Size and rule with its parameters, and everything else of a config."""
    rule = rule_to_dict(config.rule)
    own = rule.pop("parameters", {})
    first = {"hidden": config.hidden, "rule": rule.pop("name"), **rule, **own}
    names = [item.name for item in fields(config) if item.name not in first]
    values = {name: getattr(config, name) for name in names}
    return first, {name: "none" if value is None else value for name, value in values.items()}


def _ratio(energy: float, reference: float) -> float:
    return energy / reference if reference else float("nan")
