"""Which compiled kernels a run needs; and all of them compiled at once, for later processes."""

import time
from collections.abc import Iterator
from functools import cache

from energynet.config import DTYPES, TrainingConfig
from energynet.data.dataset import Dataset
from energynet.rules.base import Rule, Shape, Update
from energynet.rules.built_in import AllSynapses, FixedMask, LargestUpdates, RandomSubset
from energynet.rules.custom import PlasticityRule, Step
from energynet.rules.names import RULES
from energynet.training.threads import usable_cores


class _Nothing(PlasticityRule):
    """Stands for all custom rules."""

    def select(self, step: Step) -> tuple[bool, bool]:  # noqa: ARG002
        return False, False


_RULES: dict[Update, Rule] = {
    Update.UNITS: AllSynapses(),
    Update.MASK: FixedMask(0.5),
    Update.RANDOM: RandomSubset(0.5),
    Update.LARGEST: LargestUpdates(0.5),
    Update.LARGEST_PER_NEURON: LargestUpdates(0.5, scope="neuron"),
    Update.CUSTOM: _Nothing(),
}


def kernels_of(config: TrainingConfig) -> tuple[str, ...]:
    """Names of the sets of compiled kernels that a run on one thread needs, in order of loading.

    Nothing but dtype and update decides. The set of `Update.UNITS` comes first: it holds what all
    rules share. Beyond it, the sets have little in common.
    """
    update = config.rule.counts(Shape(1, config.hidden, 1)).update
    return tuple(dict.fromkeys(f"{config.dtype} {part.name}" for part in (Update.UNITS, update)))


@cache
def load_kernels(name: str) -> None:
    """Compile a set that `kernels_of` names, or load it where it is cached; once per process."""
    dtype, update = name.split()
    _load(_RULES[Update[update]], dtype, threads=1)


def warm() -> Iterator[tuple[str, float]]:
    """Compile every kernel, or load it where it is cached.

    Yields (what, seconds) for each loop over training steps, as it is done.
    """
    for dtype in DTYPES:
        for threads in range(1, min(usable_cores(), 2) + 1):
            for rule in _RULES.values():
                began = time.perf_counter()
                _load(rule, dtype, threads)
                several = "one thread" if threads == 1 else "several threads"
                name = rule.name if rule.name in RULES else "custom rules"
                yield f"{name}, {dtype}, {several}", time.perf_counter() - began


def _load(rule: Rule, dtype: str, threads: int) -> None:
    """Do all that a run does, once, with a network of two hidden units."""
    import numpy as np

    from energynet.kernels.passes import fold
    from energynet.training.evaluation import evaluate_lists
    from energynet.training.run import prepare

    images = np.arange(8, dtype=np.uint8).reshape(2, 4)
    dataset = Dataset.from_arrays(images, [0, 1], images, [0, 1])
    run = prepare(TrainingConfig(hidden=2, rule=rule, dtype=dtype), dataset, threads)
    run.advance(0)
    run.advance(1)
    fold(run.weights, run.mask)
    evaluate_lists(run.weights, run.test_strokes, run.activation, threads=1)
