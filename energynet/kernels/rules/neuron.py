"""The update of `largest-per-neuron`.

dw = x_i g_j, so every hidden neuron ranks its inputs by |x_i| alone, and every output neuron its
inputs by |a_j|: one choice serves a whole layer.
"""

import numpy as np
from numba import prange

from energynet.kernels.jit import inner, shared
from energynet.kernels.native import kth_largest, masked_add
from energynet.kernels.ranking.factors import list_inputs
from energynet.kernels.ranking.ties import count_tied, resolve_hidden, set_prefixes, sort_ties
from energynet.kernels.rules.units import add_row
from energynet.kernels.state import BACKGROUND, ROWS
from energynet.kernels.sums import count_nonzero, power, sum_power, units_of

GROUP = 16  # units whose maximum decides whether they are looked at one by one


@inner
def update_per_neuron(team, network, images, plan, buffers, ranking, energies, step, count):
    """The k_hidden largest |dw| onto each hidden neuron change, k_output onto each output."""
    hidden, output, choice = ranking.hidden, ranking.output, ranking.choice
    list_inputs(hidden, choice, images, buffers, count)
    pixels, share = _choose_inputs(plan, step, buffers, hidden, choice, count)
    chosen = _choose_hidden(plan, step, buffers, output, choice)
    _apply(team, network, images, plan, buffers, choice, (count, pixels, share, chosen))
    _account_hidden(images, plan, buffers, choice, energies, (count, pixels, share))
    _account_output(buffers, choice, energies, chosen)


@inner
def _choose_inputs(plan, step, buffers, factors, choice, count):
    """The k_hidden largest |x|, as prefixes of a single column: 1 is chosen, 0 is not.

    Returns (number of background pixels in choice.pixel, chosen one by one; whether all are).
    """
    needed = plan.k_hidden
    threshold = buffers.x[0] * 0
    reached = 0
    for r in range(factors.extent[ROWS]):
        reached += factors.row_weight[r]
        if reached >= needed:
            threshold = factors.row_value[r]
            break
    for r in range(factors.extent[ROWS]):
        factors.above[r] = factors.row_value[r] > threshold
        factors.least[r] = factors.row_value[r] >= threshold
        needed -= factors.row_weight[r] * factors.above[r]
    background = factors.extent[BACKGROUND]
    if needed < count_tied(factors):
        set_prefixes(choice, count, factors.above)
        share = background >= 0 and factors.above[background] == 1
        if needed == 0:
            return np.int64(0), share
        return resolve_hidden(plan, step, buffers, count, factors, choice, needed)[0], share
    set_prefixes(choice, count, factors.least)
    return np.int64(0), background >= 0 and factors.least[background] == 1


@inner
def _choose_hidden(plan, step, buffers, factors, choice):
    """The k_output largest |a| into choice.column; returns their number (zeros are left out)."""
    a = buffers.a
    candidates = _list_candidates(plan, a, factors, choice)
    for m in range(candidates):
        factors.spare_value[m] = abs(a[factors.col_index[m]])
    threshold = kth_largest(factors.spare_value[:candidates], choice.weight[:0], plan.k_output)
    chosen, equal = 0, 0
    for m in range(candidates):
        j = factors.col_index[m]
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


@inner
def _list_candidates(plan, a, factors, choice):
    """Hidden units that can be among the k_output largest |a|, the bias unit last, into
    factors.col_index; returns their number.

    Where there are more groups of units than that, the k-th largest of the groups' maxima is a
    bound: k units reach it, so that what lies below is not among the k largest.
    """
    candidates, groups = 0, (plan.units + GROUP - 1) // GROUP
    bound = a[0] * 0
    maxima, spare = factors.col_value[:groups], factors.spare_value[:groups]
    if groups > plan.k_output:
        for group in range(groups):
            part = a[group * GROUP : min((group + 1) * GROUP, plan.units)]
            largest = bound
            for j in range(part.shape[0]):
                largest = max(largest, abs(part[j]))
            maxima[group] = spare[group] = largest
        bound = kth_largest(spare, choice.weight[:0], plan.k_output)
    for group in range(groups):
        if bound == 0 or maxima[group] >= bound:
            for j in range(group * GROUP, min((group + 1) * GROUP, plan.units)):
                factors.col_index[candidates] = j
                candidates += abs(a[j]) >= bound
    factors.col_index[candidates] = a.shape[0] - 1
    return candidates + 1


@shared
def _apply(team, network, images, plan, buffers, choice, numbers):
    """Apply the chosen rows and columns. Where the background is chosen as a whole, v takes it for
    all pixels, and the stroke rows take it back."""
    for part in prange(team.parts):
        _apply_part(part, team.parts, network, images, plan, buffers, choice, numbers)


@inner
def _apply_part(part, parts, network, images, plan, buffers, choice, numbers):
    count, pixels, share, chosen = numbers
    c = images.background
    others = buffers.row.shape[0] - count if share else pixels
    start, stop = units_of(part, parts, buffers.g.shape[0], plan.units)
    g = buffers.g[start:stop]
    sum_x = others * np.float64(c)
    for k in range(count):
        row, pixel = network.u[buffers.row[k], start:stop], k < count - 1
        if choice.prefix[k] == 1:
            sum_x += buffers.x[k] if pixel else 0
            add_row(row, g, buffers.s[k] if share else buffers.x[k])
        elif share and pixel:
            add_row(row, g, -c)
    for m in range(pixels):
        add_row(network.u[choice.pixel[m], start:stop], g, c)
    v, r = network.v[start:stop], network.r[start:stop]
    for j in range(g.shape[0]):
        r[j] += sum_x * g[j]
    if share:
        for j in range(g.shape[0]):
            v[j] += c * g[j]
    for o in range(part, network.w2.shape[0], parts):
        masked_add(network.w2[o], choice.column[:chosen], buffers.a, buffers.q[o])


@inner
def _account_hidden(images, plan, buffers, choice, energies, numbers):
    """Add the energies of the hidden layer's chosen rows."""
    count, pixels, share = numbers
    g = buffers.g[: plan.units]
    others = buffers.row.shape[0] - count if share else pixels
    inputs = others
    for k in range(count):
        inputs += choice.prefix[k]
    energies.m0[0] += inputs * count_nonzero(g)
    for e in range(energies.exponent.shape[0]):
        p = energies.exponent[e]
        total = others * power(images.background, p)
        for k in range(count):
            if choice.prefix[k] == 1:
                total += power(buffers.x[k], p)
        energies.power[e, 0] += total * sum_power(g, p, buffers.wide[0])


@inner
def _account_output(buffers, choice, energies, chosen):
    """Add the energies of the output layer's chosen columns."""
    energies.m0[1] += chosen * count_nonzero(buffers.q)
    for e in range(energies.exponent.shape[0]):
        p = energies.exponent[e]
        total = 0.0
        for m in range(chosen):
            total += power(buffers.a[choice.column[m]], p)
        energies.power[e, 1] += total * sum_power(buffers.q, p, buffers.wide[0])
