"""The model and its rules as docs/science.md states them, in plain float64 NumPy.

Nothing of energynet is imported and none of its tricks is used: every step forms the full matrices
of dw and sorts them. One step is one image.
"""

import numpy as np

BITS = (1 << 64) - 1


def mix(key, counter):
    z = (int(key) + 0x9E3779B97F4A7C15 * (counter + 1)) & BITS
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & BITS
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & BITS
    return z ^ (z >> 31)


def bounded(bits, n):
    return bits * n >> 64


def k_of(fraction, n):
    return int(min(n, max(1, np.floor(fraction * n + 0.5))))


def streams(seed):
    init, mask, order, ties = np.random.SeedSequence(seed).spawn(4)
    keys = [int(s.generate_state(1, np.uint64)[0]) for s in (mask, order, ties)]
    return np.random.Generator(np.random.PCG64(init)), *keys


ACTIVATIONS = {  # f and f'
    "leaky_relu": (lambda h: np.where(h > 0, h, 0.1 * h), lambda h: np.where(h > 0, 1.0, 0.1)),
    "relu": (lambda h: np.where(h > 0, h, 0.0), lambda h: np.where(h > 0, 1.0, 0.0)),
    "tanh": (np.tanh, lambda h: 1 / np.cosh(h) ** 2),
    "sigmoid": (
        lambda h: 1 / (1 + np.exp(-h)),
        lambda h: np.exp(-h) / (1 + np.exp(-h)) ** 2,
    ),
}


class NaiveRun:
    """One training run; `rule` is its name on the command line."""

    def __init__(self, images, labels, classes, hidden, rule, seed, **options):
        self.images, self.labels, self.classes, self.hidden = images, labels, classes, hidden
        self.rule, self.fraction = rule, options.get("fraction", 1.0)
        self.output_fraction = options.get("output_fraction")
        self.given = options.get("mask")  # of the rule fixed-given: bool arrays of both layers
        self.permutation = options.get("permutation", False)
        self.eta = options.get("eta", 0.01)
        self.alphas = options.get("alphas", ())
        self.activation = options.get("activation", "leaky_relu")
        self.output = options.get("output", "linear")
        self.margin = options.get("margin")
        share = options.get("within_units")
        self.units = hidden if share is None else k_of(share, hidden)
        center = options.get("center", True)
        scale = 255 if images.dtype == np.uint8 else 1
        self.mean = images.mean(dtype=np.float64) / scale if center else 0.0
        self.scale = scale
        generator, self.mask_key, self.order_key, self.tie_key = streams(seed)
        n_in = images.shape[1]
        std = options.get("init_std", 0.01)
        self.w1 = std * generator.standard_normal((n_in + 1, hidden))
        self.w2 = std * generator.standard_normal((hidden + 1, classes))
        self.n1, self.n2 = self.w1.size, self.w2.size
        self.step = self.learning_steps = 0
        self.m0 = np.zeros(2, np.int64)
        self.counts = np.zeros(self.w1.shape, np.int64), np.zeros(self.w2.shape, np.int64)
        self.m1 = np.zeros(2)
        self.m_alpha = {alpha: np.zeros(2) for alpha in self.alphas}
        self.fixed = self.fixed_mask()

    def inputs(self, image):
        return np.append(image / self.scale - self.mean, 1.0)

    def image_number(self):
        n = len(self.images)
        if not self.permutation:
            return bounded(mix(self.order_key, self.step), n)
        stream = mix(self.order_key, self.step // n)
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            j = bounded(mix(stream, i), i + 1)
            order[i], order[j] = order[j], order[i]
        return order[self.step % n]

    def forward(self, x):
        # Sums row by row: equal columns then give equal bits, which a matrix product need not.
        h = np.add.reduce(x[:, None] * self.w1, axis=0)
        a = np.append(ACTIVATIONS[self.activation][0](h), 1.0)
        return h, a, np.add.reduce(a[:, None] * self.w2, axis=0)

    def output_share(self):
        if self.output_fraction == "balanced":
            return min(1.0, self.fraction * self.n1 / self.n2)
        return self.fraction if self.output_fraction is None else self.output_fraction

    def fixed_mask(self):
        """Masks of both layers, or None for a rule without a fixed one."""
        one, two = np.zeros(self.w1.shape, bool), np.zeros(self.w2.shape, bool)
        if self.rule == "fixed-units":
            units = k_of(self.fraction, self.hidden)
            one[:, :units] = True
            two[: self.hidden if self.output_fraction == 1 else units] = True
            two[-1] = True
            return one, two
        if self.rule == "readout":
            return one, ~two
        if self.rule == "fixed-given":
            return self.given
        if self.rule != "fixed-synapses":
            return None
        # The output layer is drawn output by output: synapse (j, o) has number o (nh + 1) + j.
        if self.output_fraction is None:
            flat = self.draw(0, self.n1 + self.n2, k_of(self.fraction, self.n1 + self.n2))
        else:
            flat = self.draw(0, self.n1, k_of(self.fraction, self.n1))
            flat += self.draw(self.n1, self.n2, k_of(self.output_share(), self.n2))
        one[:] = np.reshape(flat[: self.n1], one.shape)
        two[:] = np.reshape(flat[self.n1 :], two.shape[::-1]).T
        return one, two

    def draw(self, first, n, k):
        chosen = []
        for i in range(n):
            chosen.append(bounded(mix(self.mask_key, first + i), n - i) < k)
            k -= chosen[-1]
        return chosen

    def ranks(self, n):
        return np.array([mix(mix(self.tie_key, self.step), i) for i in range(n)], np.uint64)

    def largest(self, updates, k):
        """Masks of the k largest |dw| among the given (layer, dw) pairs, by the total order."""
        size, layer, pre, post = [], [], [], []
        for number, dw in updates:
            ranks = self.ranks(max(dw.shape))
            candidate = np.ones(dw.shape, bool)
            if number == 1:
                candidate[:, self.units :] = False
            else:
                candidate[self.units : -1] = False
            size.append(np.where(candidate, np.abs(dw), -1.0).ravel())
            layer.append(np.full(dw.size, number))
            pre.append(np.repeat(ranks[: dw.shape[0]], dw.shape[1]))
            post.append(np.tile(ranks[: dw.shape[1]], dw.shape[0]))
        keys = [np.concatenate(part) for part in (post, pre, layer, size)]
        keys[3] = -keys[3]
        chosen = np.zeros(len(keys[0]), bool)
        chosen[np.lexsort(keys)[:k]] = True
        masks, start = [], 0
        for _, dw in updates:
            masks.append(chosen[start : start + dw.size].reshape(dw.shape))
            start += dw.size
        return masks

    def per_neuron(self, dw, values, k, candidates):
        """Mask of the k largest |dw| of each column; equal |pre| are ordered by pi_t(pre)."""
        mask = np.zeros(dw.shape, bool)
        keys = self.ranks(len(values))[candidates], -np.abs(values[candidates])
        chosen = candidates[np.lexsort(keys)[:k]]
        for post in range(dw.shape[1]):
            mask[chosen, post] = True
        return mask

    def masks(self, x, a, dw1, dw2):
        if self.fixed is not None:
            return self.fixed
        if self.rule == "all":
            return np.ones(dw1.shape, bool), np.ones(dw2.shape, bool)
        if self.rule == "random":
            return self.random_masks()
        # Only the synapses of the first `units` hidden units and of the bias unit take part.
        pre = np.append(np.arange(self.units), self.hidden)
        n1, n2 = dw1[:, : self.units].size, dw2[pre].size
        if self.rule == "largest":
            one, two = self.largest([(1, dw1), (2, dw2)], k_of(self.fraction, n1 + n2))
        elif self.rule == "largest-per-layer":
            (one,) = self.largest([(1, dw1)], k_of(self.fraction, n1))
            share = self.output_share()
            if self.output_fraction == "balanced":
                share = min(1.0, self.fraction * n1 / n2)
            (two,) = self.largest([(2, dw2)], k_of(share, n2))
        else:
            assert self.rule == "largest-per-neuron"
            one = self.per_neuron(dw1, x, k_of(self.fraction, len(x)), np.arange(len(x)))
            one[:, self.units :] = False
            share = self.output_share()
            if self.output_fraction == "balanced":
                share = min(1.0, self.fraction * n1 / n2)
            two = self.per_neuron(dw2, a, k_of(share, len(pre)), pre)
        return one, two

    def random_masks(self):
        """k synapses of N or of each layer: numbers are drawn until k different ones are found."""
        stream, used = mix(self.mask_key, self.step), 0
        n, n1, n2 = self.n1 + self.n2, self.n1, self.n2
        parts = [(n, self.fraction)]
        if self.output_fraction is not None:
            parts = [(n1, self.fraction), (n2, self.output_share())]
        flat = []
        for size, share in parts:
            k = k_of(share, size)
            if k == n2 and self.output_fraction is not None and flat:
                flat += [True] * n2  # nothing is drawn
                continue
            drawn = set()
            while len(drawn) < (size - k if 2 * k > size else k):
                drawn.add(bounded(mix(stream, used), size))
                used += 1
            flat += [(number in drawn) != (2 * k > size) for number in range(size)]
        two = np.reshape(flat[n1:], self.w2.shape[::-1]).T
        return np.reshape(flat[:n1], self.w1.shape), two

    def learns(self, o, label):
        """Whether a sample is classified wrong, or right with a lead below the margin."""
        if self.margin is None or np.argmax(o) != label:
            return True
        others = np.delete(o, label)
        return len(others) > 0 and o[label] - others.max() < self.margin

    def advance(self):
        """One step. Returns the masks of the synapses that changed."""
        number = self.image_number()
        x = self.inputs(self.images[number])
        h, a, o = self.forward(x)
        if not self.learns(o, self.labels[number]):
            self.step += 1
            return np.zeros(self.w1.shape, bool), np.zeros(self.w2.shape, bool)
        self.learning_steps += 1
        outputs = o
        if self.output == "softmax":
            o = np.exp(o - o.max())
            o /= o.sum()
        e = np.eye(self.classes)[self.labels[number]] - o
        delta = ACTIVATIONS[self.activation][1](h) * (self.w2[:-1] * e).sum(axis=1)
        dw1, dw2 = np.outer(x, self.eta * delta), np.outer(a, self.eta * e)
        changes = self.changes(x, a, outputs, dw1, dw2)
        for layer, (weights, (applied, paid)) in enumerate(
            zip((self.w1, self.w2), changes, strict=True)
        ):
            self.m0[layer] += np.count_nonzero(paid)
            self.counts[layer][paid != 0] += 1
            self.m1[layer] += np.abs(paid).sum()
            for alpha in self.alphas:
                self.m_alpha[alpha][layer] += (np.abs(paid[paid != 0]) ** alpha).sum()
            weights += applied
        self.step += 1
        return tuple(applied != 0 for applied, _ in changes)

    def changes(self, x, a, outputs, dw1, dw2):
        """For each layer what is added to the weights, and what is paid for."""
        masks = self.masks(x, a, dw1, dw2)
        each = [np.where(mask, dw, 0.0) for mask, dw in zip(masks, (dw1, dw2), strict=True)]
        return [(applied, applied) for applied in each]
