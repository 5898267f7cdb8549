"""The loops over training steps, from one return to Python to the next.

`Counts.update` names the loop of a rule: "units" is `run_units`.

clock : int64 (3,)  steps done, 1 once an output or error signal was not finite (0 before), and how
many of the steps were learnt.
A step that meets a value that is not finite is not applied, and the run is over. A step that is not
learnt ends after the forward pass; it counts like every other one.
"""

from energynet.kernels.draws import image_of_step, permute
from energynet.kernels.jit import inner, jit
from energynet.kernels.passes import (
    backward,
    find_error,
    finite_signals,
    fold,
    forward,
    needs_learning,
    sum_outputs,
)
from energynet.kernels.ranking.threshold import backward_counted
from energynet.kernels.rules.largest import update_largest
from energynet.kernels.rules.mask import account_mask, update_mask
from energynet.kernels.rules.neuron import update_per_neuron
from energynet.kernels.rules.random import update_random
from energynet.kernels.rules.units import account_units, update_units
from energynet.kernels.state import LEARNT, NOT_FINITE, STEPS
from energynet.kernels.strokes import list_strokes, shift_strokes

FOLD_EVERY = 2000  # steps, counted from step 0: rounding in u and r cannot pile up beyond


@inner
def resume(constants, images, buffers, clock):
    """Have the permutation of the current epoch at hand; whole epochs draw their own."""
    n = images.label.shape[0]
    if constants.permutation and clock[STEPS] % n != 0:
        permute(buffers.order, constants.order_key, clock[STEPS] // n)


@inner
def compute_outputs(team, weights, images, constants, mask, buffers, clock):
    """Forward pass of the step's image and, if it is learnt, the errors of the outputs.

    Returns (number of strokes, sum of s, whether the step is learnt); sets clock[NOT_FINITE] if
    something is not finite, and the step is not learnt then.
    """
    image = image_of_step(constants, buffers.order, images.label.shape[0], clock[STEPS])
    count = list_strokes(images, image, buffers.row, buffers.x, buffers.code)
    total = shift_strokes(buffers.x, images.background, buffers.s, count)
    forward(team, weights, images, constants, mask, buffers, count, total)
    label = images.label[image]
    finite = sum_outputs(buffers)
    learnt = finite and needs_learning(constants, label, buffers.o)
    if learnt:
        finite = find_error(constants, label, buffers)
    if not finite:
        clock[NOT_FINITE] = 1
    return count, total, learnt and finite


@inner
def compute_signals(team, weights, images, constants, mask, buffers, clock):
    """Forward and backward pass of the step's image: all signals that dw is made of.

    Returns what `compute_outputs` does; there is no backward pass in a step that is not learnt.
    """
    count, total, learnt = compute_outputs(team, weights, images, constants, mask, buffers, clock)
    if learnt:
        backward(team, weights, constants, buffers)
        learnt = _check_signals(buffers, clock)
    return count, total, learnt


@inner
def compute_counted_signals(team, weights, images, constants, mask, buffers, ranking, clock):
    """As `compute_signals`; |g| and |a| are counted by size on the way, for `find_threshold`."""
    count, total, learnt = compute_outputs(team, weights, images, constants, mask, buffers, clock)
    if learnt:
        backward_counted(team, weights, constants, buffers, ranking.hidden, ranking.output)
        learnt = _check_signals(buffers, clock)
    return count, total, learnt


@inner
def _check_signals(buffers, clock):
    """Whether every g is finite; sets clock[NOT_FINITE] if one is not."""
    finite = finite_signals(buffers)
    if not finite:
        clock[NOT_FINITE] = 1
    return finite


@inner
def finish_step(weights, mask, clock, learnt):
    """Count the step unless a value was not finite, and fold the background now and then."""
    if clock[NOT_FINITE] == 0:
        clock[STEPS] += 1
        clock[LEARNT] += learnt
        if clock[STEPS] % FOLD_EVERY == 0:
            fold(weights, mask)


@jit
def run_units(team, weights, images, constants, mask, buffers, energies, clock, stop):
    """Train until step `stop` with all synapses of the first `units` hidden units plastic."""
    resume(constants, images, buffers, clock)
    while clock[STEPS] < stop and clock[NOT_FINITE] == 0:
        count, total, learnt = compute_signals(
            team, weights, images, constants, mask, buffers, clock
        )
        if learnt:
            update_units(team, weights, images, constants, buffers, count, total)
            account_units(images, constants, buffers, energies, count)
        finish_step(weights, mask, clock, learnt)


@jit
def run_mask(team, weights, images, constants, mask, buffers, energies, clock, stop):
    """Train until step `stop` with the synapses of a fixed mask plastic."""
    resume(constants, images, buffers, clock)
    while clock[STEPS] < stop and clock[NOT_FINITE] == 0:
        count, _, learnt = compute_signals(team, weights, images, constants, mask, buffers, clock)
        if learnt:
            update_mask(team, weights, images, constants, mask, buffers, count)
            account_mask(team, images, constants, mask, buffers, energies, count)
        finish_step(weights, mask, clock, learnt)


@jit
def run_random(team, weights, images, constants, mask, buffers, drawn, energies, clock, stop):
    """Train until step `stop` with a fresh random set of synapses in each step."""
    resume(constants, images, buffers, clock)
    while clock[STEPS] < stop and clock[NOT_FINITE] == 0:
        _, _, learnt = compute_signals(team, weights, images, constants, mask, buffers, clock)
        if learnt:
            update_random(weights, images, constants, buffers, drawn, energies, clock[STEPS])
        finish_step(weights, mask, clock, learnt)


@jit
def run_largest(team, weights, images, constants, mask, buffers, ranking, energies, clock, stop):
    """Train until step `stop` with the largest |dw| of the network or of each layer applied."""
    resume(constants, images, buffers, clock)
    while clock[STEPS] < stop and clock[NOT_FINITE] == 0:
        count, _, learnt = compute_counted_signals(
            team, weights, images, constants, mask, buffers, ranking, clock
        )
        if learnt:
            update_largest(
                team, weights, images, constants, buffers, ranking, energies, clock[STEPS], count
            )
        finish_step(weights, mask, clock, learnt)


@jit
def run_per_neuron(team, weights, images, constants, mask, buffers, ranking, energies, clock, stop):
    """Train until step `stop` with the largest |dw| onto each neuron applied."""
    resume(constants, images, buffers, clock)
    while clock[STEPS] < stop and clock[NOT_FINITE] == 0:
        count, _, learnt = compute_signals(team, weights, images, constants, mask, buffers, clock)
        if learnt:
            update_per_neuron(
                team, weights, images, constants, buffers, ranking, energies, clock[STEPS], count
            )
        finish_step(weights, mask, clock, learnt)
