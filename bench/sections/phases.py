"""Where the time of a step goes: steps that end early, after one phase more each time."""

import statistics
from collections.abc import Callable
from functools import partial

import numba
import numpy as np

from bench import runs
from bench.results import Section
from bench.timing import Effort, Times, compare_unequal
from energynet.kernels.rules.largest import find_largest
from energynet.kernels.rules.steps import (
    compute_counted_signals,
    compute_outputs,
    compute_signals,
)
from energynet.kernels.state import STEPS
from energynet.support.format import significant
from energynet.training.run import Run

HIDDEN = (100, 1000, 10_000)
RULES = (("all", None), ("largest", 0.001), ("largest", 0.01), ("largest", 0.3))
OUTPUTS, BACKWARD, THRESHOLD = 1, 2, 3
PHASES = ("strokes and forward", "backward", "threshold", "change and energies")


def measure(effort: Effort) -> Section:
    """One thread, `all` and `largest`."""
    section = Section("Where the time of a step goes")
    lines = []
    for hidden in effort.sizes(HIDDEN):
        for rule, fraction in RULES:
            run = runs.trained_run(hidden, rule, fraction, 1, effort.quick)
            phases = (OUTPUTS, BACKWARD, *([THRESHOLD] * (rule == "largest")))
            tasks = {phase: _beginning(run, phase) for phase in phases}
            tasks[OUTPUTS](1)()  # compiled before anything is timed
            times = compare_unequal(tasks | {"whole": runs.stepping(run)}, effort)
            lines.append([f"{hidden:,}", runs.label(rule, fraction), *_differences(times)])
    section.table(
        "Microseconds per step on one thread, differences of medians; the backward pass of"
        " `largest` also counts |delta| and |a| by size, its threshold is the k-th largest |dw|",
        ["nh", "rule", *PHASES, "whole"],
        lines,
    )
    return section


def _differences(times: Times) -> list[str]:
    """Time of each phase, and of the whole step."""
    ends = {phase: 1e6 * statistics.median(values) for phase, values in times.items()}
    onward, back = ends[OUTPUTS], ends[BACKWARD]
    chosen = ends.get(THRESHOLD, back)
    threshold = significant(chosen - back) if THRESHOLD in ends else "-"
    return [
        *map(significant, (onward, back - onward)),
        threshold,
        *map(significant, (ends["whole"] - chosen, ends["whole"])),
    ]


def _beginning(run: Run, phase: int) -> Callable[[int], Callable[[], None]]:
    """The task of doing the first phases of steps, with the network as it is."""
    arrays = (run.team, run.weights, run.train_images, run.constants, run.mask, run.buffers)

    def task(steps: int) -> Callable[[], None]:
        return partial(_begin, *arrays, run.ranking, run.step, steps, phase)

    return task


@numba.njit(nogil=True, error_model="numpy")
def _begin(team, weights, images, constants, mask, buffers, ranking, first, steps, phase):
    """The kernels of a step, up to one of them; the network stays as it is."""
    clock = np.zeros(3, np.int64)
    arrays = team, weights, images, constants, mask, buffers
    for step in range(first, first + steps):
        clock[STEPS] = step
        if phase == OUTPUTS:
            compute_outputs(*arrays, clock)
        elif constants.k_hidden == 0:
            compute_signals(*arrays, clock)
        else:
            count, _, _ = compute_counted_signals(*arrays, ranking, clock)
            if phase == THRESHOLD:
                find_largest(team, images, constants, buffers, ranking, 0, count)
