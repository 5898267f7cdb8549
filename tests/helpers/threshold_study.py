"""A small comparison, for a subprocess that may be killed: threshold_study.py FOLDER."""

import sys
from concurrent.futures import ThreadPoolExecutor

from custom_rules import Threshold
from support import digits

import energynet as en

SEEDS = {"exploration": [0, 1], "confirmation": [5, 6, 7]}
TRAINING = {"target_accuracy": 0.8, "test_every": 20, "max_steps": 600, "learning_rate": 0.05}
# The same as a file.
PRESET = """
title = "Threshold against the largest"
data = "digits.npz"
hidden = [20, 40]
energies = ["m0"]
[settings]
target_accuracy = 0.8
test_every = 20
max_steps = 600
learning_rate = 0.05
[seeds]
exploration = [0, 1]
confirmation = [5, 6, 7]
[extend]
times = 1
[[method]]
rule = "all"
[[method]]
rule = "largest"
fraction = [0.1, 0.3]
[[method]]
rule = "custom_rules:Threshold"
threshold = [1e-4, 3e-4]
"""


def data():
    return digits(train=200, test=100)


def study(executor, **place):
    """The comparison, with `store` or `out`."""
    methods = [
        "all",
        {"rule": "largest", "fraction": [0.1, 0.3]},
        {"rule": Threshold, "threshold": [1e-4, 3e-4]},
    ]
    return en.study(
        methods,
        hidden=[20, 40],
        data=data(),
        seeds=SEEDS,
        energies=["m0"],
        extend=1,
        executor=executor,
        progress=False,
        title="Threshold against the largest",
        **place,
        **TRAINING,
    )


if __name__ == "__main__":
    with ThreadPoolExecutor(1) as pool:
        study(pool, out=sys.argv[1])
