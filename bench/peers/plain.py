"""The training step written the plain way in Numba: dense loops over all synapses."""

import numba
import numpy as np

from bench.peers import Problem

_RULES = {"all": 0, "fixed-synapses": 1, "largest": 2, "largest-per-neuron": 3}


class PlainRun:
    """One network in float32; the loop over steps is compiled as a whole."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.w1, self.w2 = problem.w1.copy(), problem.w2.copy()
        self.dw1, self.dw2 = np.empty_like(self.w1), np.empty_like(self.w2)
        self.energy = np.zeros(2)  # M0, M1

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """W1 and W2."""
        return self.w1, self.w2

    def energies(self) -> tuple[float, float]:
        """M0 and M1 so far."""
        return float(self.energy[0]), float(self.energy[1])

    def advance(self, numbers: np.ndarray) -> None:
        """Train on these images, one a step."""
        problem = self.problem
        rule, counts = _RULES[problem.rule], (problem.k, *problem.k_fan_in)
        for_rule = (rule, counts, problem.mask1, problem.mask2, np.float32(problem.eta))
        weights = (self.w1, self.w2, self.dw1, self.dw2)
        _advance(numbers, problem.inputs, problem.labels, *weights, *for_rule, self.energy)


@numba.njit(nogil=True, fastmath=True)
def _advance(numbers, inputs, labels, w1, w2, dw1, dw2, rule, counts, mask1, mask2, eta, energy):
    for number in numbers:
        x = inputs[number]
        a, g, q = _signals(x, labels[number], w1, w2, eta)
        _outer(x, g, dw1)
        _outer(a, q, dw2)
        if rule == 1:
            _keep_masked(dw1, mask1)
            _keep_masked(dw2, mask2)
        elif rule == 2:
            _keep_largest(dw1, dw2, counts[0])
        elif rule == 3:
            _keep_largest_per_neuron(dw1, counts[1])
            _keep_largest_per_neuron(dw2, counts[2])
        _apply(w1, dw1, energy)
        _apply(w2, dw2, energy)


@numba.njit(nogil=True, fastmath=True)
def _signals(x, label, w1, w2, eta):
    """Forward and backward pass: activities, g = eta delta, q = eta e."""
    nh, outputs = w1.shape[1], w2.shape[1]
    h, a, g = np.zeros(nh, np.float32), np.ones(nh + 1, np.float32), np.empty(nh, np.float32)
    for i in range(x.shape[0]):
        for j in range(nh):
            h[j] += x[i] * w1[i, j]
    for j in range(nh):
        a[j] = h[j] if h[j] > 0 else np.float32(0.1) * h[j]
    e = np.zeros(outputs, np.float32)
    e[label] = 1
    for j in range(nh + 1):
        for o in range(outputs):
            e[o] -= a[j] * w2[j, o]
    for j in range(nh):
        delta = np.float32(0)
        for o in range(outputs):
            delta += w2[j, o] * e[o]
        g[j] = eta * (delta if h[j] > 0 else np.float32(0.1) * delta)
    return a, g, eta * e


@numba.njit(nogil=True, fastmath=True)
def _outer(pre, post, dw):
    for i in range(dw.shape[0]):
        for j in range(dw.shape[1]):
            dw[i, j] = pre[i] * post[j]


@numba.njit(nogil=True, fastmath=True)
def _keep_masked(dw, mask):
    for i in range(dw.shape[0]):
        for j in range(dw.shape[1]):
            if not mask[i, j]:
                dw[i, j] = 0


@numba.njit(nogil=True, fastmath=True)
def _keep_largest(dw1, dw2, k):
    size = np.concatenate((np.abs(dw1).ravel(), np.abs(dw2).ravel()))
    place = size.shape[0] - k
    threshold = np.partition(size, place)[place]
    for dw in (dw1, dw2):
        for i in range(dw.shape[0]):
            for j in range(dw.shape[1]):
                if abs(dw[i, j]) < threshold:
                    dw[i, j] = 0


@numba.njit(nogil=True, fastmath=True)
def _keep_largest_per_neuron(dw, k):
    place = dw.shape[0] - k
    for j in range(dw.shape[1]):
        threshold = np.partition(np.abs(dw[:, j]), place)[place]
        for i in range(dw.shape[0]):
            if abs(dw[i, j]) < threshold:
                dw[i, j] = 0


@numba.njit(nogil=True, fastmath=True)
def _apply(w, dw, energy):
    changed, total = 0, 0.0
    for i in range(dw.shape[0]):
        for j in range(dw.shape[1]):
            w[i, j] += dw[i, j]
            changed += dw[i, j] != 0
            total += abs(dw[i, j])
    energy[0] += changed
    energy[1] += total
