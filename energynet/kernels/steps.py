"""The loop over training steps, from one return to Python to the next."""

import numpy as np

from energynet.kernels._jit import jit
from energynet.kernels.draws import image_of_step, permute
from energynet.kernels.forward import (
    backward,
    fold,
    forward,
    forward_masked,
    list_strokes,
    shift_strokes,
)
from energynet.kernels.largest import update_largest, update_largest_per_layer
from energynet.kernels.per_neuron import update_largest_per_neuron
from energynet.kernels.sums import sum_abs
from energynet.kernels.updates import sum_masked_strokes, update_mask, update_units
from energynet.rules import Update

FOLD_EVERY = 2000  # steps, counted from step 0: rounding in u and r cannot pile up beyond

_UNITS = int(Update.UNITS)
_MASK = int(Update.MASK)
_LARGEST = int(Update.LARGEST)
_LARGEST_PER_LAYER = int(Update.LARGEST_PER_LAYER)


@jit
def run_steps(network, images, plan, mask, buffers, hidden, output, choice, energies, clock, stop):
    """Train until step `stop`; everything of the run is changed in place.

    clock : int64 (2,)  steps done, and 1 if an output or error signal was not finite (0 before).
    A step that meets one is not applied; the run is over then.
    """
    n = images.label.shape[0]
    if plan.permutation and clock[0] % n != 0:
        permute(buffers.order, plan.order_key, clock[0] // n)
    while clock[0] < stop and clock[1] == 0:
        step = clock[0]
        image = image_of_step(plan, buffers.order, n, step)
        count = list_strokes(images, image, buffers.row, buffers.x)
        total = shift_strokes(buffers.x, images.background, buffers.s, count)
        if plan.update == _MASK:
            sum_masked_strokes(mask, buffers, count)
            forward_masked(network, images, plan, mask, buffers, count)
        else:
            forward(network, images, plan, buffers, count, total)
        backward(network, plan, images.label[image], buffers)
        if not _finite(buffers):
            clock[1] = 1
            return
        if plan.update == _UNITS:
            update_units(network, images, plan, buffers, energies, count, total)
        elif plan.update == _MASK:
            update_mask(network, images, mask, buffers, energies, count)
        elif plan.update == _LARGEST:
            update_largest(
                network, images, plan, buffers, hidden, output, choice, energies, step, count
            )
        elif plan.update == _LARGEST_PER_LAYER:
            update_largest_per_layer(
                network, images, plan, buffers, hidden, output, choice, energies, step, count
            )
        else:
            update_largest_per_neuron(
                network, images, plan, buffers, hidden, output, choice, energies, step, count
            )
        if (step + 1) % FOLD_EVERY == 0:
            fold(network, mask)
        clock[0] = step + 1


@jit
def _finite(buffers):
    """Whether outputs and error signals are finite; an infinite output makes q so, too."""
    return np.isfinite(sum_abs(buffers.q, buffers.wide) + sum_abs(buffers.g, buffers.wide))
