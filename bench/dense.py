"""A training step in dense NumPy: all of dw is formed, ranked with np.partition, masked, added."""

import numpy as np


class DenseRun:
    """One network in float32, trained as a research script does it."""

    def __init__(self, dataset, hidden, rule, fraction, seed=0):
        generator = np.random.default_rng(seed)
        self.dataset, self.rule, self.fraction = dataset, rule, fraction
        self.w1 = generator.normal(0, 0.01, (dataset.n_in + 1, hidden)).astype(np.float32)
        self.w2 = generator.normal(0, 0.01, (hidden + 1, dataset.classes)).astype(np.float32)
        self.m0, self.m1 = 0, 0.0
        self.generator = generator
        k = max(1, round(fraction * self.w1.size))
        self.mask1, self.mask2 = np.zeros(self.w1.shape, bool), np.ones(self.w2.shape, bool)
        if rule == "fixed-units":
            self.mask1[:, : max(1, round(fraction * hidden))] = True
        elif rule == "fixed-synapses":
            self.mask1.reshape(-1)[generator.choice(self.w1.size, k, replace=False)] = True

    def advance(self, steps):
        """Train for some steps."""
        for _ in range(steps):
            self.step()

    def step(self):
        """One image: forward, backward, selection, update, energies."""
        number = self.generator.integers(len(self.dataset.y_train))
        pixels = self.dataset.x_train[number] / np.float32(255) - np.float32(self.dataset.mean)
        x = np.append(pixels, np.float32(1))
        h = x @ self.w1
        slope = np.where(h > 0, np.float32(1), np.float32(0.1))
        a = np.append(h * slope, np.float32(1))
        e = -(a @ self.w2)
        e[self.dataset.y_train[number]] += 1
        g = np.float32(0.01) * slope * (self.w2[:-1] @ e)
        dw1, dw2 = np.outer(x, g), np.outer(a, np.float32(0.01) * e)
        if self.rule == "largest":
            self.keep_largest(dw1, dw2)
        elif self.rule == "largest-per-layer":
            self.keep_largest(dw1)
            self.keep_largest(dw2)
        elif self.rule == "largest-per-neuron":
            for dw in (dw1, dw2):
                k = max(1, round(self.fraction * len(dw)))
                size = np.abs(dw)
                dw[size < np.partition(size, len(dw) - k, axis=0)[len(dw) - k]] = 0
        elif self.rule != "all":
            dw1 *= self.mask1
            dw2 *= self.mask2
        for dw in (dw1, dw2):
            self.m0 += np.count_nonzero(dw)
            self.m1 += float(np.abs(dw).sum())
        self.w1 += dw1
        self.w2 += dw2

    def keep_largest(self, *updates):
        """Set all but the largest |dw| of the given layers to 0, in place."""
        size = np.concatenate([np.abs(dw).ravel() for dw in updates])
        k = max(1, round(self.fraction * len(size)))
        threshold = np.partition(size, len(size) - k)[len(size) - k]
        for dw in updates:
            dw[np.abs(dw) < threshold] = 0
