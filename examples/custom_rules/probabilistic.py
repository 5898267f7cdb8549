"""A custom plasticity rule: the larger an update, the likelier it is carried out.

    energynet train --hidden 100 --rule probabilistic:Probabilistic --param fraction=0.01

in this folder, or `python probabilistic.py` for a comparison with the largest updates.
"""

import numpy as np

import energynet as en


class Probabilistic(en.PlasticityRule):
    """Each synapse changes with a probability in proportion to its |dw|, at most 1.

    fraction : expected share of the synapses of each layer that change, in (0, 1], as far as no
    probability is cut at 1.
    """

    fraction: float

    def check(self):
        if not 0 < self.fraction <= 1:
            raise en.ConfigError(f"fraction must be in (0, 1], got {self.fraction}")

    def select(self, step):
        return self.draw(step.hidden, step.random), self.draw(step.output, step.random)

    def draw(self, layer, random):
        """A mask."""
        size = np.abs(layer.dw)
        total = size.sum(dtype=np.float64)
        if total == 0:
            return False
        return random.random(size.shape) < size * (self.fraction * size.size / total)


if __name__ == "__main__":
    mnist = en.load_mnist()
    for rule in (Probabilistic(0.01), en.LargestUpdates(0.01)):
        run = en.train(en.TrainingConfig(hidden=30, rule=rule, max_steps=100_000), mnist)
        print(f"{rule}: {run.outcome}, {run.steps:,} steps, M0 {run.energy.m0:.3g}", flush=True)
