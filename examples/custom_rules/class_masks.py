"""A custom plasticity rule: for each class, another set of hidden units learns.

With a set U_c of k = fraction nh hidden units for each class c, drawn once, on an image of class c

    dw[i, j] is applied in the hidden layer if unit j is in U_c.

All synapses of the output layer change.

Source: the program of M. C. W. van Rossum and A. Pache (2024), vanrossumlab/frugal_24: rule 6 with
`pcompete = [fraction, 1]`.

    energynet train --hidden 100 --rule class_masks:ClassMasks --param fraction=0.1

in this folder, or `python class_masks.py` for a comparison with one set for all classes.
"""

import numpy as np

import energynet as en


class ClassMasks(en.PlasticityRule):
    """Images of different classes change different synapses.

    fraction : share of the hidden units that learn, in (0, 1]
    """

    fraction: float

    def check(self):
        if not 0 < self.fraction <= 1:
            raise en.ConfigError(f"fraction must be in (0, 1], got {self.fraction}")

    def state(self, shape):
        return {"masks": np.zeros((shape.n_out, shape.hidden), bool)}

    def select(self, step):
        masks = step.state["masks"]
        if not masks.any():  # the first step: draw them
            ranks = step.random.random(masks.shape).argsort(axis=1)
            masks[:] = ranks < max(1, int(self.fraction * masks.shape[1] + 0.5))
        return (True, masks[step.label]), True


if __name__ == "__main__":
    mnist = en.load_mnist()
    one = en.FixedMask(0.5, over="units", output_fraction=1)
    for rule in (one, ClassMasks(0.5)):
        run = en.train(en.TrainingConfig(hidden=100, rule=rule, target_accuracy=0.9), mnist)
        print(f"{rule}: {run.outcome}, {run.steps:,} steps, M0 {run.energy.m0:.3g}", flush=True)
