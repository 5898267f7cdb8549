"""The loops over training steps, from one return to Python to the next: one for each `Update`.

clock : int64 (2,)  steps done, and 1 once an output or error signal was not finite (0 before).
A step that meets one is not applied, and the run is over.
"""

from energynet.kernels._jit import inner, jit
from energynet.kernels.draws import image_of_step, permute
from energynet.kernels.forward import (
    backward,
    fold,
    forward,
    forward_masked,
    list_strokes,
    shift_strokes,
)
from energynet.kernels.largest import update_largest
from energynet.kernels.per_neuron import update_per_neuron
from energynet.kernels.updates import sum_masked_strokes, update_mask, update_units

FOLD_EVERY = 2000  # steps, counted from step 0: rounding in u and r cannot pile up beyond


@inner
def _resume(plan, images, buffers, clock):
    """Have the permutation of the current epoch at hand; whole epochs draw their own."""
    n = images.label.shape[0]
    if plan.permutation and clock[0] % n != 0:
        permute(buffers.order, plan.order_key, clock[0] // n)


@inner
def _signals(network, images, plan, mask, buffers, clock):
    """Forward and backward pass of the step's image: all factors of dw, in `buffers`.

    Returns (number of strokes, sum of s); sets clock[1] if a factor is not finite.
    """
    image = image_of_step(plan, buffers.order, images.label.shape[0], clock[0])
    count = list_strokes(images, image, buffers.row, buffers.x)
    total = shift_strokes(buffers.x, images.background, buffers.s, count)
    if mask.strokes.shape[0] > 0:
        sum_masked_strokes(mask, buffers, count)
        forward_masked(network, images, plan, mask, buffers, count)
    else:
        forward(network, images, plan, buffers, count, total)
    if not backward(network, plan, images.label[image], buffers):
        clock[1] = 1
    return count, total


@inner
def _finish(network, mask, clock):
    clock[0] += 1
    if clock[0] % FOLD_EVERY == 0:
        fold(network, mask)


@jit
def run_units(network, images, plan, mask, buffers, energies, clock, stop):
    """Train until step `stop` with all synapses of the first k_hidden hidden units plastic."""
    _resume(plan, images, buffers, clock)
    while clock[0] < stop and clock[1] == 0:
        count, total = _signals(network, images, plan, mask, buffers, clock)
        if clock[1] == 0:
            update_units(network, images, plan, buffers, energies, count, total)
            _finish(network, mask, clock)


@jit
def run_mask(network, images, plan, mask, buffers, energies, clock, stop):
    """Train until step `stop` with the synapses of a fixed mask plastic."""
    _resume(plan, images, buffers, clock)
    while clock[0] < stop and clock[1] == 0:
        count, _ = _signals(network, images, plan, mask, buffers, clock)
        if clock[1] == 0:
            update_mask(network, images, mask, buffers, energies, count)
            _finish(network, mask, clock)


@jit
def run_largest(network, images, plan, mask, buffers, ranking, energies, clock, stop):
    """Train until step `stop` with the largest |dw| of the network or of each layer applied."""
    _resume(plan, images, buffers, clock)
    while clock[0] < stop and clock[1] == 0:
        count, _ = _signals(network, images, plan, mask, buffers, clock)
        if clock[1] == 0:
            update_largest(network, images, plan, buffers, ranking, energies, clock[0], count)
            _finish(network, mask, clock)


@jit
def run_largest_per_neuron(network, images, plan, mask, buffers, ranking, energies, clock, stop):
    """Train until step `stop` with the largest |dw| onto each neuron applied."""
    _resume(plan, images, buffers, clock)
    while clock[0] < stop and clock[1] == 0:
        count, _ = _signals(network, images, plan, mask, buffers, clock)
        if clock[1] == 0:
            update_per_neuron(network, images, plan, buffers, ranking, energies, clock[0], count)
            _finish(network, mask, clock)
