"""A custom plasticity rule: only updates above a fixed size are carried out.

    energynet train --hidden 100 --rule threshold:Threshold --param least=1e-4

in this folder, or `python threshold.py` for a comparison with plain back-propagation.
"""

import numpy as np

import energynet as en


class Threshold(en.PlasticityRule):
    """All updates with |dw| >= least change their synapse, the others do not."""

    least: float

    def check(self):
        if self.least < 0:
            raise en.ConfigError(f"least must be 0 or above, got {self.least}")

    def select(self, step):
        return tuple(self.above(layer) for layer in (step.hidden, step.output))

    def above(self, layer):
        """Pairs of indices; inputs and units whose largest |dw| is too small are not looked at."""
        pre, post = np.abs(layer.pre), np.abs(layer.post)
        rows = np.flatnonzero(pre * post.max() >= self.least)
        columns = np.flatnonzero(post * pre.max() >= self.least)
        row, column = np.nonzero(np.outer(pre[rows], post[columns]) >= self.least)
        return rows[row], columns[column]


class CompiledThreshold(en.PlasticityRule):
    """The same rule, in loops that Numba compiles."""

    least: float

    @en.compiled
    def select(
        pre_hidden, post_hidden, pre_output, post_output, outputs, label, step,
        parameters, state, change_hidden, change_output,
    ):  # fmt: skip
        """Fill both masks."""
        for pre, post, change in (
            (pre_hidden, post_hidden, change_hidden),
            (pre_output, post_output, change_output),
        ):
            for i in range(pre.size):
                for j in range(post.size):
                    change[i, j] = abs(pre[i] * post[j]) >= parameters.least


if __name__ == "__main__":
    mnist = en.load_mnist()
    for rule in (en.AllSynapses(), Threshold(1e-5), Threshold(1e-4), Threshold(1e-3)):
        run = en.train(en.TrainingConfig(hidden=100, rule=rule, max_steps=100_000), mnist)
        print(f"{rule}: {run.outcome}, {run.steps:,} steps, M0 {run.energy.m0:.3g}", flush=True)
