"""Runs of energynet as the benchmarks need them: the one place that knows how to drive it."""

import inspect
import os
from collections.abc import Callable
from functools import cache, partial

import numpy as np

import energynet as en
from energynet.network import evaluate_images
from energynet.prepare import Run, prepare
from energynet.train import usable_cores

TAKES_THREADS = "threads" in inspect.signature(prepare).parameters


@cache
def mnist() -> en.Dataset:
    """The data set, loaded once."""
    return en.load_mnist()


def make_config(hidden: int, rule: str, fraction: float | None = None) -> en.TrainingConfig:
    """The published settings, with steps small enough for networks of that size to be stable."""
    return en.TrainingConfig(
        hidden=hidden,
        rule=en.rule_from_name(rule, fraction=fraction),
        learning_rate=min(0.01, 100 / hidden),
    )


def make_run(config: en.TrainingConfig, dataset: en.Dataset, threads: int | None) -> Run:
    """A run at step 0; None lets the size decide on threads."""
    return prepare(config, dataset, threads=threads) if TAKES_THREADS else prepare(config, dataset)


def threads_of(run: Run) -> int:
    """How many threads its steps use."""
    return int(getattr(run, "threads", 1))


def thread_counts() -> list[int]:
    """The numbers of threads that can be compared here."""
    return [1, 2] if TAKES_THREADS and usable_cores() >= 2 else [1]


def advance(run: Run, steps: int) -> None:
    """Train for that many steps; refuses to pass off a run that diverged as a fast one."""
    stop = int(run.clock[0]) + steps
    run.advance(stop)
    if int(run.clock[0]) != stop or run.clock[1]:
        raise RuntimeError(f"the run diverged at step {int(run.clock[0])}")


def trained_run(
    hidden: int, rule: str, fraction: float | None, threads: int | None, quick: bool
) -> Run:
    """A run of MNIST in a realistic state: 1,000 steps old, or 300 from 10,000 units on."""
    run = make_run(make_config(hidden, rule, fraction), mnist(), threads)
    advance(run, 50 if quick else 1000 if hidden < 10_000 else 300)
    return run


def stepping(run: Run) -> Callable[[int], Callable[[], None]]:
    """The task of training a run on."""
    return lambda steps: partial(advance, run, steps)


def evaluate(run: Run, threads: int) -> np.ndarray:
    """Classes of all test images, for a run whose background is folded."""
    _, predicted = evaluate_images(run.network, run.test_images, threads)
    return predicted


def label(rule: str, fraction: float | None) -> str:
    """A rule and its plastic fraction, as words."""
    return f"`{rule}`" if fraction is None else f"`{rule}` P = {fraction:g}"


def peak_bytes() -> int:
    """Most memory that this process has held so far.

    On Linux that of this program alone: ru_maxrss also counts the process that started it.
    """
    status = "/proc/self/status"
    if os.path.exists(status):  # noqa: PTH110
        with open(status) as lines:  # noqa: PTH123
            for line in lines:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
