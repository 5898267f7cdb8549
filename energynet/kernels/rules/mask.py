"""The update of a fixed mask: a set of synapses that was drawn once.

dw1[i, j] = x_i g_j and dw2[j, o] = a_j q_o; sums of |dw|^p are short sums of their factors'
powers.
"""

import numpy as np
from numba import prange

from energynet.kernels.jit import inner, shared
from energynet.kernels.native import masked_add
from energynet.kernels.rules.tally import count_readout, count_units
from energynet.kernels.sums import (
    LANES,
    count_nonzero,
    fold_lanes,
    power_or_count,
    units_of,
)


@inner
def add_masked_row(row, dense, values, factor):
    """row[j] += factor * values[j] where dense[j] is 1; the others keep their bits."""
    for j in range(row.shape[0]):
        changed = row[j] + factor * values[j]
        row[j] = changed if dense[j] else row[j]


@shared
def update_mask(team, weights, images, mask, buffers, count):
    """The synapses of a fixed mask change.

    Where the mask is kept as lists, row_power is filled for exponent 1 on the way.
    """
    for part in prange(team.parts):
        _update_mask(part, team.parts, weights, images, mask, buffers, count)


@inner
def _update_mask(part, parts, weights, images, mask, buffers, count):
    g, a, q = buffers.g, buffers.a, buffers.q
    for k in range(part, count, parts):
        i = buffers.row[k]
        if mask.dense.shape[0] > 0:
            add_masked_row(weights.u[i], mask.dense[i], g, buffers.s[k])
        else:
            columns = mask.hidden[mask.start_hidden[i] : mask.start_hidden[i + 1]]
            buffers.row_power[k] = masked_add(weights.u[i], columns, g, buffers.s[k])
    for o in range(part, q.shape[0], parts):
        columns = mask.output[mask.start_output[o] : mask.start_output[o + 1]]
        masked_add(weights.w_out[o], columns, a, q[o])
    background = images.background
    start, stop = units_of(part, parts, g.shape[0], g.shape[0])
    for j in range(start, stop):
        sum_x = buffers.stroke_sum[j] + mask.pixels[j] * np.float64(background)
        weights.v[j] += background * g[j]
        weights.r[j] += np.float64(g[j]) * sum_x


@inner
def _fill_powers(buffers, exponent):
    """g_power[j] = |g[j]|^exponent; exponent 0 marks the g that are not 0."""
    for j in range(buffers.g.shape[0]):
        buffers.g_power[j] = power_or_count(buffers.g[j], exponent)


@shared
def sum_masked_rows(team, mask, buffers, count):
    """Fill row_power: for each stroke row the sum of g_power over its plastic columns."""
    for part in prange(team.parts):
        _sum_masked_rows(part, team.parts, mask, buffers, count)


@inner
def _sum_masked_rows(part, parts, mask, buffers, count):
    for k in range(part, count, parts):
        i = buffers.row[k]
        if mask.dense.shape[0] > 0:
            total = _dense_sum(mask.dense[i], buffers.g_power, buffers.wide[part])
        else:
            columns = mask.hidden[mask.start_hidden[i] : mask.start_hidden[i + 1]]
            total = _gathered_sum(buffers.g_power, columns)
        buffers.row_power[k] = total


@inner
def account_mask(team, images, mask, buffers, energies, count):
    """Add the energies of `update_mask`, which has just filled row_power for the first one, 1."""
    for e in range(energies.exponent.shape[0]):
        exponent = energies.exponent[e]
        _fill_powers(buffers, exponent)
        if e > 0 or mask.dense.shape[0] > 0:
            sum_masked_rows(team, mask, buffers, count)
        energies.power[e, 0] += _masked_hidden_power(images, mask, buffers, count, exponent)
        energies.power[e, 1] += _masked_output_power(mask, buffers, exponent)
    if count_nonzero(buffers.g) == buffers.g.shape[0]:
        energies.m0[0] += _masked_inputs(images, mask, buffers, count)
    else:
        _fill_powers(buffers, 0.0)
        sum_masked_rows(team, mask, buffers, count)
        energies.m0[0] += np.int64(_masked_hidden_power(images, mask, buffers, count, 0.0))
    energies.m0[1] += np.int64(_masked_output_power(mask, buffers, 0.0))
    count_units(energies.tally, images, buffers, buffers.g.shape[0], count)
    count_readout(energies.tally, buffers, buffers.g.shape[0])


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
def _masked_hidden_power(images, mask, buffers, count, exponent):
    """Sum of |dw|^exponent: as if all pixels were background, then mended row by row."""
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
def _masked_output_power(mask, buffers, exponent):
    total = 0.0
    for o in range(buffers.q.shape[0]):
        columns = mask.output[mask.start_output[o] : mask.start_output[o + 1]]
        row = 0.0
        for p in range(columns.shape[0]):
            row += power_or_count(buffers.a[columns[p]], exponent)
        total += row * power_or_count(buffers.q[o], exponent)
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


@inner
def _dense_sum(dense, values, wide):
    """Sum of values where dense is 1, in LANES running sums."""
    for lane in range(LANES):
        wide[lane] = 0
    for start in range(0, values.shape[0], LANES):
        part = values[start : min(start + LANES, values.shape[0])]
        marks = dense[start : start + part.shape[0]]
        for lane in range(part.shape[0]):
            wide[lane] += part[lane] if marks[lane] else 0.0
    return fold_lanes(wide)
