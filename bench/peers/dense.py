"""Training and evaluation in dense NumPy, as research scripts do it.

All of dw is formed, ranked, masked and added.
"""

import numpy as np

from bench.peers import Problem

BATCH = 1000  # test images that go through one matrix product
_LEAK = np.float32(0.1)


class DenseRun:
    """One network in float32."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.w1, self.w2 = problem.w1.copy(), problem.w2.copy()
        self.m0, self.m1 = 0, 0.0

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """W1 and W2."""
        return self.w1, self.w2

    def energies(self) -> tuple[float, float]:
        """M0 and M1 so far."""
        return self.m0, self.m1

    def advance(self, numbers: np.ndarray) -> None:
        """Train on these images, one a step."""
        for number in numbers:
            self._step(number)

    def _step(self, number: int) -> None:
        """One image: forward, backward, selection, update, energies."""
        problem, eta = self.problem, np.float32(self.problem.eta)
        x = problem.inputs[number]
        h = x @ self.w1
        slope = np.where(h > 0, np.float32(1), _LEAK)
        a = np.append(h * slope, np.float32(1))
        e = -(a @ self.w2)
        e[problem.labels[number]] += 1
        g = eta * (slope * (self.w2[:-1] @ e))
        dw1, dw2 = np.outer(x, g), np.outer(a, eta * e)
        self._select(dw1, dw2)
        for dw in (dw1, dw2):
            self.m0 += np.count_nonzero(dw)
            self.m1 += float(np.abs(dw).sum())
        self.w1 += dw1
        self.w2 += dw2

    def _select(self, dw1: np.ndarray, dw2: np.ndarray) -> None:
        """Set the updates that the rule does not carry out to 0, in place."""
        problem = self.problem
        if problem.rule == "largest":
            size = np.concatenate([np.abs(dw1).ravel(), np.abs(dw2).ravel()])
            place = len(size) - problem.k
            threshold = np.partition(size, place)[place]
            for dw in (dw1, dw2):
                dw[np.abs(dw) < threshold] = 0
        elif problem.rule == "largest-per-neuron":
            for dw, k in zip((dw1, dw2), problem.k_fan_in, strict=True):
                # Of |dw| itself the ties of equal pixels would take 8 times as long: NumPy is slow
                # where the place is a high one.
                negated = -np.abs(dw)
                dw[negated > np.partition(negated, k - 1, axis=0)[k - 1]] = 0
        elif problem.rule == "fixed-synapses":
            dw1 *= problem.mask1
            dw2 *= problem.mask2


def predict(w1: np.ndarray, w2: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Classes of images x, float32 (images, n_in + 1): two matrix products a batch."""
    predicted = np.empty(len(x), np.int64)
    for start in range(0, len(x), BATCH):
        h = x[start : start + BATCH] @ w1
        np.maximum(h, _LEAK * h, out=h)
        predicted[start : start + BATCH] = (h @ w2[:-1] + w2[-1]).argmax(axis=1)
    return predicted
