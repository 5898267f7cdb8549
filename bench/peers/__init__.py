"""The same network, images and rule for every program that is compared, and a check that it is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

import energynet as en
from bench.runs import image_numbers, make_config
from energynet.rules.base import count
from energynet.training.run import Run, prepare


@dataclass(frozen=True)
class Problem:
    """What a dense program starts from; it works on copies of the weights.

    inputs : float32 (images, n_in + 1), the bias unit's 1 last; labels : int (images,)
    w1 : float32 (n_in + 1, nh), w2 : float32 (nh + 1, n_out)
    mask1, mask2 : bool, shapes of w1 and w2, for `fixed-synapses`; (1, 1) for the other rules
    """

    inputs: np.ndarray
    labels: np.ndarray
    order_key: np.uint64
    eta: float
    rule: str
    fraction: float
    w1: np.ndarray
    w2: np.ndarray
    mask1: np.ndarray
    mask2: np.ndarray

    @property
    def hidden(self) -> int:
        """nh."""
        return self.w1.shape[1]

    @property
    def k(self) -> int:
        """How many of all synapses may change."""
        return count(self.fraction, self.w1.size + self.w2.size)

    @property
    def k_fan_in(self) -> tuple[int, int]:
        """How many incoming synapses of a hidden and of an output neuron may change."""
        return count(self.fraction, len(self.w1)), count(self.fraction, len(self.w2))


class Peer(Protocol):
    """A program that trains the same network."""

    def advance(self, numbers: np.ndarray) -> Any:
        """Train on these images, one a step."""

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """W1 (n_in + 1, nh) and W2 (nh + 1, n_out)."""

    def energies(self) -> tuple[float, float]:
        """M0 and M1 so far."""


def inputs(pixels: np.ndarray, mean: float) -> np.ndarray:
    """x of images, float32 (images, n_in + 1): centred pixels, and the bias unit's 1 last."""
    scale = 255 if pixels.dtype == np.uint8 else 1
    x = np.ones((len(pixels), pixels.shape[1] + 1), np.float32)
    np.multiply(pixels, np.float32(1 / scale), out=x[:, :-1], casting="unsafe")
    x[:, :-1] -= np.float32(mean)
    return x


def problem_of(
    run: Run, x: np.ndarray, labels: np.ndarray, rule: str, fraction: float | None
) -> Problem:
    """The problem of a run that is at step 0; x : `inputs` of its training images."""
    w1, w2 = run.weights.u.copy(), np.ascontiguousarray(run.weights.w_out.T)
    mask1 = mask2 = np.ones((1, 1), bool)
    if rule == "fixed-synapses":
        mask1 = _spread(run.mask.start_hidden, run.mask.hidden, w1.shape)
        mask2 = _spread(run.mask.start_output, run.mask.output, w2.shape[::-1]).T.copy()
    key, eta = run.constants.order_key, float(run.constants.eta)
    return Problem(x, labels, key, eta, rule, fraction or 1.0, w1, w2, mask1, mask2)


def _spread(start: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A mask from its column lists, as bool."""
    mask = np.zeros(shape, bool)
    mask[np.repeat(np.arange(shape[0]), np.diff(start)), columns] = True
    return mask


def stepping(peer: Peer, problem: Problem) -> Callable[[int], Callable[[], Any]]:
    """The task of training a peer on, image after image."""
    done = 0

    def task(steps: int) -> Callable[[], Any]:
        nonlocal done
        numbers = image_numbers(problem.order_key, done, steps, len(problem.inputs))
        done += steps
        return partial(peer.advance, numbers)

    return task


def disagreement(rule: str, fraction: float | None, start: Callable[[Problem], Peer]) -> float:
    """How far a program is from energynet after 200 steps of 30 hidden units.

    The largest difference of a weight over the largest change of a weight, or the relative
    difference of M0 or M1 if that is larger. For the rules that rank |dw| the images get a little
    noise: without ties all programs must choose the same synapses.
    """
    mnist, steps = en.load_mnist(), 200
    if rule.startswith("largest"):
        noise = np.random.default_rng(0).normal(0, 0.001, (1000, 784))
        noisy = (mnist.x_train[:1000] / 255 + noise).astype(np.float32)
        mnist = en.Dataset.from_arrays(noisy, mnist.y_train[:1000], noisy, mnist.y_train[:1000])
    config = make_config(30, rule, fraction, max_steps=steps, test_every=steps)
    x = inputs(mnist.x_train, mnist.mean)
    problem = problem_of(prepare(config, mnist), x, mnist.y_train, rule, fraction)
    peer = start(problem)
    stepping(peer, problem)(steps)()
    run = en.train(config, mnist)
    begun, own = (problem.w1, problem.w2), (run.network.w1, run.network.w2)
    weights = _distance(own, peer.weights()) / _distance(own, begun)
    pairs = zip((run.energy.m0, run.energy.m1), peer.energies(), strict=True)
    return max(weights, *(abs(theirs / ours - 1) for ours, theirs in pairs))


def _distance(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))
