"""One synapse at a time: for rules that choose synapses one by one."""

import numpy as np

from energynet.kernels.jit import inner
from energynet.kernels.rules.tally import count_synapse
from energynet.kernels.sums import power


@inner
def spread_inputs(images, buffers):
    """buffers.x_all: x of every pixel and the bias unit, from the list of strokes."""
    x_all = buffers.x_all
    n_in = x_all.shape[0] - 1
    for i in range(n_in):
        x_all[i] = images.background
    k = 0
    while buffers.row[k] < n_in:
        x_all[buffers.row[k]] = buffers.x[k]
        k += 1
    x_all[n_in] = 1


@inner
def change_synapse(weights, buffers, energies, layer, pre, post):
    """Change a synapse of the hidden (0) or output layer (1) by its dw, and account for it."""
    u, w_out = weights.u, weights.w_out
    if layer == 0:
        dw = buffers.x_all[pre] * buffers.g[post]
        u[pre, post] += dw
        if pre < u.shape[0] - 1:
            weights.r[post] += np.float64(buffers.x_all[pre]) * buffers.g[post]
    else:
        dw = buffers.q[post] * buffers.a[pre]
        w_out[post, pre] += dw
    energies.m0[layer] += dw != 0
    count_synapse(energies.tally, layer, pre, post, dw != 0)
    for e in range(energies.exponent.shape[0]):
        energies.power[e, layer] += power(dw, energies.exponent[e])


@inner
def is_marked(bits, number):
    """Whether the bit of that number is set; bits : uint64 (n,)."""
    return bits[number // 64] >> np.uint64(number % 64) & np.uint64(1) == np.uint64(1)


@inner
def mark(bits, number):
    """Set the bit of that number."""
    bits[number // 64] |= np.uint64(1) << np.uint64(number % 64)
