"""The update of all synapses of the first units: rule `all` is that of every unit.

The incoming synapses of the first `units` hidden units change, and the outgoing ones of the first
`readout`: as many under `all` and `fixed-units`, of every unit if the output layer is plastic.

dw1[i, j] = x_i g_j and dw2[j, o] = a_j q_o; sums of |dw|^p are products of sums of their factors'
powers.
"""

import numpy as np
from numba import prange

from energynet.kernels.jit import inner, shared
from energynet.kernels.native import change_rows
from energynet.kernels.rules.tally import count_readout, count_units
from energynet.kernels.sums import count_nonzero, power, sum_power, units_of


@inner
def _input_power(images, buffers, count, exponent):
    """Sum of |x|^exponent over all pixels and the bias unit, float64."""
    total = 0.0
    for k in range(count):
        total += power(buffers.x[k], exponent)
    others = buffers.row.shape[0] - count
    return total + others * power(images.background, exponent)


@inner
def _input_count(images, buffers, count):
    """Number of inputs, the bias unit among them, that are not 0."""
    found = count_nonzero(buffers.x[:count])
    if images.background != 0:
        found += buffers.row.shape[0] - count
    return found


@shared
def update_units(team, weights, images, constants, buffers, count, total):
    """Incoming synapses of the first `units` hidden units change, and the readout."""
    for part in prange(team.parts):
        _update_units(part, team.parts, weights, images, constants, buffers, count, total)


@inner
def _update_units(part, parts, weights, images, constants, buffers, count, total):
    nh = buffers.g.shape[0]
    start, stop = units_of(part, parts, nh, constants.units)
    g = buffers.g[start:stop]
    row, s = buffers.row[:count], buffers.s[:count]
    change_rows(weights.u[:, start:stop], row, s, g, constants.vector_bytes)
    background = images.background
    sum_x = total + (buffers.row.shape[0] - 1) * np.float64(background)
    v, r = weights.v[start:stop], weights.r[start:stop]
    for j in range(g.shape[0]):
        v[j] += background * g[j]
        r[j] += np.float64(g[j]) * sum_x
    update_readout(part, parts, weights, constants, buffers)


@inner
def update_readout(part, parts, weights, constants, buffers):
    """The outgoing synapses of the first `readout` hidden units change, and the output biases."""
    nh = buffers.g.shape[0]
    start, stop = units_of(part, parts, nh, constants.readout)
    a, rows = buffers.a[start:stop], weights.w_out[:, start:stop]
    change_rows(rows, buffers.all_outputs, buffers.q, a, constants.vector_bytes)
    if part == 0:
        for o in range(weights.w_out.shape[0]):
            weights.w_out[o, nh] += buffers.q[o]  # the bias unit's activity is 1


@inner
def account_units(images, constants, buffers, energies, count):
    """Add the energies of `update_units`."""
    g = buffers.g[: constants.units]
    energies.m0[0] += _input_count(images, buffers, count) * count_nonzero(g)
    for e in range(energies.exponent.shape[0]):
        p = energies.exponent[e]
        inputs = _input_power(images, buffers, count, p)
        energies.power[e, 0] += inputs * sum_power(g, p, buffers.wide[0])
    count_units(energies.tally, images, buffers, constants.units, count)
    account_readout(constants, buffers, energies)


@inner
def account_readout(constants, buffers, energies):
    """Add the energies of `update_readout`."""
    a, q = buffers.a[: constants.readout], buffers.q
    energies.m0[1] += (count_nonzero(a) + 1) * count_nonzero(q)
    for e in range(energies.exponent.shape[0]):
        p = energies.exponent[e]
        hidden = sum_power(a, p, buffers.wide[0]) + 1
        energies.power[e, 1] += hidden * sum_power(q, p, buffers.wide[0])
    count_readout(energies.tally, buffers, constants.readout)
