"""Which compiled kernels a run needs; and all of them compiled at once, for later processes."""

import time
from collections.abc import Iterator
from functools import cache

from energynet.config import DTYPES, TrainingConfig
from energynet.data.dataset import Dataset
from energynet.rules.base import Rule, Shape
from energynet.rules.custom import PlasticityRule
from energynet.rules.given import GivenMask
from energynet.rules.names import RULES, parameters_taken, rule_from_name
from energynet.rules.step import Step
from energynet.training.threads import usable_cores


class _Nothing(PlasticityRule):
    """Stands for all custom rules."""

    def select(self, step: Step) -> tuple[bool, bool]:  # noqa: ARG002
        return False, False


_SHARED = "units"  # the update whose kernels all rules need
_SMALL = Shape(1, 2, 1)


@cache
def _examples() -> dict[str, Rule]:
    """A rule for each update."""
    fraction = {"fraction": 0.5}
    rules = [
        rule_from_name(name, **fraction if "fraction" in parameters_taken(name) else {})
        for name in RULES
        if name != GivenMask.name  # its update is that of fixed-synapses
    ]
    found: dict[str, Rule] = {}
    for rule in [*rules, _Nothing()]:
        found.setdefault(rule.counts(_SMALL).update, rule)
    return found


def kernels_of(config: TrainingConfig) -> tuple[str, ...]:
    """Names of the sets of compiled kernels that a run on one thread needs, in order of loading.

    Nothing but dtype and update decides. The first set holds what all rules share; beyond it, the
    sets have little in common.
    """
    rule = config.rule
    update = rule.counts(rule.shape if isinstance(rule, GivenMask) else _SMALL).update
    return tuple(dict.fromkeys(f"{config.dtype} {part}" for part in (_SHARED, update)))


def kernel_words(config: TrainingConfig) -> str:
    """The kernels of a run, in words."""
    custom = isinstance(config.rule, PlasticityRule)
    of = "custom rules (the same for all of them)" if custom else f"rule {config.rule.name}"
    return f"the kernels of {of} in {config.dtype}"


@cache
def load_kernels(name: str) -> None:
    """Compile a set that `kernels_of` names, or load it if it is cached; once per process."""
    dtype, update = name.split()
    _load(_examples()[update], dtype, threads=1)


def warm() -> Iterator[tuple[str, float]]:
    """Compile every kernel, or load it if it is cached.

    Yields (what, seconds) for each loop over training steps, as it is done.
    """
    for dtype in DTYPES:
        for threads in range(1, min(usable_cores(), 2) + 1):
            for rule in _examples().values():
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
