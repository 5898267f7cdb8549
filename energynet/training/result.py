"""What a training run gives: outcome, energies, learning curve, network."""

import json
import math
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from energynet.config import TrainingConfig
from energynet.errors import ConfigError
from energynet.rules.base import Shape
from energynet.rules.built_in import resolved_output_fraction
from energynet.rules.names import RULES
from energynet.support.checks import pluralize
from energynet.support.format import exact, percent, significant
from energynet.support.html import html_table
from energynet.training.counts import draw_counts
from energynet.training.curve import Curve, draw_curves
from energynet.training.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class CurvePoint(NamedTuple):
    """A row of the learning curve.

    step: steps done; accuracy: share of the test set that is right; m0: updates so far; m1: sum of
    |dw| so far, in units of the weights.
    """

    step: int
    accuracy: float
    m0: int
    m1: float


class LayerEnergy(NamedTuple):
    """Energies of (hidden layer, output layer); `alpha` by exponent, as in `Energy`."""

    m0: tuple[int, int]
    m1: tuple[float, float]
    alpha: dict[float, tuple[float, float]]


class DirectEnergy(NamedTuple):
    """The cheapest way to the same weights.

    m0: weights that end different from their start (by more than 5e-6 in float32, 1e-12 in
    float64); m1: sum of |w_end - w_start| over them.
    """

    m0: int
    m1: float


@dataclass(frozen=True)
class Energy:
    """What a run spent: M_alpha = sum over synapses and steps of |dw|^alpha.

    Source: Li & van Rossum, eLife 2020; van Rossum & Pache, PLoS Comput Biol 2024.

    Attributes
    ----------
    m0 : int
        M0, number of single-synapse updates with dw != 0.
    m1 : float
        M1, sum of |dw|, in units of the weights.
    alpha : dict
        M_alpha for each exponent that the config asked for.
    per_layer : LayerEnergy
        The same as (hidden layer, output layer).
    direct : DirectEnergy or None
        None for a diverged run.
    """

    m0: int
    m1: float
    alpha: dict[float, float]
    per_layer: LayerEnergy
    direct: DirectEnergy | None

    @property
    def inefficiency_m0(self) -> float:
        """M0 / direct M0; NaN without direct measures."""
        return self.m0 / self.direct.m0 if self.direct and self.direct.m0 else math.nan

    @property
    def inefficiency_m1(self) -> float:
        """M1 / direct M1; NaN without direct measures."""
        return self.m1 / self.direct.m1 if self.direct and self.direct.m1 else math.nan


@dataclass(frozen=True, repr=False)
class TrainingResult:
    """One finished training run.

    Attributes
    ----------
    config : TrainingConfig
    outcome : {"reached", "exhausted", "diverged"}
        Whether the criterion was reached, the steps ran out, or a value became non-finite.
    steps : int
        Samples seen.
    learning_steps : int
        How many of these steps were learnt; all of them without a margin.
    accuracy : float or None
        Share of the test set classified right at the end; None if diverged.
    synapses : int
        N, biases included.
    plastic_synapses : int
        How many of them may change in a step.
    energy : Energy
    learning_rate : float
        eta as it was used, rounded to the config's dtype.
    history : tuple of CurvePoint
        One row per test.
    seconds : dict of float
        "train", "evaluate": wall time in steps and in tests, compilation apart. "cpu": processor
        time of this process in both, over all threads; it leaves out pauses and other work on the
        machine. "total".
    network : Network
    version : str
        Version of energynet.
    update_counts : tuple of uint32 arrays, (n_in + 1, nh) and (nh + 1, n_out), or None
        How often each synapse of the hidden and of the output layer changed, in the shapes of
        `network.w1` and `network.w2`, read-only. Their sums are `energy.per_layer.m0`. None unless
        `train` was called with count_updates=True.
    costs : dict of float
        What a custom rule reported by `add_cost`, by name; with what its `finish` added.
    cost_history : dict of tuple of float
        The costs at each row of `history`.
    state : dict of arrays
        What a custom rule keeps, as it is in the end, read-only.
    """

    config: TrainingConfig
    outcome: str
    steps: int
    learning_steps: int
    accuracy: float | None
    synapses: int
    plastic_synapses: int
    energy: Energy
    learning_rate: float
    history: tuple[CurvePoint, ...]
    seconds: dict[str, float]
    network: Network
    version: str
    update_counts: tuple[np.ndarray, np.ndarray] | None = field(default=None, compare=False)
    costs: dict[str, float] = field(default_factory=dict)
    cost_history: dict[str, tuple[float, ...]] = field(default_factory=dict)
    state: dict[str, np.ndarray] = field(default_factory=dict, compare=False)

    @property
    def best_accuracy(self) -> float | None:
        """The highest accuracy at any test; None if there was none."""
        return max((row.accuracy for row in self.history), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Everything but network, counts of updates and a rule's state, as JSON takes it; a number
        that is not finite is None."""
        direct = self.energy.direct
        values: dict[str, Any] = {
            "outcome": self.outcome,
            "steps": self.steps,
            "learning_steps": self.learning_steps,
            "accuracy": self.accuracy,
            "synapses": self.synapses,
            "plastic_synapses": self.plastic_synapses,
            "m0": self.energy.m0,
            "m1": self.energy.m1,
            "m0_layers": list(self.energy.per_layer.m0),
            "m1_layers": list(self.energy.per_layer.m1),
            "m0_direct": direct and direct.m0,
            "m1_direct": direct and direct.m1,
            "m_alpha": {str(alpha): value for alpha, value in self.energy.alpha.items()},
            **({"costs": self.costs} if self.costs else {}),
            "config": self.config.to_dict(),
            "config_hash": self.config.hash,
            "seconds": self.seconds,
            "history": self.rows(),
            "version": self.version,
            "learning_rate": self.learning_rate,
            "output_fraction": resolved_output_fraction(self.config.rule, self._shape),
        }
        return {name: finite(value) for name, value in values.items()}

    def rows(self) -> list[dict[str, Any]]:
        """The learning curve, each row by the names of its columns; costs are among them."""
        rows = [row._asdict() for row in self.history]
        for name, values in self.cost_history.items():
            for row, value in zip(rows, values, strict=True):
                row[cost_column(name)] = value
        return rows

    @property
    def _shape(self) -> Shape:
        (rows, hidden), n_out = self.network.w1.shape, self.network.w2.shape[1]
        return Shape(rows - 1, hidden, n_out)

    def to_json(self) -> str:
        """`to_dict` as one JSON object."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def __repr__(self) -> str:
        accuracy = (
            "no accuracy" if self.accuracy is None else f"accuracy {_accuracy(self.accuracy)}"
        )
        return (
            f"TrainingResult({self.config.rule.name}, hidden {self.config.hidden}:"
            f" {self.outcome} after {pluralize(self.steps, 'step')}, {accuracy},"
            f" M0 {significant(self.energy.m0)}, M1 {significant(self.energy.m1)})"
        )

    def _repr_html_(self) -> str:
        return html_table(f"{self.config!r}", self.summary())

    def summary(self) -> list[tuple[str, str]]:
        """Names and values in words, for people."""
        energy, seconds = self.energy, self.seconds
        share = self.plastic_synapses / self.synapses
        plastic = f"{self.plastic_synapses:,d} ({percent(share, '.3g')})"
        if self.config.rule.name not in RULES:
            plastic = "what the rule chooses"
        mean = energy.m0 / self.steps if self.steps else 0.0
        best = self.best_accuracy
        rows = [
            ("outcome", self.outcome),
            ("steps", f"{self.steps:,d}"),
            *([] if self.config.margin is None else [("steps learnt", self._learnt())]),
            ("test accuracy", _accuracy(self.accuracy)),
            *([] if best == self.accuracy else [("best test accuracy", _accuracy(best))]),
            ("synapses", f"{self.synapses:,d}"),
            ("may change in a step", plastic),
            ("change in a step, mean", f"{mean:,.0f} ({percent(mean / self.synapses, '.3g')})"),
            ("M0, updates", significant(energy.m0)),
            ("M1, sum of |dw|", significant(energy.m1)),
        ]
        rows += [(f"M_{exact(alpha)}", significant(value)) for alpha, value in energy.alpha.items()]
        rows += [(f"cost {name}", significant(value)) for name, value in self.costs.items()]
        if energy.direct is not None:
            rows += [
                ("M0 / direct M0", significant(energy.inefficiency_m0)),
                ("M1 / direct M1", significant(energy.inefficiency_m1)),
            ]
        times = f"{seconds['train']:.1f} s training, {seconds['evaluate']:.1f} s evaluation"
        return [*rows, ("time", f"{times}, {seconds['total']:.1f} s in all")]

    def _learnt(self) -> str:
        share = self.learning_steps / self.steps if self.steps else 0.0
        return f"{self.learning_steps:,d} ({percent(share, '.3g')})"

    def plot(self) -> "Figure":
        """Draw the learning curve: accuracy with the criterion, M0, M1 and costs, against steps.

        Returns a matplotlib Figure: a notebook shows it, `figure.savefig(path)` writes it.
        """
        return draw_curves([self.curve(self._title)])

    def plot_counts(self) -> "Figure":
        """Draw how often synapses changed, in three panels.

        Two maps over the pixels: the mean number of updates of their synapses, and the share of
        hidden units whose synapse ever changed. Pixels that fill no square are drawn in a row.
        Then, for each layer, which share of its updates its busiest x % of synapses had.

        Returns a matplotlib Figure. Raises ConfigError if the run did not count updates.
        """
        if self.update_counts is None:
            raise ConfigError(
                "this run did not count updates: plot_counts needs a run of train with"
                " count_updates=True"
            )
        return draw_counts(*self.update_counts, self._title)

    @property
    def _title(self) -> str:
        units = pluralize(self.config.hidden, "hidden unit")
        return f"{self.config.rule.name}, {units}: {self.outcome}"

    def curve(self, label: str) -> Curve:
        """The learning curve under that label."""
        steps, accuracy, m0, m1 = zip(*self.history, strict=True) if self.history else ((),) * 4
        criterion = self.config.target_accuracy
        return Curve(label, criterion, steps, accuracy, m0, m1, self.cost_history)


def energy_column(alpha: float) -> str:
    """The name of the column of M_alpha in tables."""
    return f"m_alpha_{exact(alpha)}"


def cost_column(name: str) -> str:
    """The name of the column of a custom rule's cost in tables."""
    return f"cost_{name}"


def _accuracy(share: float | None) -> str:
    return "none" if share is None else percent(share, ".2f")


def finite(value: Any) -> Any:
    """The value with every non-finite float inside replaced by None: JSON has no such numbers."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def __getattr__(name: str) -> object:
    """The name of before, for one more release."""
    if name != "Checkpoint":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn("Checkpoint is called CurvePoint now", DeprecationWarning, stacklevel=2)
    return CurvePoint
