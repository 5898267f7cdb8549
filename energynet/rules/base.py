"""What every plasticity rule has in common: the size of a network, and exact counts for it.

A rule is a small frozen dataclass. `counts` turns its fractions into exact counts for one network;
the kernels see nothing else of it.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


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

    UNITS = 0  # all synapses of the first `units` hidden units, and the output biases
    MASK = 1  # the synapses of a fixed mask
    RANDOM = 2  # k_hidden synapses of both layers, drawn in each step
    LARGEST = 3  # the k_hidden largest |dw| of both layers, or k_hidden and k_output of each
    LARGEST_PER_NEURON = 4  # the k_hidden and k_output largest of each neuron's incoming synapses
    CUSTOM = 5  # what a custom rule chooses, in Python


@dataclass(frozen=True)
class Counts:
    """A rule resolved for one network: exact counts.

    `k_output` is 0 where one count rules both layers. Only synapses of the first `units` hidden
    units, and output biases, can change; `plastic` is how many may in a step.
    """

    update: Update
    k_hidden: int
    k_output: int
    units: int
    plastic: int


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
