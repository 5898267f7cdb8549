"""The plasticity rules of the package.

To add one: a class here, with its names and in `BUILT_IN`; its update in `kernels/rules/`; its loop
in `kernels/rules/steps.py`; its export in `energynet/__init__.py`. Custom rules need none of these:
see `rules/custom.py`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from energynet.errors import ConfigError
from energynet.rules.base import Counts, Named, Rule, Shape, count
from energynet.rules.given import GivenMask
from energynet.support import checks
from energynet.support.checks import quoted


def _output_share(output_fraction: float | str | None, fraction: float, n1: int, n2: int) -> float:
    """The share Q of the output layer; n1, n2: synapses of each layer that may be plastic."""
    share = fraction if output_fraction is None else output_fraction
    if isinstance(share, str):  # "balanced": as many as in the hidden layer while there are enough
        return min(1.0, fraction * n1 / n2)
    return share


def _output_fraction(value: Any) -> float | str | None:
    if value is None:
        return None
    if isinstance(value, str) and value == "balanced":
        return "balanced"
    return checks.number(
        "output_fraction", value, "a number in (0, 1] or 'balanced'", above=0.0, up_to=1.0
    )


@checks.arguments
@dataclass(frozen=True)
class AllSynapses:
    """Every synapse changes in every step: plain back-propagation, P = 1."""

    name: ClassVar[str] = "all"
    names: ClassVar[tuple[Named, ...]] = (
        Named("all", "all synapses (unmodified)", "every synapse, in every step", (), {}),
    )

    def counts(self, shape: Shape) -> Counts:
        """All hidden units are plastic."""
        return Counts(
            update="units", units=shape.hidden, plastic=shape.synapses, readout=shape.hidden
        )


@checks.arguments
@dataclass(frozen=True)
class Readout:
    """The synapses of the output layer change; the hidden layer keeps its first weights.

    What rules with output_fraction=1 approach as P gets small. Source: rule 7 of the published
    program of van Rossum & Pache, PLoS Comput Biol 2024.
    """

    name: ClassVar[str] = "readout"
    names: ClassVar[tuple[Named, ...]] = (
        Named("readout", "readout", "the output layer alone", (), {}),
    )

    def counts(self, shape: Shape) -> Counts:
        """No error signal of a hidden unit is needed."""
        n2 = shape.synapses_output
        return Counts(update="units", units=0, plastic=n2, readout=shape.hidden, signals=0)


@checks.arguments
@dataclass(frozen=True)
class FixedMask:
    """A fixed set of synapses changes; the others never do.

    Parameters
    ----------
    fraction : float
        P in (0, 1].
    over : {"synapses", "units"}
        "synapses": k(P, N) synapses, drawn uniformly before the first step. "units": all synapses
        into and out of the first k(P, nh) hidden units, and the output biases. Nothing is drawn
        there: hidden units differ by their random initial weights alone.
    output_fraction : float, "balanced" or None
        Q. Over synapses: draw k(P, N1) in the hidden layer and k(Q, N2) in the output layer;
        "balanced" is Q = min(1, P N1 / N2). Over units only 1: the incoming synapses of k(P, nh)
        hidden units, and all synapses of the output layer. The other hidden units are random
        features with a plastic readout.

    Raises
    ------
    ConfigError
        A value that is not allowed.
    """

    fraction: float
    over: str = "synapses"
    output_fraction: float | str | None = None
    names: ClassVar[tuple[Named, ...]] = (
        Named(
            "fixed-synapses",
            "fixed synapses, uniform",
            "a fixed random set of synapses",
            ("fraction", "output_fraction"),
            {"over": "synapses"},
        ),
        Named(
            "fixed-units",
            "fixed units",
            "all synapses of a fixed set of hidden units",
            ("fraction", "output_fraction"),
            {"over": "units"},
        ),
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "fraction", checks.fraction("fraction", self.fraction))
        checks.choice("over", self.over, ("synapses", "units"))
        object.__setattr__(self, "output_fraction", _output_fraction(self.output_fraction))
        if self.over == "units" and self.output_fraction not in (None, 1):
            raise ConfigError(
                "output_fraction must be 1, or left out, for rule fixed-units,"
                f" got {quoted(self.output_fraction)}"
            )

    @property
    def name(self) -> str:
        """`fixed-synapses` or `fixed-units`."""
        return f"fixed-{self.over}"

    def counts(self, shape: Shape) -> Counts:
        """The sizes of the mask."""
        if self.over == "units":
            units = count(self.fraction, shape.hidden)
            hidden = units * (shape.n_in + 1)
            if self.output_fraction is None:
                plastic = hidden + (units + 1) * shape.n_out
                return Counts(update="units", units=units, plastic=plastic, readout=units)
            return Counts(
                update="units",
                units=units,
                plastic=hidden + shape.synapses_output,
                readout=shape.hidden,
                signals=units,
            )
        if self.output_fraction is None:
            k = count(self.fraction, shape.synapses)
            return Counts(update="mask", units=shape.hidden, plastic=k, k_hidden=k)
        k_hidden = count(self.fraction, shape.synapses_hidden)
        n1, n2 = shape.synapses_hidden, shape.synapses_output
        k_output = count(_output_share(self.output_fraction, self.fraction, n1, n2), n2)
        return Counts(
            update="mask",
            units=shape.hidden,
            plastic=k_hidden + k_output,
            k_hidden=k_hidden,
            k_output=k_output,
        )


@checks.arguments
@dataclass(frozen=True)
class RandomSubset:
    """Synapses that are drawn afresh in each step change: the control.

    Parameters
    ----------
    fraction : float
        P in (0, 1]: k(P, N) synapses of the whole network.
    output_fraction : float, "balanced" or None
        Q: draw k(P, N1) synapses of the hidden layer and k(Q, N2) of the output layer. "balanced"
        is Q = min(1, P N1 / N2).

    Raises
    ------
    ConfigError
        A value that is not allowed.
    """

    fraction: float
    output_fraction: float | str | None = None
    name: ClassVar[str] = "random"
    names: ClassVar[tuple[Named, ...]] = (
        Named(
            "random",
            "random synapses",
            "a fresh random set of synapses in each step",
            ("fraction", "output_fraction"),
            {},
        ),
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "fraction", checks.fraction("fraction", self.fraction))
        object.__setattr__(self, "output_fraction", _output_fraction(self.output_fraction))

    def counts(self, shape: Shape) -> Counts:
        """How many are drawn."""
        if self.output_fraction is None:
            k = count(self.fraction, shape.synapses)
            return Counts(update="random", units=shape.hidden, plastic=k, k_hidden=k)
        n1, n2 = shape.synapses_hidden, shape.synapses_output
        k_hidden = count(self.fraction, n1)
        k_output = count(_output_share(self.output_fraction, self.fraction, n1, n2), n2)
        return Counts(
            update="random",
            units=shape.hidden,
            plastic=k_hidden + k_output,
            k_hidden=k_hidden,
            k_output=k_output,
            readout=shape.hidden if k_output == n2 else 0,
        )


@checks.arguments
@dataclass(frozen=True)
class LargestUpdates:
    """In each step only the largest updates |dw| are carried out.

    Source: van Rossum & Pache, PLoS Comput Biol 2024.

    Parameters
    ----------
    fraction : float
        P in (0, 1].
    scope : {"network", "layer", "neuron"}
        What is ranked together. "network": k(P, N) of both layers. "layer": k(P, N_layer) of each
        layer. "neuron": k(P, fan-in) of the incoming synapses of each hidden and output neuron.
    output_fraction : float, "balanced" or None
        Q, for the scopes "layer" and "neuron": k(Q, N2) in the output layer, or k(Q, fan-in) of
        each output neuron. "balanced" is Q = min(1, P N1 / N2).
    within : FixedMask over units, or None
        Rank only the synapses of a fixed set of hidden units, and the output biases; P is a
        fraction of those.

    Raises
    ------
    ConfigError
        A value that is not allowed.
    """

    fraction: float
    scope: str = "network"
    output_fraction: float | str | None = None
    within: FixedMask | None = None
    names: ClassVar[tuple[Named, ...]] = (
        Named(
            "largest",
            "largest updates of the network",
            "the largest |dw| of the whole network",
            ("fraction", "within_units"),
            {"scope": "network"},
        ),
        Named(
            "largest-per-layer",
            "largest updates of each layer",
            "the largest |dw| of each layer",
            ("fraction", "output_fraction", "within_units"),
            {"scope": "layer"},
        ),
        Named(
            "largest-per-neuron",
            "largest updates of each neuron",
            "the largest |dw| onto each neuron",
            ("fraction", "output_fraction", "within_units"),
            {"scope": "neuron"},
        ),
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "fraction", checks.fraction("fraction", self.fraction))
        checks.choice("scope", self.scope, ("network", "layer", "neuron"))
        object.__setattr__(self, "output_fraction", _output_fraction(self.output_fraction))
        if self.scope == "network" and self.output_fraction is not None:
            raise ConfigError(
                f"output_fraction must be left out for rule {self.name},"
                f" got {quoted(self.output_fraction)}"
            )
        over_units = (
            isinstance(self.within, FixedMask)
            and self.within.over == "units"
            and self.within.output_fraction is None
        )
        if self.within is not None and not over_units:
            raise ConfigError(
                f"within must be a FixedMask(Q, over='units') or None, got {quoted(self.within)}"
            )

    @property
    def name(self) -> str:
        """`largest`, `largest-per-layer` or `largest-per-neuron`."""
        return "largest" if self.scope == "network" else f"largest-per-{self.scope}"

    @property
    def within_units(self) -> float | None:
        """The fraction of the hidden units to rank within, or None."""
        return self.within.fraction if self.within else None

    def counts(self, shape: Shape) -> Counts:
        """How many are chosen, and among which."""
        units = count(self.within.fraction, shape.hidden) if self.within else shape.hidden
        n1, n2 = units * (shape.n_in + 1), (units + 1) * shape.n_out
        if self.scope == "network":
            k = count(self.fraction, n1 + n2)
            return Counts(update="largest", units=units, plastic=k, k_hidden=k)
        share = _output_share(self.output_fraction, self.fraction, n1, n2)
        if self.scope == "layer":
            k_hidden, k_output = count(self.fraction, n1), count(share, n2)
            return Counts(
                update="largest",
                units=units,
                plastic=k_hidden + k_output,
                k_hidden=k_hidden,
                k_output=k_output,
            )
        k_hidden = count(self.fraction, shape.n_in + 1)
        k_output = count(share, units + 1)
        all_outputs = self.output_fraction is not None and k_output == units + 1
        return Counts(
            update="per_neuron",
            units=units,
            plastic=k_hidden * units + k_output * shape.n_out,
            k_hidden=k_hidden,
            k_output=k_output,
            readout=units if all_outputs else 0,
        )


BUILT_IN = (AllSynapses, Readout, FixedMask, GivenMask, RandomSubset, LargestUpdates)


def resolved_output_fraction(rule: Rule, shape: Shape) -> float | None:
    """Q as a number: "balanced" is min(1, P N1 / N2); None for a rule that has no Q."""
    given = vars(rule).get("output_fraction")
    if given is None or not isinstance(rule, BUILT_IN):
        return None
    within = getattr(rule, "within", None)
    units = count(within.fraction, shape.hidden) if within else shape.hidden
    chosen = Shape(shape.n_in, units, shape.n_out)
    n1, n2 = chosen.synapses_hidden, chosen.synapses_output
    return _output_share(given, vars(rule)["fraction"], n1, n2)
