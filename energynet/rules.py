"""Plasticity rules: which synapses may change in a step.

A rule is a small frozen dataclass. `plan` turns its fractions into exact counts for one network;
the kernels see nothing else of it. To add a rule: a class here, its names in `RULES`, and its
update in `kernels/steps.py`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, ClassVar, Protocol

from energynet import checks
from energynet.errors import ConfigError


@dataclass(frozen=True)
class Shape:
    """Size of a network: pixels, hidden units, output units. Biases are synapses, too."""

    n_in: int
    hidden: int
    n_out: int

    @property
    def synapses_hidden(self) -> int:
        """Synapses onto the hidden layer: (n_in + 1) nh."""
        return (self.n_in + 1) * self.hidden

    @property
    def synapses_output(self) -> int:
        """Synapses onto the output layer: (nh + 1) n_out."""
        return (self.hidden + 1) * self.n_out

    @property
    def synapses(self) -> int:
        """N = (n_in + 1) nh + (nh + 1) n_out."""
        return self.synapses_hidden + self.synapses_output


class Update(IntEnum):
    """How the kernels carry out a step."""

    UNITS = 0  # all synapses of the first k_hidden hidden units, and the output biases
    MASK = 1  # the synapses of a fixed mask
    LARGEST = 2  # the k_hidden largest |dw| of both layers, or k_hidden and k_output of each
    LARGEST_PER_NEURON = 3  # the k_hidden and k_output largest of each neuron's incoming synapses


@dataclass(frozen=True)
class Plan:
    """A rule resolved for one network: exact counts.

    `k_output` is 0 where one count rules both layers. `plastic` is how many synapses may change
    in a step.
    """

    update: Update
    k_hidden: int
    k_output: int
    plastic: int


class Rule(Protocol):
    """What every plasticity rule offers."""

    @property
    def name(self) -> str:
        """Name on the command line and in tables."""

    def plan(self, shape: Shape) -> Plan:
        """The exact counts for a network of that shape."""


def count(fraction: float, n: int) -> int:
    """k(P, n) = min(n, max(1, floor(P n + 0.5))), in float64 (DESIGN section 3)."""
    return min(n, max(1, math.floor(fraction * n + 0.5)))


def _count_output(output_fraction: float | str | None, fraction: float, shape: Shape) -> int:
    """Plastic synapses of the output layer where the layers are treated apart."""
    share = fraction if output_fraction is None else output_fraction
    if isinstance(share, str):  # "balanced": as many as in the hidden layer while there are enough
        share = min(1.0, fraction * shape.synapses_hidden / shape.synapses_output)
    return count(share, shape.synapses_output)


def _output_fraction(value: Any) -> float | str | None:
    if value is None:
        return None
    if value == "balanced":
        return "balanced"
    return checks.number(
        "output_fraction", value, "a number in (0, 1] or 'balanced'", above=0.0, up_to=1.0
    )


@dataclass(frozen=True)
class AllSynapses:
    """Every synapse changes in every step: plain back-propagation, P = 1."""

    name: ClassVar[str] = "all"

    def plan(self, shape: Shape) -> Plan:
        """All hidden units are plastic."""
        return Plan(Update.UNITS, shape.hidden, 0, shape.synapses)


@dataclass(frozen=True)
class FixedMask:
    """A set of synapses is drawn once; the others never change.

    Parameters
    ----------
    fraction : float
        P in (0, 1].
    over : {"synapses", "units"}
        "synapses": k(P, N) synapses drawn uniformly. "units": all synapses into and out of
        k(P, nh) hidden units, and the output biases.
    output_fraction : float, "balanced" or None
        Over synapses only: draw per layer, k(P, N1) in the hidden layer and k(Q, N2) in the output
        layer. "balanced" is Q = min(1, P N1 / N2).

    Raises
    ------
    ConfigError
        A value that is not allowed.
    """

    fraction: float
    over: str = "synapses"
    output_fraction: float | str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "fraction", checks.fraction("fraction", self.fraction))
        checks.choice("over", self.over, ("synapses", "units"))
        object.__setattr__(self, "output_fraction", _output_fraction(self.output_fraction))
        if self.over == "units" and self.output_fraction is not None:
            raise ConfigError(
                "output_fraction must be left out for rule fixed-units,"
                f" got {self.output_fraction!r}"
            )

    @property
    def name(self) -> str:
        """`fixed-synapses` or `fixed-units`."""
        return f"fixed-{self.over}"

    def plan(self, shape: Shape) -> Plan:
        """The sizes of the mask."""
        if self.over == "units":
            units = count(self.fraction, shape.hidden)
            plastic = units * (shape.n_in + 1 + shape.n_out) + shape.n_out
            return Plan(Update.UNITS, units, 0, plastic)
        if self.output_fraction is None:
            k = count(self.fraction, shape.synapses)
            return Plan(Update.MASK, k, 0, k)
        k_hidden = count(self.fraction, shape.synapses_hidden)
        k_output = _count_output(self.output_fraction, self.fraction, shape)
        return Plan(Update.MASK, k_hidden, k_output, k_hidden + k_output)


@dataclass(frozen=True)
class LargestUpdates:
    """In each step only the largest updates |dw| are carried out.

    Parameters
    ----------
    fraction : float
        P in (0, 1].
    scope : {"network", "layer", "neuron"}
        Where the ranking is: k(P, N) of both layers together, k(P, N_layer) of each layer, or
        k(P, fan-in) of the incoming synapses of each hidden and output neuron.
    output_fraction : float, "balanced" or None
        Scope "layer" only: k(Q, N2) in the output layer.

    Source: van Rossum & Pache, PLoS Comput Biol 2024. Raises ConfigError.
    """

    fraction: float
    scope: str = "network"
    output_fraction: float | str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "fraction", checks.fraction("fraction", self.fraction))
        checks.choice("scope", self.scope, ("network", "layer", "neuron"))
        object.__setattr__(self, "output_fraction", _output_fraction(self.output_fraction))
        if self.scope != "layer" and self.output_fraction is not None:
            raise ConfigError(
                f"output_fraction must be left out for rule {self.name},"
                f" got {self.output_fraction!r}"
            )

    @property
    def name(self) -> str:
        """`largest`, `largest-per-layer` or `largest-per-neuron`."""
        return "largest" if self.scope == "network" else f"largest-per-{self.scope}"

    def plan(self, shape: Shape) -> Plan:
        """How many are chosen, and among which."""
        if self.scope == "network":
            k = count(self.fraction, shape.synapses)
            return Plan(Update.LARGEST, k, 0, k)
        if self.scope == "layer":
            k_hidden = count(self.fraction, shape.synapses_hidden)
            k_output = _count_output(self.output_fraction, self.fraction, shape)
            return Plan(Update.LARGEST, k_hidden, k_output, k_hidden + k_output)
        k_hidden = count(self.fraction, shape.n_in + 1)
        k_output = count(self.fraction, shape.hidden + 1)
        plastic = k_hidden * shape.hidden + k_output * shape.n_out
        return Plan(Update.LARGEST_PER_NEURON, k_hidden, k_output, plastic)


# Name -> class, and the parameters that the name itself fixes.
RULES: dict[str, tuple[type, dict[str, str]]] = {
    "all": (AllSynapses, {}),
    "fixed-synapses": (FixedMask, {"over": "synapses"}),
    "fixed-units": (FixedMask, {"over": "units"}),
    "largest": (LargestUpdates, {"scope": "network"}),
    "largest-per-layer": (LargestUpdates, {"scope": "layer"}),
    "largest-per-neuron": (LargestUpdates, {"scope": "neuron"}),
}


def rule_from_name(name: str, **parameters: Any) -> Rule:
    """The rule of that name; parameters that are None count as not given.

    Raises ConfigError for an unknown name, a parameter that the rule does not take, and one that
    it needs and lacks.
    """
    checks.choice("rule", name, tuple(RULES))
    kind, fixed = RULES[name]
    given = {key: value for key, value in parameters.items() if value is not None}
    accepted = {field.name for field in fields(kind)}
    for key, value in given.items():
        if key not in accepted:
            raise ConfigError(f"{key} must be left out for rule {name}, got {value!r}")
    if "fraction" in accepted and "fraction" not in given:
        raise ConfigError(f"fraction must be given for rule {name}: a number in (0, 1]")
    rule: Rule = kind(**fixed, **given)
    return rule


def rule_to_dict(rule: Rule) -> dict[str, Any]:
    """The rule as plain values: its name, and its parameters apart from those at None."""
    _, fixed = RULES[rule.name]
    parameters = {
        field.name: getattr(rule, field.name)
        for field in fields(rule)  # type: ignore[arg-type]
        if field.name not in fixed and getattr(rule, field.name) is not None
    }
    return {"name": rule.name, **parameters}


def rule_from_dict(values: Mapping[str, Any]) -> Rule:
    """The inverse of `rule_to_dict`; raises ConfigError."""
    if not isinstance(values, Mapping) or "name" not in values:
        raise ConfigError(f"rule must be a table with a name, got {values!r}")
    return rule_from_name(**values)
