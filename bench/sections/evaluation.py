"""Evaluation of the test set against matrix products, and its share of a whole run."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import energynet as en
from bench import runs
from bench.peers import inputs
from bench.peers.dense import BATCH, predict
from bench.results import Section, counted, microseconds
from bench.timing import Effort, Task, compare, progress, ratios
from energynet.kernels.passes import fold
from energynet.training.evaluation import evaluate_lists

HIDDEN = 10_000
RUNS = 5


def measure(effort: Effort) -> Section:
    """NumPy against energynet on one and two threads; then runs to the criterion."""
    section = Section("Evaluation of the test set")
    hidden = effort.size(HIDDEN)
    _against_numpy(section, effort, hidden)
    _share_of_run(section, effort, hidden)
    return section


def _against_numpy(section: Section, effort: Effort, hidden: int) -> None:
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        section.note("NumPy not measured: threadpoolctl, which sets its threads, is missing.")
        return
    mnist = runs.mnist()
    run = runs.trained_run(hidden, "all", None, None, effort.quick)
    fold(run.weights, run.mask)
    w1, w2 = run.weights.u, np.ascontiguousarray(run.weights.w_out.T)
    x = inputs(mnist.x_test, mnist.mean)
    ours = partial(evaluate_lists, run.weights, run.test_strokes, run.activation)
    same = np.mean(predict(w1, w2, x) == ours(1)[1])
    if same < 0.999:
        raise RuntimeError(f"NumPy and energynet agree on {same:.1%} of the classes only")
    lines = []
    for threads in runs.thread_counts():
        with threadpool_limits(threads, user_api="blas"):
            tasks = {
                "NumPy": _repeated(partial(predict, w1, w2, x)),
                "energynet": _repeated(partial(ours, threads)),
            }
            times = compare(tasks, effort)
        words = f"evaluation, NumPy / energynet, nh = {hidden:,}, {counted(threads)}"
        section.add(words, ratios(times["NumPy"], times["energynet"]), at_least=3.3)
        lines.append([threads, *(microseconds(times[name]) for name in tasks)])
    section.table(
        f"Microseconds to evaluate {len(x):,} images; NumPy multiplies float32 matrices of"
        f" {BATCH:,} images, their x at hand; energynet has their lists of strokes at hand",
        ["threads", "NumPy", "energynet"],
        lines,
    )


def _repeated(work: Callable[[], Any]) -> Task:
    """The task of doing the same again and again."""

    def repeat(times: int) -> None:
        for _ in range(times):
            work()

    return lambda times: partial(repeat, times)


def _share_of_run(section: Section, effort: Effort, hidden: int) -> None:
    config = runs.make_config(hidden, "all")
    shares = []
    for number in range(1 if effort.quick else RUNS):
        result = en.train(config, runs.mnist())
        if result.outcome != "reached":
            raise RuntimeError(f"the run to the criterion ended as {result.outcome}")
        shares.append(result.seconds["evaluate"] / result.seconds["train"])
        spent = ", ".join(f"{name} {result.seconds[name]:.1f} s" for name in ("train", "evaluate"))
        progress(f"  run {number + 1} to 95 %: {result.steps} steps, {spent}")
    words = f"all evaluations / all training, `all` to 95 %, nh = {hidden:,}"
    section.add(words, shares, at_most=0.6)
