"""Forward pass of one image, and the fold that ends a stretch of lazy background updates."""

import numpy as np

from energynet.kernels._jit import inner, jit
from energynet.kernels.sums import dot, sum_abs

LEAK = 0.1  # slope of the leaky ReLU below zero


@inner
def list_strokes(images, index, row, x):
    """List the pixels of image `index` that differ from the background, the bias unit last.

    row : int64 (n_in + 1,) and x : real (n_in + 1,) are filled. Returns how far.
    """
    n_in = row.shape[0] - 1
    background = images.background
    count = 0
    if images.codes.shape[0] > 0:
        for pixel in range(n_in):
            value = images.table[images.codes[index, pixel]]
            row[count] = pixel
            x[count] = value
            count += value != background
    else:
        for pixel in range(n_in):
            value = images.values[index, pixel]
            row[count] = pixel
            x[count] = value
            count += value != background
    row[count] = n_in
    x[count] = 1
    return count + 1


@inner
def shift_strokes(x, background, s, count):
    """s = x - background for the strokes, 1 for the bias. Returns their sum over the pixels."""
    total = 0.0
    for k in range(count - 1):
        s[k] = x[k] - background
        total += s[k]
    s[count - 1] = 1
    return total


@inner
def add_rows(out, matrix, start, row, factor, count):
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
def activate(h, a, slope):
    """a[j] = f(h[j]), leaky ReLU; h : real (n,); a : real (>= n,), changed in its first n."""
    for j in range(h.shape[0]):
        a[j] = h[j] if h[j] > 0 else slope * h[j]


@inner
def outputs(a, w2, o, lanes):
    """o = W2^T a, each output a sum in fixed order; a : real (nh + 1,), o : real (n_out,)."""
    for k in range(o.shape[0]):
        o[k] = dot(a, w2[k], lanes)


@inner
def forward(network, images, plan, buffers, count, total):
    """Forward pass for the listed strokes: h, a, o. `total` is the sum of s over the pixels."""
    h = buffers.h
    background = np.float64(images.background)
    for j in range(h.shape[0]):
        h[j] = network.v[j] * total + background * network.r[j]
    add_rows(h, network.u, 0, buffers.row, buffers.s, count)
    activate(h, buffers.a, plan.slope)
    outputs(buffers.a, network.w2, buffers.o, buffers.lanes)


@inner
def forward_masked(network, images, plan, mask, buffers, count):
    """Forward pass where only masked synapses share v; mask.strokes holds their sums of s."""
    h = buffers.h
    background = np.float64(images.background)
    for j in range(h.shape[0]):
        h[j] = network.v[j] * mask.strokes[j] + background * network.r[j]
    add_rows(h, network.u, 0, buffers.row, buffers.s, count)
    activate(h, buffers.a, plan.slope)
    outputs(buffers.a, network.w2, buffers.o, buffers.lanes)


@inner
def backward(network, plan, label, buffers):
    """Error e = target - o, q = eta e, and g = eta delta for the network before the step.

    Returns False if one of them is not finite; an output that is not makes q so, too.
    """
    o, e, q, g, h = buffers.o, buffers.e, buffers.q, buffers.g, buffers.h
    for k in range(o.shape[0]):
        target = o.dtype.type(1) if k == label else o.dtype.type(0)
        e[k] = target - o[k]
        q[k] = plan.eta * e[k]
    for j in range(g.shape[0]):
        g[j] = 0
    add_rows(g, network.w2, 0, buffers.output, e, e.shape[0])
    for j in range(g.shape[0]):
        delta = g[j] if h[j] > 0 else plan.slope * g[j]
        g[j] = plan.eta * delta
    return np.isfinite(sum_abs(q, buffers.wide) + sum_abs(g, buffers.wide))


@jit
def fold(network, mask):
    """Move v into u where the rule lets synapses change, set it to 0, and sum r afresh."""
    u, v, r = network.u, network.v, network.r
    masked = mask.start_hidden.shape[0] > 0
    r[:] = 0
    for i in range(u.shape[0] - 1):
        row = u[i]
        if masked:
            for p in range(mask.start_hidden[i], mask.start_hidden[i + 1]):
                j = mask.hidden[p]
                row[j] = row[j] + v[j]
        else:
            for j in range(row.shape[0]):
                row[j] = row[j] + v[j]
        for j in range(row.shape[0]):
            r[j] += row[j]
    v[:] = 0
