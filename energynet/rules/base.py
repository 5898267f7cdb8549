"""What every plasticity rule has in common: the size of a network, and exact counts for it.

A rule is a small frozen dataclass. `counts` turns its fractions into exact counts for one network;
the kernels see nothing else of a built-in rule.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol


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


@dataclass(frozen=True, kw_only=True)
class Counts:
    """A rule resolved for one network: exact counts, and the loop over steps that carries it out.

    Attributes
    ----------
    update : str
        Name of the loop: "units" stands for `run_units` of `kernels/rules/steps.py`.
    units : int
        Only synapses of the first `units` hidden units, and output biases, can change.
    plastic : int
        How many synapses may change in a step.
    k_hidden, k_output : int
        What the loop counts: synapses of the hidden and of the output layer, or of each neuron.
        `k_output` is 0 if `k_hidden` counts both layers together.
    readout : int
        All outgoing synapses of the first `readout` hidden units and the output biases change in
        each step; 0 if the loop chooses among the output layer's synapses.
    signals : int or None
        How many hidden units, counted from the first, need an error signal; None for all.
    """

    update: str
    units: int
    plastic: int
    k_hidden: int = 0
    k_output: int = 0
    readout: int = 0
    signals: int | None = None


class Named(NamedTuple):
    """A rule by its name on the command line and in tables.

    name : str
    words : str
        In legends and sentences.
    changing : str
        Which synapses change, for the help of the command line.
    takes : tuple of str
        Its parameters, by the names of command line and tables.
    fixed : dict
        Arguments of the class that the name fixes.
    """

    name: str
    words: str
    changing: str
    takes: tuple[str, ...]
    fixed: dict[str, str]


class Rule(Protocol):
    """What every plasticity rule offers."""

    @property
    def name(self) -> str:
        """Name on the command line and in tables."""

    def counts(self, shape: Shape) -> Counts:
        """The exact counts for a network of that shape."""


def count(fraction: float, n: int) -> int:
    """k(P, n) = min(n, max(1, floor(P n + 0.5))), in float64."""
    return min(n, max(1, math.floor(fraction * n + 0.5)))
