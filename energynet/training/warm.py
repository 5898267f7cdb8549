"""All kernels compiled at once, so that no later process waits for them."""

import time
from collections.abc import Iterator

import numpy as np

from energynet.config import DTYPES, TrainingConfig
from energynet.data.dataset import Dataset
from energynet.rules.built_in import AllSynapses, FixedMask, LargestUpdates, RandomSubset
from energynet.rules.custom import PlasticityRule, Step
from energynet.rules.names import RULES
from energynet.training.evaluation import evaluate_lists
from energynet.training.run import prepare
from energynet.training.threads import usable_cores


class _Nothing(PlasticityRule):
    """Stands for all rules of one's own."""

    def select(self, step: Step) -> tuple[bool, bool]:  # noqa: ARG002
        return False, False


# One rule for each `rules.Update`.
_RULES = (
    AllSynapses(),
    FixedMask(0.5),
    RandomSubset(0.5),
    LargestUpdates(0.5),
    LargestUpdates(0.5, scope="neuron"),
    _Nothing(),
)


def warm() -> Iterator[tuple[str, float]]:
    """Compile every kernel, or load it where it is cached.

    Yields (what, seconds) for each loop over training steps, as it is done.
    """
    images = np.arange(8, dtype=np.uint8).reshape(2, 4)
    dataset = Dataset.from_arrays(images, [0, 1], images, [0, 1])
    for dtype in DTYPES:
        for threads in range(1, min(usable_cores(), 2) + 1):
            for rule in _RULES:
                began = time.perf_counter()
                run = prepare(TrainingConfig(hidden=2, rule=rule, dtype=dtype), dataset, threads)
                run.advance(0)
                run.advance(1)
                evaluate_lists(run.weights, run.test_strokes, run.activation, threads=1)
                several = "one thread" if threads == 1 else "several threads"
                name = rule.name if rule.name in RULES else "rules of one's own"
                yield f"{name}, {dtype}, {several}", time.perf_counter() - began
