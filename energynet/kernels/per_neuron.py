"""The update of `largest-per-neuron`.

dw = x_i g_j, so every hidden neuron ranks its inputs by |x_i| alone, and every output neuron its
inputs by |a_j|: one choice serves a whole layer.
"""

import numpy as np

from energynet.kernels._jit import inner
from energynet.kernels.factors import list_inputs
from energynet.kernels.native import kth_largest, masked_add
from energynet.kernels.sums import count_nonzero, power, sum_power
from energynet.kernels.ties import count_tied, resolve_hidden, sort_ties, take_tied
from energynet.kernels.updates import add_row


@inner
def update_per_neuron(network, images, plan, buffers, ranking, energies, step, count):
    """The k_hidden largest |dw| onto each hidden neuron change, k_output onto each output."""
    hidden, output, choice = ranking.hidden, ranking.output, ranking.choice
    list_inputs(hidden, images, buffers, count)
    pixels = _choose_inputs(plan, step, buffers, hidden, choice)
    _apply_hidden(network, images, buffers, hidden, choice, energies, count, pixels)
    chosen = _choose_hidden(plan, step, buffers, output, choice)
    columns = choice.column[:chosen]
    for o in range(network.w2.shape[0]):
        masked_add(network.w2[o], columns, buffers.a, buffers.q[o])
    energies.m0[1] += chosen * count_nonzero(buffers.q)
    for e in range(energies.exponent.shape[0]):
        p = energies.exponent[e]
        total = 0.0
        for m in range(chosen):
            total += power(buffers.a[columns[m]], p)
        energies.power[e, 1] += total * sum_power(buffers.q, p, buffers.wide)


@inner
def _choose_inputs(plan, step, buffers, factors, choice):
    """The k_hidden largest |x|, as prefixes `above` of a single column: 1 is chosen, 0 is not.

    Returns the number of background pixels in choice.pixel, chosen one by one.
    """
    needed = plan.k_hidden
    threshold = factors.row_value[0] * 0
    reached = 0
    for r in range(factors.size[0]):
        reached += factors.row_weight[r]
        if reached >= needed:
            threshold = factors.row_value[r]
            break
    for r in range(factors.size[0]):
        factors.above[r] = factors.row_value[r] > threshold
        factors.least[r] = factors.row_value[r] >= threshold
        needed -= factors.row_weight[r] * factors.above[r]
    if 0 < needed < count_tied(factors):
        return resolve_hidden(plan, step, buffers, factors, choice, needed)[0]
    if needed > 0:
        take_tied(factors)
    return 0


@inner
def _apply_hidden(network, images, buffers, factors, choice, energies, count, pixels):
    """Apply the chosen rows. Where the background is chosen as a whole, v takes it for all pixels,
    and the stroke rows take it back."""
    g, c = buffers.g, images.background
    shared = False
    for k in range(count):
        choice.prefix[k] = 0
    for r in range(factors.size[0]):
        if factors.row_source[r] < 0:
            shared = factors.above[r] == 1
        else:
            choice.prefix[factors.row_source[r]] = factors.above[r]
    others = buffers.row.shape[0] - count if shared else pixels
    sum_x = others * np.float64(c)
    inputs = others
    for k in range(count):
        chosen, pixel = choice.prefix[k] == 1, k < count - 1
        if chosen:
            inputs += 1
            sum_x += buffers.x[k] if pixel else 0
            add_row(network.u[buffers.row[k]], g, buffers.s[k] if shared else buffers.x[k])
        elif shared and pixel:
            add_row(network.u[buffers.row[k]], g, -c)
    for m in range(pixels):
        add_row(network.u[choice.pixel[m]], g, c)
    for j in range(g.shape[0]):
        network.r[j] += sum_x * g[j]
        if shared:
            network.v[j] += c * g[j]
    energies.m0[0] += inputs * count_nonzero(g)
    for e in range(energies.exponent.shape[0]):
        p = energies.exponent[e]
        total = others * power(c, p)
        for k in range(count):
            if choice.prefix[k] == 1:
                total += power(buffers.x[k], p)
        energies.power[e, 0] += total * sum_power(g, p, buffers.wide)


@inner
def _choose_hidden(plan, step, buffers, factors, choice):
    """The k_output largest |a| into choice.column; returns their number (zeros are left out)."""
    a = buffers.a
    for j in range(a.shape[0]):
        factors.spare_value[j] = abs(a[j])
    threshold = kth_largest(factors.spare_value[: a.shape[0]], choice.weight[:0], plan.k_output)
    chosen, equal = 0, 0
    for j in range(a.shape[0]):
        if abs(a[j]) > threshold:
            choice.column[chosen] = j
            chosen += 1
        elif abs(a[j]) == threshold and threshold > 0:
            factors.spare_index[equal] = j
            equal += 1
    needed = min(plan.k_output - chosen, equal)
    if needed < equal:
        sort_ties(plan, step, factors.spare_index, choice.rank, equal)
    for m in range(needed):
        choice.column[chosen + m] = factors.spare_index[m]
    return chosen + needed
