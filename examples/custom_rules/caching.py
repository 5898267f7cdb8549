"""A custom plasticity rule: synaptic caching, cheap transient changes and costly persistent ones.

Each weight is w = l + s. Learning changes the transient part s; when |s| exceeds a threshold, the
synapse is consolidated: s becomes part of the persistent l. In each step

    s <- s + dw
    if |s| > threshold:   l <- l + s, which costs |s|;   s <- 0
    maintenance costs c sum |s|
    s <- s exp(-decay)

and what is left at the end is consolidated. M1 holds the costs of consolidation, M0 how often
synapses were consolidated. Maintenance is the cost `maintenance` of the run. A
threshold of 0 is plain learning.

Source: H. L. Li and M. C. W. van Rossum (2020), Energy efficient synaptic plasticity, eLife 9,
e50804, and the authors' program vanrossumlab/li_vanrossum_19: `AlgoSynapse` in KleinFunction.py.

    energynet train --hidden 100 --rule caching:Caching --param threshold=0.01

in this folder, or `python caching.py` for a table of thresholds.
"""

import numpy as np

import energynet as en


class Caching(en.PlasticityRule):
    """Changes are transient until they exceed a threshold.

    threshold : |s| above which a synapse is consolidated
    maintenance : c; a transient change s costs c |s| in each step that is learnt
    decay : transient changes shrink by the factor exp(-decay) in each step that is learnt
    """

    threshold: float
    maintenance: float = 0.001
    decay: float = 0.0
    costs = ("maintenance",)

    def check(self):
        for name, value in self.parameters.items():
            if value < 0:
                raise en.ConfigError(f"{name} must be 0 or above, got {value}")

    def state(self, shape):
        return {
            "hidden": np.zeros((shape.n_in + 1, shape.hidden)),
            "output": np.zeros((shape.hidden + 1, shape.n_out)),
        }

    def select(self, step):
        return tuple(self.change(step, name) for name in ("hidden", "output"))

    def change(self, step, name):
        """What one layer's weights change by, and what that costs."""
        transient, dw = step.state[name], getattr(step, name).dw
        transient += dw
        at = np.nonzero(np.abs(transient) > self.threshold)
        consolidated = transient[at]
        transient[at] = 0
        step.add_cost("maintenance", self.maintenance * np.abs(transient).sum())
        if self.decay == 0:
            return en.Change(True, (*at, consolidated))
        lost = transient * -np.expm1(-self.decay)
        transient -= lost
        return en.Change(dw - lost, (*at, consolidated))

    def finish(self, step):
        return step.state["hidden"], step.state["output"]


if __name__ == "__main__":
    mnist = en.load_mnist()
    print("threshold        M0        M1  maintenance       sum")
    for threshold in (0.0, 0.001, 0.003, 0.01, 0.03, 0.1):
        config = en.TrainingConfig(hidden=30, rule=Caching(threshold), target_accuracy=0.92)
        run = en.train(config, mnist)
        m1, kept = run.energy.m1, run.costs["maintenance"]
        numbers = f"{run.energy.m0:>9.3g} {m1:>9.1f} {kept:>12.1f} {m1 + kept:>9.1f}"
        print(f"{threshold:>9} {numbers}", flush=True)
