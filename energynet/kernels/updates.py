"""Updates that are dense or fixed: all synapses of the first units, a fixed mask, whole rows.

Each adds the step's energies. dw1[i, j] = x_i g_j and dw2[j, o] = a_j q_o; their sums of
|dw|^p are products or short sums of the factors' powers.
"""

import numpy as np

from energynet.kernels._jit import inner
from energynet.kernels.native import masked_add
from energynet.kernels.sums import count_nonzero, power, sum_power


@inner
def add_row(row, values, factor):
    """row[j] += factor * values[j]; both real (n,)."""
    for j in range(row.shape[0]):
        row[j] += factor * values[j]


@inner
def input_power(images, buffers, count, exponent):
    """Sum of |x|^exponent over all pixels and the bias unit, float64."""
    total = 0.0
    for k in range(count):
        total += power(buffers.x[k], exponent)
    others = buffers.row.shape[0] - count
    return total + others * power(images.background, exponent)


@inner
def input_count(images, buffers, count):
    """Number of inputs, the bias unit among them, that are not 0."""
    found = count_nonzero(buffers.x[:count])
    if images.background != 0:
        found += buffers.row.shape[0] - count
    return found


@inner
def share_background(network, images, buffers, units, total):
    """Give every pixel of the first `units` hidden units the background's dw = c g."""
    background = images.background
    pixels = buffers.row.shape[0] - 1
    sum_x = total + pixels * np.float64(background)
    for j in range(units):
        network.v[j] += background * buffers.g[j]
        network.r[j] += np.float64(buffers.g[j]) * sum_x


@inner
def update_units(network, images, plan, buffers, energies, count, total):
    """All synapses of the first k_hidden hidden units change, and the output biases."""
    units = plan.k_hidden
    nh = buffers.g.shape[0]
    g = buffers.g[:units]
    a = buffers.a[:units]
    for k in range(count):
        add_row(network.u[buffers.row[k], :units], g, buffers.s[k])
    share_background(network, images, buffers, units, total)
    for o in range(network.w2.shape[0]):
        add_row(network.w2[o, :units], a, buffers.q[o])
        network.w2[o, nh] += buffers.q[o]  # the bias unit's activity is 1
    energies.m0[0] += input_count(images, buffers, count) * count_nonzero(g)
    energies.m0[1] += (count_nonzero(a) + 1) * count_nonzero(buffers.q)
    for e in range(energies.exponent.shape[0]):
        p = energies.exponent[e]
        inputs = input_power(images, buffers, count, p)
        energies.power[e, 0] += inputs * sum_power(g, p, buffers.wide)
        hidden = sum_power(a, p, buffers.wide) + 1
        energies.power[e, 1] += hidden * sum_power(buffers.q, p, buffers.wide)


@inner
def sum_masked_strokes(mask, buffers, count):
    """Fill mask.strokes: for each unit the sum of s over its plastic stroke synapses."""
    for j in range(mask.strokes.shape[0]):
        mask.strokes[j] = 0
    for k in range(count - 1):  # the bias row is no pixel
        i, s = buffers.row[k], buffers.s[k]
        for p in range(mask.start_hidden[i], mask.start_hidden[i + 1]):
            mask.strokes[mask.hidden[p]] += s


@inner
def update_mask(network, images, mask, buffers, energies, count):
    """The synapses of a fixed mask change."""
    g, a, q = buffers.g, buffers.a, buffers.q
    background = images.background
    for k in range(count):
        i = buffers.row[k]
        columns = mask.hidden[mask.start_hidden[i] : mask.start_hidden[i + 1]]
        masked_add(network.u[i], columns, g, buffers.s[k])
    for j in range(g.shape[0]):
        sum_x = mask.strokes[j] + mask.pixels[j] * np.float64(background)
        network.v[j] += background * g[j]
        network.r[j] += np.float64(g[j]) * sum_x
    for o in range(q.shape[0]):
        columns = mask.output[mask.start_output[o] : mask.start_output[o + 1]]
        masked_add(network.w2[o], columns, a, q[o])
        active = 0
        for p in range(columns.shape[0]):
            active += a[columns[p]] != 0
        energies.m0[1] += active * (q[o] != 0)
    energies.m0[0] += _masked_count(images, mask, buffers, count)
    for e in range(energies.exponent.shape[0]):
        p = energies.exponent[e]
        energies.power[e, 0] += _masked_power(images, mask, buffers, count, p)
        for o in range(q.shape[0]):
            columns = mask.output[mask.start_output[o] : mask.start_output[o + 1]]
            energies.power[e, 1] += _gathered_power(a, columns, p) * power(q[o], p)


@inner
def _gathered_power(values, columns, exponent):
    total = 0.0
    for p in range(columns.shape[0]):
        total += power(values[columns[p]], exponent)
    return total


@inner
def _masked_power(images, mask, buffers, count, exponent):
    """Sum of |dw|^exponent in the hidden layer: as if all pixels were background, then mended."""
    g = buffers.g
    shared = power(images.background, exponent)
    total = 0.0
    if shared != 0:
        for j in range(g.shape[0]):
            total += mask.pixels[j] * power(g[j], exponent)
        total *= shared
    for k in range(count):
        i = buffers.row[k]
        columns = mask.hidden[mask.start_hidden[i] : mask.start_hidden[i + 1]]
        own = power(buffers.x[k], exponent)
        if k < count - 1:
            own -= shared
        total += own * _gathered_power(g, columns, exponent)
    return total


@inner
def _masked_count(images, mask, buffers, count):
    """Number of masked synapses of the hidden layer whose factors are both not 0."""
    g = buffers.g
    shared = images.background != 0
    total = 0
    if shared:
        for j in range(g.shape[0]):
            total += mask.pixels[j] * (g[j] != 0)
    for k in range(count):
        i = buffers.row[k]
        own = np.int64(buffers.x[k] != 0)
        if k < count - 1:
            own -= shared
        if own != 0:
            for p in range(mask.start_hidden[i], mask.start_hidden[i + 1]):
                total += own * (g[mask.hidden[p]] != 0)
    return total
