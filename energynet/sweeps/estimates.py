"""What a run will take in time and memory, by a formula fitted to measured steps on MNIST."""

import json
import math
from collections.abc import Iterable
from typing import NamedTuple

from energynet.config import TrainingConfig
from energynet.data.dataset import Dataset
from energynet.rules.given import GivenMask
from energynet.rules.names import RULES

USUAL_STEPS = 60_000  # most runs that reach 95 % of MNIST take 20,000 to 100,000
_PROGRAM = 260e6  # bytes of a worker that has read MNIST, before it has any weights


class Load(NamedTuple):
    """What a data set adds to the work of a run; by default MNIST's.

    n_in: pixels per image; classes; tests: images of the test set; size: bytes of all images.
    """

    n_in: int = 784
    classes: int = 10
    tests: int = 10_000
    size: int = 70_000 * 784

    @property
    def synapses(self) -> int:
        """Synapses of a hidden unit, its bias included."""
        return self.n_in + 1 + self.classes

    @property
    def relative(self) -> float:
        """How many hidden units on MNIST have as many synapses as one on these data."""
        return self.synapses / MNIST_LOAD.synapses


MNIST_LOAD = Load()


def load_of(dataset: Dataset) -> Load:
    """The load of a data set. Floats are held twice, as they are and with the mean subtracted."""
    copies = 1 if dataset.x_train.dtype.itemsize == 1 else 2
    size = copies * (dataset.x_train.nbytes + dataset.x_test.nbytes)
    return Load(dataset.n_in, dataset.classes, len(dataset.x_test), size)


def expected_steps(config: TrainingConfig) -> int:
    """Steps until the criterion as a rule of thumb; only the run itself finds out.

    A run whose criterion is that all images are right continues to its last step.
    """
    endless = config.target_accuracy == 1
    return config.max_steps if endless else min(config.max_steps, USUAL_STEPS)


def step_seconds(config: TrainingConfig, load: Load = MNIST_LOAD) -> float:
    """Seconds of a training step on one thread.

    Fitted to bench/results.json: some microseconds, and for each hidden unit the more the less of
    the weights fits into the caches. Other data are taken to have as many strokes per pixel.
    """
    size = config.hidden * load.relative
    growth = math.pow(max(size / 1000, 0.1), 0.2)
    unmodified = 3 + 0.0245 * size * growth
    share = getattr(config.rule, "fraction", 0.0 if config.rule.name == "readout" else 1.0)
    if isinstance(config.rule, GivenMask):
        share = config.rule.plastic / config.rule.shape.synapses
    synapses = config.hidden * load.synapses
    match config.rule.name:
        case name if name not in RULES:
            microseconds = 50 + unmodified + 0.01 * synapses
        case "random":
            microseconds = 0.5 * unmodified + 0.012 * growth * share * synapses
        case "fixed-synapses" | "fixed-given":
            microseconds = (0.65 + 10 * min(share, 0.27)) * unmodified
        case "largest" | "largest-per-layer":
            microseconds = (0.6 + 3.2 * math.pow(min(share, 0.5), 0.3)) * unmodified
        case _:
            microseconds = (0.5 + 0.5 * share) * unmodified
    return 1e-6 * microseconds


def expected_seconds(config: TrainingConfig, load: Load = MNIST_LOAD) -> float:
    """Wall time of a run on one thread, compilation apart."""
    steps = expected_steps(config)
    evaluation = (6e-5 * config.hidden * load.relative + 0.005) * load.tests / MNIST_LOAD.tests
    return steps * step_seconds(config, load) + steps / config.test_every * evaluation


def expected_bytes(config: TrainingConfig, load: Load = MNIST_LOAD) -> float:
    """Peak memory of a worker during a run."""
    width = 4 if config.dtype == "float32" else 8
    images = load.size - MNIST_LOAD.size
    return _PROGRAM + images + config.hidden * (load.synapses + 1) * (width + 1)


def longest_first(configs: Iterable[TrainingConfig]) -> tuple[TrainingConfig, ...]:
    """Each config once, by falling estimate of its time; equal estimates by content."""
    ordered = {config: expected_seconds(config) for config in configs}
    keys = {config: json.dumps(config.to_dict(), sort_keys=True) for config in ordered}
    return tuple(sorted(ordered, key=lambda config: (-ordered[config], keys[config])))
