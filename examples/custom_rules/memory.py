"""A custom plasticity rule: the largest updates, and a memory of what was not applied.

With m = 0 at the start, in each step

    g = top_k(m + dw),   w <- w + g,   m <- m + dw - g

where top_k keeps the k entries that are largest in size and sets all others to 0. The built-in
`largest` does the same without the memory: there, what is not chosen is lost.

Source: S. U. Stich, J.-B. Cordonnier and M. Jaggi (2018), Sparsified SGD with memory, Advances in
Neural Information Processing Systems 31, 4447-4458: Algorithm 1 (Mem-SGD) with top-k.

    energynet train --hidden 100 --rule memory:LargestWithMemory --param fraction=0.01

in this folder, or `python memory.py` for a comparison with the rule that forgets.
"""

import numpy as np

import energynet as en


class LargestWithMemory(en.PlasticityRule):
    """The largest of both layers together change; of equal ones those that come first.

    fraction : k divided by the number of all synapses, in (0, 1]
    """

    fraction: float

    def check(self):
        if not 0 < self.fraction <= 1:
            raise en.ConfigError(f"fraction must be in (0, 1], got {self.fraction}")

    def state(self, shape):
        return {"memory": np.zeros(shape.synapses)}

    def select(self, step):
        layers, memory = (step.hidden, step.output), step.state["memory"]
        memory += np.concatenate([layer.dw.ravel() for layer in layers])
        chosen = largest(np.abs(memory), max(1, int(self.fraction * memory.size + 0.5)))
        value = memory[chosen]
        memory[chosen] = 0
        first = layers[0].dw.size
        parts = (chosen < first, chosen), (chosen >= first, chosen - first)
        return tuple(
            (*np.unravel_index(index[here], layer.dw.shape), value[here])
            for layer, (here, index) in zip(layers, parts, strict=True)
        )


def largest(size, k):
    """Indices of exactly k of the largest numbers."""
    border = np.partition(size, -k)[-k]
    above, at = np.flatnonzero(size > border), np.flatnonzero(size == border)
    return np.concatenate([above, at[: k - len(above)]])


if __name__ == "__main__":
    mnist = en.load_mnist()
    for rule in (en.LargestUpdates(0.01), LargestWithMemory(0.01)):
        run = en.train(en.TrainingConfig(hidden=30, rule=rule, target_accuracy=0.9), mnist)
        print(f"{rule}: {run.outcome}, {run.steps:,} steps, M0 {run.energy.m0:.3g}", flush=True)
