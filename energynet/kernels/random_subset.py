"""The update of `random`: k of N synapses, drawn afresh in each step.

Synapse (i, j) of the hidden layer has number i nh + j, synapse (j, o) of the output layer number
N1 + o (nh + 1) + j. Numbers are drawn one after the other; one that was drawn before is drawn
again. For more than half of N those left out are drawn instead.
"""

import numpy as np

from energynet.kernels._jit import inner
from energynet.kernels.draws import bounded, mix
from energynet.kernels.sums import power

_WORD = 64


@inner
def update_random(network, images, plan, buffers, drawn, energies, step):
    """k_hidden synapses of the network, drawn uniformly, change.

    drawn : uint64 (ceil(N / 64),), all 0 before and after: a bit for each synapse.
    """
    u, w2 = network.u, network.w2
    n = u.size + w2.size
    _spread_inputs(images, buffers)
    leave_out = 2 * plan.k_hidden > n
    wanted = n - plan.k_hidden if leave_out else plan.k_hidden
    stream, counter, found = mix(plan.mask_key, step), 0, 0
    while found < wanted:
        number = bounded(mix(stream, counter), n)
        counter += 1
        if not _is_marked(drawn, number):
            _mark(drawn, number)
            found += 1
            if not leave_out:
                _apply(network, buffers, energies, number)
    if leave_out:
        for number in range(n):
            if not _is_marked(drawn, number):
                _apply(network, buffers, energies, number)
        for word in range(drawn.shape[0]):
            drawn[word] = 0
    else:
        for again in range(counter):
            drawn[bounded(mix(stream, again), n) // _WORD] = 0


@inner
def _spread_inputs(images, buffers):
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
def _is_marked(drawn, number):
    return drawn[number // _WORD] >> np.uint64(number % _WORD) & np.uint64(1) == np.uint64(1)


@inner
def _mark(drawn, number):
    drawn[number // _WORD] |= np.uint64(1) << np.uint64(number % _WORD)


@inner
def _apply(network, buffers, energies, number):
    """Change one synapse by its dw and account for it."""
    u, w2 = network.u, network.w2
    nh = u.shape[1]
    if number < u.size:
        i, j = number // nh, number % nh
        dw = buffers.x_all[i] * buffers.g[j]
        u[i, j] += dw
        if i < u.shape[0] - 1:
            network.r[j] += np.float64(buffers.x_all[i]) * buffers.g[j]
        layer = 0
    else:
        o, j = (number - u.size) // (nh + 1), (number - u.size) % (nh + 1)
        dw = buffers.q[o] * buffers.a[j]
        w2[o, j] += dw
        layer = 1
    energies.m0[layer] += dw != 0
    for e in range(energies.exponent.shape[0]):
        energies.power[e, layer] += power(dw, energies.exponent[e])
