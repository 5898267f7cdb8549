"""A custom plasticity rule: lazy learning, which learns from errors alone.

With outputs o and the class c of the image,

    dw is applied if argmax(o) != c, and nothing is if argmax(o) = c.

Source: A. Pache and M. C. W. van Rossum (2023), Lazy learning: a biologically-inspired plasticity
rule for fast and energy efficient synaptic plasticity, arXiv:2303.16067. energynet has it built in:
`margin=0`, which goes together with any rule.

    energynet train --hidden 100 --rule lazy:Lazy

in this folder, or `python lazy.py` for a comparison with learning from every image.
"""

import energynet as en


class Lazy(en.PlasticityRule):
    """All synapses change if the network is wrong, else none."""

    def select(self, step):
        wrong = step.prediction != step.label
        return wrong, wrong


if __name__ == "__main__":
    mnist = en.load_mnist()
    for rule in (en.AllSynapses(), Lazy()):
        run = en.train(en.TrainingConfig(hidden=100, rule=rule, target_accuracy=0.9), mnist)
        print(f"{rule}: {run.outcome}, {run.steps:,} steps, M0 {run.energy.m0:.3g}", flush=True)
