"""A custom plasticity rule: only the synapses with the largest weights change.

In each step, in the hidden layer,

    dw[i, j] is applied if |w[i, j]| is among the k = fraction n largest,

with the weights before the step: of the n weights of the layer, or of the n weights onto unit j.
All synapses of the output layer change.

Source: the program of M. C. W. van Rossum and A. Pache (2024), vanrossumlab/frugal_24: rules 21 (of
the layer) and 41 (onto each unit) with `pcompete = [fraction, 1]`.

    energynet train --hidden 100 --rule largest_weights:LargestWeights --param fraction=0.1

in this folder, or `python largest_weights.py` for a comparison of both.
"""

import numpy as np

import energynet as en


class LargestWeights(en.PlasticityRule):
    """Strong synapses learn; more than k if weights are equal.

    fraction : share of the hidden layer's synapses that change, in (0, 1]
    per_unit : True: the largest weights onto each unit; False: the largest of the whole layer
    """

    fraction: float
    per_unit: bool = False

    def check(self):
        if not 0 < self.fraction <= 1:
            raise en.ConfigError(f"fraction must be in (0, 1], got {self.fraction}")

    def select(self, step):
        size = np.abs(step.hidden.weights)
        ranked = size if self.per_unit else size.reshape(-1, 1)
        k = max(1, int(self.fraction * len(ranked) + 0.5))
        return size >= np.partition(ranked, -k, axis=0)[-k], True


if __name__ == "__main__":
    mnist = en.load_mnist()
    for rule in (LargestWeights(0.1), LargestWeights(0.1, per_unit=True)):
        run = en.train(en.TrainingConfig(hidden=30, rule=rule, target_accuracy=0.9), mnist)
        print(f"{rule}: {run.outcome}, {run.steps:,} steps, M0 {run.energy.m0:.3g}", flush=True)
