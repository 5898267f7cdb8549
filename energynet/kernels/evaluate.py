"""Classes and outputs for many images, by a network whose background is folded (v = 0)."""

from typing import NamedTuple

import numpy as np

from energynet.kernels.activation import activate
from energynet.kernels.jit import inner, jit
from energynet.kernels.native import ROW_BYTES, TOGETHER, VECTOR_BYTES, add_rows, dots
from energynet.kernels.state import aligned
from energynet.kernels.sums import BLOCK

# As measured at nh = 100 to 10,000: lists and packed weights then share the second cache level.
GROUPS = 128  # evaluated together: each packs the weights afresh
STRIP = 256  # units packed together: 1 kB of each row of u is read at a time


class Batch(NamedTuple):
    """Scratch to evaluate GROUPS groups of images, their units in blocks.

    packed : real (parts of a strip, n_in + 2, width), weights of `width` units side by side: those
             of the pixels and the bias, and a row of zeros
    start  : real (width,), what the background contributes to their net inputs
    a      : real (GROUPS, TOGETHER, units of a block), their activities
    sums   : real (TOGETHER,)
    vector_bytes : of this machine's widest vectors
    """

    packed: np.ndarray
    start: np.ndarray
    a: np.ndarray
    sums: np.ndarray
    vector_bytes: int


def allocate(n_in: int, nh: int, dtype: np.dtype) -> Batch:
    """Room for a batch."""
    width = ROW_BYTES // dtype.itemsize
    units = min(BLOCK, -(-(nh + 1) // width) * width)
    packed = aligned((min(STRIP, units) // width, n_in + 2, width), dtype)
    packed[:] = 0
    return Batch(
        packed=packed,
        start=np.zeros(width, dtype),
        a=aligned((GROUPS, TOGETHER, units), dtype),
        sums=np.empty(TOGETHER, dtype),
        vector_bytes=VECTOR_BYTES,
    )


@jit
def evaluate(weights, lists, activation, batch, start, stop, output, predicted):
    """Outputs and classes of the images in groups start ... stop - 1, at most GROUPS of them.

    Of equal outputs the lowest class wins. output : real (n, n_out), 0 before; predicted : int32
    (n,); both are filled for these images.
    """
    nh = weights.u.shape[1]
    strip = batch.packed.shape[0] * batch.packed.shape[2]
    for block in range(0, nh + 1, BLOCK):
        units = min(nh, block + BLOCK) - block
        for unit in range(block, block + units, strip):
            size = min(strip, block + units - unit)
            _pack(weights, batch.packed, unit, size)
            for part in range(-(-size // batch.packed.shape[2])):
                _add_strokes(weights, lists, batch, start, stop, unit, part)
        for group in range(start, stop):
            image, a = lists.image[group], batch.a[group - start]
            _activate(a, activation, units)
            w_out = weights.w_out[:, block : block + BLOCK]
            _add_outputs(w_out, image, a[:, : w_out.shape[1]], batch, output)
    for group in range(start, stop):
        for i in range(TOGETHER):
            image = lists.image[group, i]
            if image >= 0:
                predicted[image] = np.argmax(output[image])


@inner
def _pack(weights, packed, unit, size):
    """Copy the weights onto the units unit ... unit + size - 1."""
    width = packed.shape[2]
    for i in range(weights.u.shape[0]):
        row = weights.u[i, unit : unit + size]
        for j in range(size // width):
            for k in range(width):
                packed[j, i, k] = row[j * width + k]
        for j in range(size // width * width, size):
            packed[j // width, i, j % width] = row[j]


@inner
def _add_strokes(weights, lists, batch, first, last, unit, part):
    """Net inputs of the units of a packed part, for some groups, into their activities."""
    packed, r = batch.packed[part], weights.r
    width = packed.shape[1]
    unit += part * width
    background = np.float64(lists.background)
    for j in range(min(width, r.shape[0] - unit)):
        batch.start[j] = background * r[unit + j]
    column = unit % BLOCK
    for group in range(first, last):
        h = batch.a[group - first, :, column : column + width]
        begin, end = lists.start[group], lists.start[group + 1]
        offset, s = lists.offset[begin:end], lists.s[begin:end]
        add_rows(h, batch.start, packed, offset, s, batch.vector_bytes)


@inner
def _activate(a, activation, units):
    """Net inputs to activities, and 1 for the bias unit if it is the next."""
    for i in range(TOGETHER):
        activate(a[i, :units], a[i], activation.kind, activation.slope)
        if units < a.shape[1]:
            a[i, units] = 1


@inner
def _add_outputs(w_out, image, a, batch, output):
    """Add to the outputs of a group what a block of its activities, (TOGETHER, n), contributes."""
    for o in range(w_out.shape[0]):
        dots(batch.sums, a, w_out[o], batch.vector_bytes)
        for i in range(TOGETHER):
            if image[i] >= 0:
                output[image[i], o] += batch.sums[i]
