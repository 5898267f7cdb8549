"""What decides the outcome of one training run."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any

from energynet.errors import ConfigError
from energynet.rules.base import Rule
from energynet.rules.built_in import AllSynapses
from energynet.rules.names import is_rule, rule_from_dict, rule_to_dict
from energynet.support import checks
from energynet.support.checks import quoted
from energynet.support.html import html_table

SAMPLE_ORDERS = ("uniform", "permutation")
DTYPES = ("float32", "float64")
ACTIVATIONS = ("leaky_relu", "relu", "tanh", "sigmoid")
OUTPUTS = ("linear", "softmax")
_MOST_ALPHAS = 100
_MOST = 2**31 - 2  # unit numbers are kept as int32


@checks.arguments
@dataclass(frozen=True, kw_only=True, repr=False)
class TrainingConfig:
    """Everything that decides the outcome of one training run, apart from the data set.

    Defaults are those of the published program of van Rossum & Pache, PLoS Comput Biol 2024.

    Parameters
    ----------
    hidden : int
        Number of hidden units, nh.
    rule : Rule
        Which synapses change in a step: `AllSynapses`, `FixedMask`, `RandomSubset`,
        `LargestUpdates`, or a custom rule, a `PlasticityRule`.
    seed : int
        One integer >= 0 from which all randomness follows.
    activation : {"leaky_relu", "relu", "tanh", "sigmoid"}
        Of the hidden units; the leaky ReLU has slope 0.1 below zero.
    output : {"linear", "softmax"}
        Linear outputs with squared error 1/2 |target - o|^2, or softmax with cross-entropy.
    learning_rate : float or "auto"
        eta, the same in both layers. "auto" is min(0.01, eta_max / 2) with the linear-stability
        bound of the network at its start (`energynet.stability`).
    init_std : float
        Standard deviation of the initial weights of both layers.
    center : bool
        Subtract the mean pixel of the training set from the input.
    sample_order : {"uniform", "permutation"}
        Images drawn with replacement, or a fresh permutation each epoch.
    target_accuracy : float
        The criterion: share of the test set to be classified right, in (0, 1].
    test_every : int
        Steps between two tests of the network on the test set.
    max_steps : int
        Steps at most.
    dtype : {"float32", "float64"}
        Type of weights and activities; energies are always float64 and int64.
    alpha : float or list of float
        Exponents in (0, 1] for which M_alpha is recorded besides M0 and M1.

    Raises
    ------
    ConfigError
        A value that is not allowed.
    """

    hidden: int
    rule: Rule = field(default_factory=AllSynapses)
    seed: int = 0
    activation: str = "leaky_relu"
    output: str = "linear"
    learning_rate: float | str = 0.01
    init_std: float = 0.01
    center: bool = True
    sample_order: str = "uniform"
    target_accuracy: float = 0.95
    test_every: int = 2000
    max_steps: int = 300_000
    dtype: str = "float32"
    alpha: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        not_negative = "a finite number, 0 or above"
        below_zero = -math.ulp(0.0)
        checked = {
            "hidden": checks.integer("hidden", self.hidden, 1, _MOST),
            "seed": checks.integer("seed", self.seed, 0, 2**63 - 1),
            "activation": checks.choice("activation", self.activation, ACTIVATIONS),
            "output": checks.choice("output", self.output, OUTPUTS),
            "learning_rate": _learning_rate(self.learning_rate),
            "init_std": checks.number("init_std", self.init_std, not_negative, below_zero),
            "center": checks.flag("center", self.center),
            "sample_order": checks.choice("sample_order", self.sample_order, SAMPLE_ORDERS),
            "target_accuracy": checks.fraction("target_accuracy", self.target_accuracy),
            "test_every": checks.integer("test_every", self.test_every, 1, 2**62),
            "max_steps": checks.integer("max_steps", self.max_steps, 1, 2**62),
            "dtype": checks.choice("dtype", self.dtype, DTYPES),
            "alpha": _alphas(self.alpha),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if not is_rule(self.rule):
            hint = "; rule_from_name makes one of a name" if isinstance(self.rule, str) else ""
            hint = "; call the class" if isinstance(self.rule, type) else hint
            raise ConfigError(
                "rule must be a plasticity rule such as AllSynapses(),"
                f" got {quoted(self.rule)}{hint}"
            )

    def __repr__(self) -> str:
        """`hidden`, the rule, and what differs from its default."""
        given = [f"{name}={value!r}" for name, value in self._told()]
        return f"TrainingConfig({', '.join(given)})"

    def _repr_html_(self) -> str:
        rows = [(item.name, str(getattr(self, item.name))) for item in fields(self)]
        return html_table("TrainingConfig", rows)

    def _told(self) -> Iterator[tuple[str, Any]]:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in ("hidden", "rule") or value != item.default:
                yield item.name, value

    def to_dict(self) -> dict[str, Any]:
        """The config as plain values that JSON can hold."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return values | {"rule": rule_to_dict(self.rule), "alpha": list(self.alpha)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainingConfig":
        """The inverse of `to_dict`; raises ConfigError for unknown names and bad values."""
        if not isinstance(values, Mapping):
            raise ConfigError(f"values must be a table of parameters, got {quoted(values)}")
        known = [item.name for item in fields(cls)]
        for name in values:
            if name not in known:
                hint = checks.suggestion(name, known)
                raise ConfigError(
                    f"unknown parameter {quoted(name)}; known are {', '.join(known)}{hint}"
                )
        if "hidden" not in values:
            raise ConfigError("hidden must be given: the number of hidden units")
        rule = {"rule": rule_from_dict(values["rule"])} if "rule" in values else {}
        return cls(**{**values, **rule})

    @property
    def hash(self) -> str:
        """First 16 hexadecimal digits of SHA-256 over the canonical JSON of `to_dict`."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _learning_rate(value: Any) -> float | str:
    if isinstance(value, str) and value == "auto":
        return value
    return checks.number("learning_rate", value, "a finite number above 0 or 'auto'", above=0.0)


def _alphas(value: Any) -> tuple[float, ...]:
    value = checks.unwrap(value)
    several = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    given = list(islice(checks.entries(value), _MOST_ALPHAS + 1)) if several else [value]
    exponents = [checks.fraction("alpha", alpha) for alpha in given]
    if len(given) > _MOST_ALPHAS:
        raise ConfigError(f"alpha must be at most {_MOST_ALPHAS} numbers, got more")
    return tuple(sorted(set(exponents)))
