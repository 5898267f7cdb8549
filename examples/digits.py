"""What is saved on other images: scikit-learn's digits, 8 x 8 pixels, in both readings of P.

Exploration seeds choose the best fraction, confirmation seeds estimate what it saves. Two
minutes of one core; runs are kept in the folder that is given:

    pip install energynet[examples]
    python examples/digits.py digits/runs
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import energynet as en

TRAINING, SIZES = 1297, (30, 100)  # of 1,797 images; the others are the test set
EXPLORATION, CONFIRMATION = range(3), range(100, 108)
SETTINGS = {"test_every": 100, "max_steps": 100_000}  # 95 % takes 2,500 to 10,000 steps
LARGEST = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5)
FIXED = (0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75)
RULES = {  # label in the tables -> fractions, and the rule at a fraction
    # P of the hidden layer, the output layer plastic
    "largest-per-layer output 1": (
        LARGEST,
        lambda p: en.LargestUpdates(p, scope="layer", output_fraction=1),
    ),
    "fixed-synapses output 1": (FIXED, lambda p: en.FixedMask(p, output_fraction=1)),
    "fixed-units output 1": (FIXED, lambda p: en.FixedMask(p, over="units", output_fraction=1)),
    # P of the whole network
    "largest": (LARGEST, en.LargestUpdates),
    "fixed-synapses-balanced": (FIXED, lambda p: en.FixedMask(p, output_fraction="balanced")),
    "fixed-units": (FIXED, lambda p: en.FixedMask(p, over="units")),
}


def digits():
    """The images in a drawn order. As they are on file, the last ones are by other writers."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(images))
    first, last = order[:TRAINING], order[TRAINING:]
    return en.Dataset.from_arrays(images[first], labels[first], images[last], labels[last])


def configs(hidden, rule, seeds):
    """A run for each seed."""
    return [en.TrainingConfig(hidden=hidden, rule=rule, seed=seed, **SETTINGS) for seed in seeds]


def main(store):
    """Explore, confirm at the best fractions, print what is saved."""
    data, grid = digits(), []
    for hidden in SIZES:
        grid += configs(hidden, en.AllSynapses(), [*EXPLORATION, *CONFIRMATION])
        for fractions, rule in RULES.values():
            for fraction in fractions:
                grid += configs(hidden, rule(fraction), EXPLORATION)
    best = en.optimal_energy(en.sweep(grid, store, data=data))
    best = best[best["rule"].isin(RULES)].dropna(subset="fraction")
    chosen = best[["hidden", "rule", "fraction"]].drop_duplicates()
    for hidden, label, fraction in chosen.itertuples(index=False):
        grid += configs(hidden, RULES[label][1](fraction), CONFIRMATION)
    table = en.sweep(grid, store, data=data)
    columns = ["rule", "hidden", "energy", "fraction", "ratio", "ratio_low", "ratio_high", "pairs"]
    print(en.savings(table)[columns].to_string(index=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
