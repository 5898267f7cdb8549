"""Classes and outputs for many images, by a network whose background is folded (v = 0).

    h_ij = c r_j + sum over the strokes of image i of s u_j,    o_i = sum over blocks of a_i . w_out

The terms of an image are added in an order of its own: that of its strokes, then that of the blocks
of units. So its outputs do not depend on other images. Nor do they depend on what is kept between
tests: a unit that has not changed since has the same activities, and a block of units whose
outgoing weights have not changed either adds the same sums.
"""

from typing import NamedTuple

import numpy as np

from energynet.kernels.activation import activate
from energynet.kernels.jit import inner, jit
from energynet.kernels.native import ROW_BYTES, TOGETHER, VECTOR_BYTES, add_rows, dots
from energynet.kernels.state import aligned
from energynet.kernels.sums import BLOCK

# More groups read the weights less often, but their activities then leave the second cache level,
# into which the packed weights of a strip fit.
GROUPS = 512  # evaluated together: each time the weights are packed afresh
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


class Kept(NamedTuple):
    """What tests of the same images by the same network keep of its frozen units.

    The incoming weights of units beyond the first `plastic` never change.

    plastic : int
    full    : bool (1,), whether all images were evaluated since: nothing is read before
    first_sum, sums : int; real (blocks, groups, TOGETHER, n_out), what the blocks from number
              `first_sum` on, whose outgoing weights are frozen too, contribute to the outputs
    first_unit, a : int; real (groups, TOGETHER, units), activities of all units from `first_unit`
              on, where a block begins; those of plastic units are written anew in each test
    """

    plastic: int
    full: np.ndarray
    first_sum: int
    sums: np.ndarray
    first_unit: int
    a: np.ndarray


def allocate(n_in: int, nh: int, dtype: np.dtype) -> Batch:
    """Room for a batch."""
    width = ROW_BYTES // dtype.itemsize
    units = min(BLOCK, whole_parts(nh + 1, dtype))
    packed = aligned((-(-min(STRIP, units) // width), n_in + 2, width), dtype)
    packed[:] = 0
    return Batch(
        packed=packed,
        start=np.zeros(width, dtype),
        a=aligned((GROUPS, TOGETHER, units), dtype),
        sums=np.empty(TOGETHER, dtype),
        vector_bytes=VECTOR_BYTES,
    )


def whole_parts(units: int, dtype: np.dtype) -> int:
    """That many units or a few more, so that all parts of `packed` are full."""
    width = ROW_BYTES // dtype.itemsize
    return -(-units // width) * width


@jit
def evaluate(weights, lists, activation, batch, kept, start, step, output, predicted):
    """Outputs and classes of the images in groups start, start + step, ..., at most GROUPS of them.

    Of equal outputs the lowest class wins. output : real (n, n_out), 0 before; predicted : int32
    (n,); both are filled for these images.
    """
    nh = weights.u.shape[1]
    for block in range(0, nh + 1, BLOCK):
        number = block // BLOCK - kept.first_sum
        if kept.full[0] and 0 <= number < kept.sums.shape[0]:
            _add_kept(lists, kept.sums[number], start, step, output)
        else:
            _evaluate_block(weights, lists, activation, batch, kept, start, step, block, output)
    for group in range(start, lists.image.shape[0], step):
        for i in range(TOGETHER):
            image = lists.image[group, i]
            if image >= 0:
                predicted[image] = np.argmax(output[image])


@inner
def _add_kept(lists, sums, start, step, output):
    """Add to the outputs what a frozen block contributed before."""
    for group in range(start, lists.image.shape[0], step):
        for i in range(TOGETHER):
            image = lists.image[group, i]
            if image >= 0:
                for o in range(output.shape[1]):
                    output[image, o] += sums[group, i, o]


@inner
def _evaluate_block(weights, lists, activation, batch, kept, start, step, block, output):
    """Add to the outputs what the units from `block` on contribute, BLOCK of them at most."""
    units = min(weights.u.shape[1], block + BLOCK) - block
    changed = units
    if block < kept.first_unit:  # scratch: a batch's groups one after the other
        a, first, stride, column = batch.a, 0, 1, 0
    else:  # kept: each group at its number
        a, first, stride, column = kept.a, start, step, block - kept.first_unit
        if kept.full[0]:
            changed = min(units, max(0, kept.plastic - block))
    width = batch.packed.shape[2]
    strip = batch.packed.shape[0] * width
    for unit in range(0, changed, strip):
        _pack(weights, batch.packed, block + unit, min(strip, units - unit))
        for part in range(-(-min(strip, changed - unit) // width)):
            _start_part(weights, lists, batch, block + unit + part * width)
            at, position = column + unit + part * width, first
            for group in range(start, lists.image.shape[0], step):
                _add_strokes(lists, batch, group, part, a[position, :, at : at + width])
                position += stride
    # Parts are found whole: frozen units beside the last that changed have net inputs again.
    fresh = min(units, -(-changed // width) * width)
    position = first
    for group in range(start, lists.image.shape[0], step):
        _activate(a[position], column, fresh, units, activation)
        _add_outputs(weights, lists, batch, kept, block, group, a[position], column, output)
        position += stride


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
def _start_part(weights, lists, batch, unit):
    """What the background contributes to the net inputs of a part's units, from `unit` on."""
    background = np.float64(lists.background)
    for j in range(min(batch.start.shape[0], weights.r.shape[0] - unit)):
        batch.start[j] = background * weights.r[unit + j]


@inner
def _add_strokes(lists, batch, group, part, h):
    """Net inputs of a packed part's units for a group; h : real (TOGETHER, width), filled."""
    begin, end = lists.start[group], lists.start[group + 1]
    offset, s = lists.offset[begin:end], lists.s[begin:end]
    add_rows(h, batch.start, batch.packed[part], offset, s, batch.vector_bytes)


@inner
def _activate(a, column, fresh, units, activation):
    """Net inputs to activities, of the first `fresh` of a block's units that begin at `column`.

    The bias unit gets its 1 if it comes next. a : real (TOGETHER, units)
    """
    for i in range(TOGETHER):
        row = a[i, column : column + units + 1]
        activate(row[:fresh], row, activation.kind, activation.slope)
        if units < row.shape[0] and units < BLOCK:
            row[units] = 1


@inner
def _add_outputs(weights, lists, batch, kept, block, group, a, column, output):
    """Add to the outputs of a group what a block's activities contribute, and keep it if frozen."""
    w_out = weights.w_out[:, block : block + BLOCK]
    a = a[:, column : column + w_out.shape[1]]
    number = block // BLOCK - kept.first_sum
    for o in range(w_out.shape[0]):
        dots(batch.sums, a, w_out[o], batch.vector_bytes)
        for i in range(TOGETHER):
            image = lists.image[group, i]
            if image >= 0:
                output[image, o] += batch.sums[i]
            if 0 <= number < kept.sums.shape[0]:
                kept.sums[number, group, i, o] = batch.sums[i]
