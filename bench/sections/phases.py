"""Where the time of a step goes: steps that end early, after one phase more each time."""

import statistics
from collections.abc import Callable
from functools import partial

import numba

from bench import runs
from bench.results import Section
from bench.timing import Effort, Times, compare_unequal
from energynet.kernels import passes, strokes
from energynet.kernels.draws import image_of_step
from energynet.kernels.ranking.ranked_layer import leave_out, list_inputs, list_outputs
from energynet.kernels.ranking.threshold import backward_counted, find_threshold
from energynet.support.format import significant
from energynet.training.run import Run

HIDDEN = (100, 1000, 10_000)
RULES = (("all", None), ("largest", 0.001), ("largest", 0.01))
LISTED, FORWARD, BACKWARD, THRESHOLD = 1, 2, 3, 4
PHASES = ("strokes", "forward", "backward", "threshold", "change and energies")


def measure(effort: Effort) -> Section:
    """One thread, `all` and `largest`."""
    section = Section("Where the time of a step goes")
    lines = []
    for hidden in effort.sizes(HIDDEN):
        for rule, fraction in RULES:
            run = runs.trained_run(hidden, rule, fraction, 1, effort.quick)
            phases = (LISTED, FORWARD, BACKWARD, *([THRESHOLD] * (rule == "largest")))
            tasks = {phase: _beginning(run, phase) for phase in phases}
            tasks[LISTED](1)()  # compiled before anything is timed
            times = compare_unequal(tasks | {"whole": runs.stepping(run)}, effort)
            lines.append([f"{hidden:,}", runs.label(rule, fraction), *_differences(times)])
    section.table(
        "Microseconds a step on one thread, differences of medians; the backward pass of `largest`"
        " also counts |delta| and |a| by size, its threshold is the k-th largest |dw|",
        ["nh", "rule", *PHASES, "whole"],
        lines,
    )
    return section


def _differences(times: Times) -> list[str]:
    """Time of each phase, and of the whole step."""
    ends = {phase: 1e6 * statistics.median(values) for phase, values in times.items()}
    listed, onward, back = ends[LISTED], ends[FORWARD], ends[BACKWARD]
    chosen = ends.get(THRESHOLD, back)
    parts = (listed, onward - listed, back - onward, chosen - back, ends["whole"] - chosen)
    threshold = significant(parts[3]) if THRESHOLD in ends else "-"
    return [
        *map(significant, parts[:3]),
        threshold,
        significant(parts[4]),
        significant(ends["whole"]),
    ]


def _beginning(run: Run, phase: int) -> Callable[[int], Callable[[], None]]:
    """The task of doing the first phases of steps, with the network as it is."""
    arrays = (run.team, run.weights, run.train_images, run.constants, run.mask, run.buffers)

    def task(steps: int) -> Callable[[], None]:
        return partial(_begin, *arrays, run.ranking, run.step, steps, phase)

    return task


@numba.njit(nogil=True, error_model="numpy")
def _begin(team, weights, images, constants, mask, buffers, ranking, first, steps, phase):
    hidden, output, choice = ranking.hidden, ranking.output, ranking.choice
    for step in range(first, first + steps):
        image = image_of_step(constants, buffers.order, images.label.shape[0], step)
        count = strokes.list_strokes(images, image, buffers.row, buffers.x, buffers.code)
        total = strokes.shift_strokes(buffers.x, images.background, buffers.s, count)
        if phase >= FORWARD:
            passes.forward(team, weights, images, constants, mask, buffers, count, total)
            passes.sum_outputs(buffers)
            passes.find_error(constants, images.label[image], buffers)
        if phase == BACKWARD and constants.k_hidden == 0:
            passes.backward(team, weights, constants, buffers)
        elif phase >= BACKWARD:
            backward_counted(team, weights, constants, buffers, hidden, output)
        if phase >= BACKWARD:
            passes.finite_signals(buffers)
        if phase >= THRESHOLD:
            leave_out(hidden)
            leave_out(output)
            list_inputs(hidden, choice, images, buffers, count)
            list_outputs(output, buffers.q)
            find_threshold(team, constants, buffers, hidden, output, choice, constants.k_hidden)
