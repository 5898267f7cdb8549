"""Runs of energynet as the benchmarks need them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import numba
import numpy as np

import energynet as en
from bench.reference import Reference
from bench.timing import Effort, Task, Times
from energynet.kernels.draws import bounded, mix
from energynet.kernels.state import NOT_FINITE
from energynet.rules.names import RULES
from energynet.training.run import Run, prepare
from energynet.training.threads import usable_cores

WITH_FRACTION = tuple(name for name, (_, named) in RULES.items() if "fraction" in named.takes)
WHOLE = ("all", "readout")  # the built-in rules without parameters
OTHER = "`all` of the other build"
_DRAWS = 10**7  # of synapses, about a second


@cache
def mnist() -> en.Dataset:
    """The data set, loaded once."""
    return en.load_mnist()


def make_config(
    hidden: int, rule: str, fraction: float | None = None, **settings: int
) -> en.TrainingConfig:
    """The published settings, but with a learning rate at which no rule diverges, however long."""
    return en.TrainingConfig(
        hidden=hidden,
        rule=en.rule_from_name(rule, fraction=fraction),
        learning_rate=min(0.002, 100 / hidden),
        **settings,
    )


def trained_run(
    hidden: int,
    rule: str,
    fraction: float | None,
    threads: int | None,
    quick: bool,
    count_updates: bool = False,
) -> Run:
    """A run in a realistic state: 500 steps old, 100 in large networks, fewer of slow `random`."""
    run = prepare(
        make_config(hidden, rule, fraction), mnist(), threads, count_updates=count_updates
    )
    steps = 50 if quick else 500 if hidden < 10_000 else 100
    if rule == "random":
        steps = max(1, min(steps, _DRAWS // run.plastic))
    advance(run, steps)
    return run


def advance(run: Run, steps: int) -> None:
    """Train for that many steps; refuses to pass off a run that diverged as a fast one."""
    stop = run.step + steps
    run.advance(stop)
    if run.step != stop or run.clock[NOT_FINITE]:
        raise RuntimeError(f"the run diverged at step {run.step}")


def stepping(run: Run) -> Callable[[int], Callable[[], None]]:
    """The task of training a run on."""
    return lambda steps: partial(advance, run, steps)


@contextmanager
def reference(effort: Effort, hidden: int, threads: int) -> Iterator[dict[str, Task]]:
    """The task of training `all` with the other build of energynet, if there is one."""
    if not effort.reference:
        yield {}
        return
    steps = 50 if effort.quick else 500 if hidden < 10_000 else 100
    rate = make_config(hidden, "all").learning_rate
    other = Reference(effort.reference, hidden, threads, steps, float(rate))
    try:
        yield {OTHER: other.task}
    finally:
        other.close()


def base_of(times: Times, own: Any) -> list[float]:
    """The times of `all` that the others are compared with."""
    return times[OTHER] if OTHER in times else times[own]


def thread_counts() -> tuple[int, ...]:
    """The numbers of threads that can be compared here."""
    return (1, 2) if usable_cores() >= 2 else (1,)


@numba.njit
def image_numbers(order_key, first, steps, images):
    """Numbers of the training images of the steps first ... first + steps - 1, int64 (steps,)."""
    numbers = np.empty(steps, np.int64)
    for i in range(steps):
        numbers[i] = bounded(mix(order_key, first + i), images)
    return numbers


def label(rule: str, fraction: float | None) -> str:
    """A rule and its plastic fraction, as words."""
    return f"`{rule}`" if fraction is None else f"`{rule}` P = {fraction:g}"
