"""The update of a fixed mask: a set of synapses that was drawn once.

dw1[i, j] = x_i g_j and dw2[j, o] = a_j q_o; sums of |dw|^p are short sums of their factors'
powers.

A layer's part of a mask is kept as lists of the plastic columns of each row, or, from a share of
BITS_FROM of its synapses on, as bits. A list costs by its entries; bits cost by the columns of the
layer whatever the share, as rows change and are summed by vectors.
"""

import numpy as np
from numba import prange

from energynet.kernels.jit import inner, shared
from energynet.kernels.native import change_marked, masked_add, sum_marked, sum_strokes
from energynet.kernels.rules.tally import count_readout, count_units
from energynet.kernels.sums import count_nonzero, power_or_count, rows_of, units_of

# Both then take about as long (nh = 1,000 and 10,000). A row's |g|^p is added up in another order
# by vectors than along a list, so the last digits of M1 depend on it: a change is one of numerics.
BITS_FROM = 0.15


@inner
def has_bits(mask):
    """Whether the hidden layer's part is kept as bits."""
    return mask.bits.shape[0] > 0


@shared
def update_mask(team, weights, images, constants, mask, buffers, count):
    """The synapses of a fixed mask change.

    Where the hidden layer has lists, row_power is filled for exponent 1 on the way.
    """
    for part in prange(team.parts):
        _update_mask(part, team.parts, weights, images, constants, mask, buffers, count)


@inner
def _update_mask(part, parts, weights, images, constants, mask, buffers, count):
    g = buffers.g
    first, last = rows_of(part, parts, count)
    if has_bits(mask):
        row, s = buffers.row[first:last], buffers.s[first:last]
        change_marked(weights.u, mask.bits, row, s, g, constants.vector_bytes)
    else:
        for k in range(first, last):
            i = buffers.row[k]
            columns = mask.hidden[mask.start_hidden[i] : mask.start_hidden[i + 1]]
            buffers.row_power[k] = masked_add(weights.u[i], columns, g, buffers.s[k])
    _change_output(part, parts, weights, constants, mask, buffers)
    background = images.background
    start, stop = units_of(part, parts, g.shape[0], g.shape[0])
    g, v, r = g[start:stop], weights.v[start:stop], weights.r[start:stop]
    strokes, pixels = buffers.stroke_sum[start:stop], mask.pixels[start:stop]
    for j in range(g.shape[0]):
        v[j] += background * g[j]
        r[j] += np.float64(g[j]) * (strokes[j] + pixels[j] * np.float64(background))


@inner
def _change_output(part, parts, weights, constants, mask, buffers):
    a, q = buffers.a, buffers.q
    if mask.output_bits.shape[0] > 0:
        first, last = rows_of(part, parts, q.shape[0])
        row = buffers.all_outputs[first:last]
        q, bits = q[first:last], mask.output_bits
        change_marked(weights.w_out, bits, row, q, a, constants.vector_bytes)
        return
    for o in range(part, q.shape[0], parts):
        columns = mask.output[mask.start_output[o] : mask.start_output[o + 1]]
        masked_add(weights.w_out[o], columns, a, q[o])


@inner
def _fill_powers(powers, values, exponent):
    """powers[j] = |values[j]|^exponent; exponent 0 marks the values that are not 0."""
    if exponent == 1.0:  # a loop without a call
        for j in range(values.shape[0]):
            powers[j] = abs(values[j])
    else:
        for j in range(values.shape[0]):
            powers[j] = power_or_count(values[j], exponent)


@shared
def sum_masked_rows(team, constants, mask, buffers, count):
    """Fill row_power: for each stroke row the sum of g_power over its plastic columns."""
    for part in prange(team.parts):
        _sum_masked_rows(part, team.parts, constants, mask, buffers, count)


@inner
def _sum_masked_rows(part, parts, constants, mask, buffers, count):
    first, last = rows_of(part, parts, count)
    if has_bits(mask):
        sums, row = buffers.row_power[first:last], buffers.row[first:last]
        sum_marked(sums, mask.bits, row, buffers.g_power, constants.vector_bytes)
    else:
        for k in range(first, last):
            i = buffers.row[k]
            columns = mask.hidden[mask.start_hidden[i] : mask.start_hidden[i + 1]]
            buffers.row_power[k] = _gathered_sum(buffers.g_power, columns)


@inner
def account_mask(team, images, constants, mask, buffers, energies, count):
    """Add the energies of `update_mask`; lists have filled row_power for exponent 1."""
    for e in range(energies.exponent.shape[0]):
        exponent, summed = energies.exponent[e], e == 0 and not has_bits(mask)
        hidden = _masked_hidden_power(
            team, images, constants, mask, buffers, count, exponent, summed
        )
        energies.power[e, 0] += hidden
        energies.power[e, 1] += _masked_output_power(constants, mask, buffers, exponent)
    energies.m0[0] += _count_hidden(team, images, constants, mask, buffers, count)
    energies.m0[1] += _count_output(constants, mask, buffers)
    count_units(energies.tally, images, buffers, buffers.g.shape[0], count)
    count_readout(energies.tally, buffers, buffers.g.shape[0])


@inner
def _count_hidden(team, images, constants, mask, buffers, count):
    """Number of plastic hidden synapses whose dw is not 0."""
    if count_nonzero(buffers.g) == buffers.g.shape[0]:
        return _masked_inputs(images, mask, buffers, count)
    found = _masked_hidden_power(team, images, constants, mask, buffers, count, 0.0, False)
    return np.int64(found)


@inner
def _count_output(constants, mask, buffers):
    """Number of plastic output synapses whose dw is not 0."""
    if count_nonzero(buffers.a) < buffers.a.shape[0]:
        return np.int64(_masked_output_power(constants, mask, buffers, 0.0))
    found = 0
    for o in range(buffers.q.shape[0]):
        found += (mask.start_output[o + 1] - mask.start_output[o]) * (buffers.q[o] != 0)
    return found


@inner
def _masked_inputs(images, mask, buffers, count):
    """Number of plastic hidden synapses whose input is not 0."""
    start = mask.start_hidden
    n_in = start.shape[0] - 2
    background = np.int64(images.background != 0)
    total = background * start[n_in]
    for k in range(count):
        i = buffers.row[k]
        others = background if i < n_in else np.int64(0)
        total += (start[i + 1] - start[i]) * (np.int64(buffers.x[k] != 0) - others)
    return total


@inner
def _masked_hidden_power(team, images, constants, mask, buffers, count, exponent, summed):
    """Sum of |dw|^exponent: as if all pixels were background, then mended row by row.

    summed : whether row_power is filled already
    """
    _fill_powers(buffers.g_power, buffers.g, exponent)
    if not summed:
        sum_masked_rows(team, constants, mask, buffers, count)
    background = power_or_count(images.background, exponent)
    total = 0.0
    if background != 0:
        for j in range(buffers.g.shape[0]):
            total += mask.pixels[j] * buffers.g_power[j]
        total *= background
    for k in range(count):
        own = power_or_count(buffers.x[k], exponent)
        if k < count - 1:
            own -= background
        total += own * buffers.row_power[k]
    return total


@inner
def _masked_output_power(constants, mask, buffers, exponent):
    """Sum of |dw|^exponent; that over an output unit's columns is taken in their order."""
    powers, sums = buffers.a_power, buffers.output_sum
    _fill_powers(powers, buffers.a, exponent)
    n_out = buffers.q.shape[0]
    if mask.output_bits.shape[0] > 0:
        units, bits = mask.all_units, mask.unit_bits
        sum_strokes(sums, bits, units, powers, n_out, constants.vector_bytes)
    else:
        for o in range(n_out):
            sums[o] = 0
            for p in range(mask.start_output[o], mask.start_output[o + 1]):
                sums[o] += powers[mask.output[p]]
    total = 0.0
    for o in range(n_out):
        total += sums[o] * power_or_count(buffers.q[o], exponent)
    return total


@inner
def _gathered_sum(values, columns):
    """Sum of values[columns], in four running sums: each addition waits for one of its own."""
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    whole = columns.shape[0] // 4 * 4
    for p in range(0, whole, 4):
        s0 += values[columns[p]]
        s1 += values[columns[p + 1]]
        s2 += values[columns[p + 2]]
        s3 += values[columns[p + 3]]
    for p in range(whole, columns.shape[0]):
        s0 += values[columns[p]]
    return (s0 + s2) + (s1 + s3)
