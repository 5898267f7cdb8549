"""Draw the energy until the criterion against the plastic fraction: docs/energy.svg.

1,000 hidden units, three seeds a point; about three minutes on two cores.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import energynet as en

HIDDEN, SEEDS = 1000, 3
FRACTIONS = {
    "largest": [0.001, 0.003, 0.01, 0.03, 0.1, 0.3],
    "largest-per-neuron": [0.01, 0.03, 0.1, 0.3],
    "fixed-units": [0.05, 0.1, 0.2, 0.3, 0.5, 0.75],
}
STYLES = {
    "largest": ("#0072B2", "o", "largest updates of the network"),
    "largest-per-neuron": ("#009E73", "s", "largest updates of each neuron"),
    "fixed-units": ("#D55E00", "^", "a fixed set of hidden units"),
}


def energies(rule, mnist):
    """M0 and M1 of each seed, (2, seeds)."""
    runs = []
    for seed in range(SEEDS):
        run = en.train(en.TrainingConfig(hidden=HIDDEN, rule=rule, seed=seed), mnist)
        assert run.outcome == "reached", run
        print(run, flush=True)
        runs.append((run.energy.m0, run.energy.m1))
    return np.array(runs).T


mnist = en.load_mnist()
full = energies(en.AllSynapses(), mnist)
plt.rcParams.update({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "energynet"})
figure, axes = plt.subplots(1, 2, figsize=(7.2, 2.9), layout="constrained")
for name, fractions in FRACTIONS.items():
    color, marker, label = STYLES[name]
    ratios = [energies(en.rule_from_name(name, fraction=p), mnist) / full for p in fractions]
    for energy, axis in enumerate(axes):
        values = np.array([ratio[energy] for ratio in ratios])
        axis.errorbar(
            fractions,
            values.mean(axis=1),
            yerr=values.std(axis=1, ddof=1),
            color=color,
            marker=marker,
            markersize=4,
            linewidth=1.2,
            capsize=2,
            label=label,
        )
for axis, title in zip(axes, ("M0, number of updates", "M1, sum of |dw|"), strict=True):
    axis.axhline(1, color="0.4", linewidth=0.8, linestyle=":")
    axis.set(xscale="log", yscale="log", xlabel="plastic fraction P")
    axis.set_title(title, fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("energy / that of the unmodified network")
axes[1].set_yticks([0.4, 0.6, 0.8, 1.0], ["0.4", "0.6", "0.8", "1"])
axes[1].yaxis.set_minor_locator(plt.NullLocator())
axes[0].legend(frameon=False, fontsize=7.5, loc="lower right")
figure.savefig(Path(__file__).parents[1] / "docs" / "energy.svg", metadata={"Date": None})
