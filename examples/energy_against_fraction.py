"""Draw the energy until the criterion against the plastic fraction: docs/energy.svg.

P is a fraction of the hidden layer, and the output layer is plastic. 1,000 hidden units, three
seeds a point. The runs take about five minutes on two cores, and stay in the folder `energy`.
"""

from pathlib import Path

import matplotlib.pyplot as plt

import energynet as en

COMMON = {"hidden": 1000, "seeds": 3}
FRACTIONS = {
    "largest-per-layer": [0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3],
    "largest-per-neuron": [8 / 785, 24 / 785, 78 / 785, 157 / 785, 314 / 785],
    "fixed-synapses": [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5],
    "fixed-units": [0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75],
    "random": [0.003, 0.01, 0.03, 0.1],
}
STYLES = {
    "largest-per-layer": ("#8534EA", "P", "largest updates of each layer"),
    "largest-per-neuron": ("#14A060", "s", "largest updates of each neuron"),
    "fixed-synapses": ("#CC7F0D", "v", "fixed synapses"),
    "fixed-units": ("#B0401F", "^", "fixed units"),
    "random": ("#878787", "X", "random synapses"),
}

grid = en.Grid(**COMMON)
for name, fractions in FRACTIONS.items():
    grid += en.Grid(rule=name, fraction=fractions, output_fraction=1, **COMMON)
savings = en.savings(en.sweep(grid, "energy"), at="every fraction")

plt.rcParams.update({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "energynet"})
figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.3), layout="constrained")
for axis, energy in zip(axes, ("m0", "m1"), strict=True):
    for number, (name, (color, marker, label)) in enumerate(STYLES.items()):
        found = savings[savings["energy"].eq(energy) & savings["rule"].eq(f"{name} output 1")]
        axis.errorbar(
            found["fraction"] * 1.04 ** (number - 2),  # side by side where they share a fraction
            1 / found["ratio"],
            yerr=[
                1 / found["ratio"] - 1 / found["ratio_high"],
                1 / found["ratio_low"] - 1 / found["ratio"],
            ],
            color=color,
            marker=marker,
            markersize=4,
            linewidth=1.2,
            elinewidth=0.8,
            label=label,
        )
for axis, title in zip(axes, ("a  M0, number of changes", "b  M1, sum of |dw|"), strict=True):
    axis.axhline(1, color="0.4", linewidth=0.8, linestyle=":")
    axis.set(xscale="log", yscale="log", xlabel="plastic fraction P of the hidden layer")
    axis.set_title(title, fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("energy, unmodified network = 1")
for axis, ticks in zip(axes, ([0.03, 0.1, 0.3, 1], [0.5, 0.7, 1]), strict=True):
    axis.set_xticks([0.001, 0.01, 0.1, 1], ["0.001", "0.01", "0.1", "1"])
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.yaxis.set_minor_locator(plt.NullLocator())
handles, labels = axes[0].get_legend_handles_labels()
figure.legend(handles, labels, frameon=False, ncols=3, loc="outside lower center")
figure.savefig(Path(__file__).parents[1] / "docs" / "energy.svg", metadata={"Date": None})
