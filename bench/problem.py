"""The same network, images and rule for every program that is compared."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from bench.images import image_numbers
from energynet.prepare import Run


@dataclass(frozen=True)
class Problem:
    """What a dense program starts from; it works on copies of the weights.

    inputs : float32 (images, n_in + 1), the bias unit's 1 last; labels : int (images,)
    w1 : float32 (n_in + 1, nh), w2 : float32 (nh + 1, n_out); mask1, mask2 : bool, their shapes,
    for `fixed-synapses`, None for the other rules
    """

    inputs: np.ndarray
    labels: np.ndarray
    order_key: int
    w1: np.ndarray
    w2: np.ndarray
    rule: str
    fraction: float
    mask1: np.ndarray | None
    mask2: np.ndarray | None
    eta: float = 0.01

    @property
    def hidden(self) -> int:
        """nh."""
        return self.w1.shape[1]

    @property
    def synapses(self) -> int:
        """N."""
        return self.w1.size + self.w2.size

    @property
    def k(self) -> int:
        """How many of all synapses may change."""
        return count(self.fraction, self.synapses)

    @property
    def k_fan_in(self) -> tuple[int, int]:
        """How many incoming synapses of a hidden and of an output neuron may change."""
        return count(self.fraction, len(self.w1)), count(self.fraction, len(self.w2))

    def numbers(self, first: int, steps: int) -> np.ndarray:
        """The images of the steps first ... first + steps - 1."""
        return image_numbers(self.order_key, first, steps, len(self.inputs))


def count(fraction: float, n: int) -> int:
    """k(P, n): how many of n."""
    return min(n, max(1, math.floor(fraction * n + 0.5)))


def problem_of(
    run: Run, inputs: np.ndarray, labels: np.ndarray, rule: str, fraction: float
) -> Problem:
    """The problem of a run that is at step 0; a fixed mask is drawn afresh."""
    w1, w2 = run.network.u.copy(), np.ascontiguousarray(run.network.w2.T)
    mask1 = mask2 = None
    if rule == "fixed-synapses":
        n = w1.size + w2.size
        flat = np.zeros(n, bool)
        flat[np.random.default_rng(0).choice(n, count(fraction, n), replace=False)] = True
        mask1, mask2 = flat[: w1.size].reshape(w1.shape), flat[w1.size :].reshape(w2.shape)
    return Problem(inputs, labels, run.plan.order_key, w1, w2, rule, fraction, mask1, mask2)


class Peer(Protocol):
    """A program that trains the same network."""

    def advance(self, numbers: np.ndarray) -> Any:
        """Train on these images, one a step."""


def stepping(peer: Peer, problem: Problem) -> Callable[[int], Callable[[], Any]]:
    """The task of training a peer on, image after image."""
    done = 0

    def task(steps: int) -> Callable[[], Any]:
        nonlocal done
        numbers = problem.numbers(done, steps)
        done += steps
        return partial(peer.advance, numbers)

    return task
