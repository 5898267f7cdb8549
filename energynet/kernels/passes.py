"""Forward and backward pass of one image, and the fold of the lazy background."""

import math

import numpy as np
from numba import prange

from energynet.kernels.activation import activate, derive
from energynet.kernels.jit import inner, jit, shared
from energynet.kernels.native import sum_strokes
from energynet.kernels.sums import BLOCK, blocks_of, dot_block, sum_abs, units_of


@inner
def add_listed_rows(out, matrix, start, row, factor, count):
    """out[j] += sum over k < count of factor[k] matrix[row[k], start + j], in that order.

    out : real (n,), changed; matrix : real (rows, >= start + n); row : int64, factor : real
    (>= count,)
    """
    stop = start + out.shape[0]
    k = 0
    while k + 8 <= count:  # eight rows at a time: out is then read and written once for all
        m0, m1 = matrix[row[k], start:stop], matrix[row[k + 1], start:stop]
        m2, m3 = matrix[row[k + 2], start:stop], matrix[row[k + 3], start:stop]
        m4, m5 = matrix[row[k + 4], start:stop], matrix[row[k + 5], start:stop]
        m6, m7 = matrix[row[k + 6], start:stop], matrix[row[k + 7], start:stop]
        f0, f1, f2, f3 = factor[k], factor[k + 1], factor[k + 2], factor[k + 3]
        f4, f5, f6, f7 = factor[k + 4], factor[k + 5], factor[k + 6], factor[k + 7]
        for j in range(out.shape[0]):
            half = (((out[j] + f0 * m0[j]) + f1 * m1[j]) + f2 * m2[j]) + f3 * m3[j]
            out[j] = (((half + f4 * m4[j]) + f5 * m5[j]) + f6 * m6[j]) + f7 * m7[j]
        k += 8
    while k < count:
        m0, f0 = matrix[row[k], start:stop], factor[k]
        for j in range(out.shape[0]):
            out[j] += f0 * m0[j]
        k += 1


@inner
def _sum_masked_strokes(constants, mask, buffers, count, start, stop):
    """buffers.stroke_sum of the units start ... stop - 1."""
    pixels = count - 1  # the bias row, the last one, is no pixel
    if mask.bits.shape[0] > 0:
        # Parts begin with a block, so with a word; the last may go on to whole LANES.
        bits, strokes = mask.bits[:, start // 32 :], buffers.stroke_sum[start:]
        row, s = buffers.row[:pixels], buffers.s[:pixels]
        sum_strokes(strokes, bits, row, s, stop - start, constants.vector_bytes)
        return
    # A slice is indexed from 0: the compiler need not think of negative indices.
    strokes = buffers.stroke_sum[start:stop]
    for j in range(strokes.shape[0]):
        strokes[j] = 0
    for k in range(pixels):
        s = np.float64(buffers.s[k])
        first, last = columns_between(mask, buffers.row[k], start, stop)
        for p in range(first, last):
            buffers.stroke_sum[mask.hidden[p]] += s


@inner
def columns_between(mask, i, start, stop):
    """The positions in mask.hidden of row i's columns in start ... stop - 1."""
    first, last = mask.start_hidden[i], mask.start_hidden[i + 1]
    if start == 0 and stop >= mask.pixels.shape[0]:
        return first, last
    columns = mask.hidden[first:last]
    return first + np.searchsorted(columns, start), first + np.searchsorted(columns, stop)


@shared
def forward(team, weights, images, constants, mask, buffers, count, total):
    """Forward pass for the listed strokes: h, a, and sums of the outputs over blocks of units.

    `total` is the sum of s over the pixels. Under a fixed mask only masked synapses share v.
    """
    for part in prange(team.parts):
        _forward(part, team.parts, weights, images, constants, mask, buffers, count, total)


@inner
def _forward(part, parts, weights, images, constants, mask, buffers, count, total):
    nh = buffers.h.shape[0]
    start, stop = units_of(part, parts, nh, nh)
    h = buffers.h[start:stop]
    v, r = weights.v[start:stop], weights.r[start:stop]
    background = np.float64(images.background)
    if buffers.stroke_sum.shape[0] > 0:
        _sum_masked_strokes(constants, mask, buffers, count, start, stop)
        strokes = buffers.stroke_sum[start:stop]
        for j in range(h.shape[0]):
            h[j] = v[j] * strokes[j] + background * r[j]
    else:
        for j in range(h.shape[0]):
            h[j] = v[j] * total + background * r[j]
    add_listed_rows(h, weights.u, start, buffers.row, buffers.s, count)
    activate(h, buffers.a[start:], constants.activation, constants.slope)
    first, last = blocks_of(part, parts, nh + 1)
    for block in range(first, last):
        low, high = block * BLOCK, min((block + 1) * BLOCK, nh + 1)
        for o in range(weights.w_out.shape[0]):
            w_out = weights.w_out[o, low:high]
            buffers.partial[block, o] = dot_block(buffers.a[low:high], w_out, buffers.lanes[part])


@inner
def sum_outputs(buffers):
    """o from its sums over blocks of units; returns whether every output is finite."""
    o = buffers.o
    finite = True
    for k in range(o.shape[0]):
        o[k] = 0
        for block in range(buffers.partial.shape[0]):
            o[k] += buffers.partial[block, k]
        finite &= np.isfinite(o[k])
    return finite


@inner
def needs_learning(constants, label, o):
    """Whether the largest output is not that of the label, or exceeds the others by less than the
    margin. Of equal outputs the first counts as the largest."""
    if constants.margin < 0:
        return True
    largest = o.dtype.type(-np.inf)
    for k in range(o.shape[0]):
        if o[k] > o[label] or (o[k] == o[label] and k < label):
            return True
        if k != label:
            largest = max(largest, o[k])
    return o[label] - largest < constants.margin


@inner
def find_error(constants, label, buffers):
    """The error e = target - o (or - softmax(o)), and q = eta e.

    Returns False if a q is not finite.
    """
    o, e, q = buffers.o, buffers.e, buffers.q
    finite = True
    for k in range(o.shape[0]):
        e[k] = o[k]
    if constants.softmax:
        _softmax(o, e)
    for k in range(o.shape[0]):
        target = o.dtype.type(1) if k == label else o.dtype.type(0)
        e[k] = target - e[k]
        q[k] = constants.eta * e[k]
        finite &= np.isfinite(q[k])
    return finite


@inner
def _softmax(o, p):
    """p = softmax(o), summed in float64 in order; real (n_out,)."""
    largest = o[0]
    for k in range(1, o.shape[0]):
        largest = max(largest, o[k])
    total = 0.0
    for k in range(o.shape[0]):
        total += math.exp(np.float64(o[k] - largest))
    for k in range(o.shape[0]):
        p[k] = math.exp(np.float64(o[k] - largest)) / total


@inner
def backward_part(part, parts, weights, constants, buffers):
    """g = eta delta for the units of a part."""
    nh = buffers.g.shape[0]
    start, stop = units_of(part, parts, nh, constants.signals)
    g = buffers.g[start:stop]
    for j in range(g.shape[0]):
        g[j] = 0
    add_listed_rows(g, weights.w_out, start, buffers.all_outputs, buffers.e, buffers.e.shape[0])
    h, a = buffers.h[start:stop], buffers.a[start:stop]
    derive(h, a, g, constants.activation, constants.slope)
    for j in range(g.shape[0]):
        g[j] = constants.eta * g[j]


@shared
def backward(team, weights, constants, buffers):
    """g = eta delta, for the network before the step."""
    for part in prange(team.parts):
        backward_part(part, team.parts, weights, constants, buffers)


@inner
def finite_signals(buffers):
    """Whether every g is finite."""
    return np.isfinite(sum_abs(buffers.g, buffers.wide[0]))


@jit
def fold(weights, mask):
    """Move v into u where the rule lets synapses change, set it to 0, and sum r afresh."""
    u, v, r = weights.u, weights.v, weights.r
    for j in range(r.shape[0]):
        r[j] = 0
    for i in range(u.shape[0] - 1):
        row = u[i]
        if mask.bits.shape[0] > 0:
            for j in range(row.shape[0]):
                plastic = mask.bits[i, j // 32] >> (j % 32) & 1
                row[j] = row[j] + v[j] if plastic else row[j]
        elif mask.start_hidden.shape[0] > 0:
            for p in range(mask.start_hidden[i], mask.start_hidden[i + 1]):
                j = mask.hidden[p]
                row[j] = row[j] + v[j]
        else:
            for j in range(row.shape[0]):
                row[j] = row[j] + v[j]
        for j in range(row.shape[0]):
            r[j] += row[j]
    for j in range(v.shape[0]):
        v[j] = 0
