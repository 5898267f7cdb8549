"""The update of `largest-per-neuron`.

dw = x_i g_j, so every hidden neuron ranks its inputs by |x_i| alone, and every output neuron its
inputs by |a_j|: one choice serves a whole layer.
"""

import numpy as np
from numba import prange

from energynet.kernels.jit import inner, shared
from energynet.kernels.native import change_rows, kth_largest, masked_add
from energynet.kernels.ranking.ranked_layer import list_inputs
from energynet.kernels.ranking.ties import count_tied, resolve_hidden, set_prefixes, sort_ties
from energynet.kernels.rules.tally import count_activities, count_inputs
from energynet.kernels.rules.units import account_readout, update_readout
from energynet.kernels.state import BACKGROUND, ROWS
from energynet.kernels.sums import count_nonzero, power, sum_power, units_of

GROUP = 16  # units whose maximum decides whether they are looked at one by one


@inner
def update_per_neuron(team, weights, images, constants, buffers, ranking, energies, step, count):
    """The k_hidden largest |dw| onto each hidden neuron change, k_output onto each output neuron,
    or, with a readout, all of them."""
    hidden, output, choice = ranking.hidden, ranking.output, ranking.choice
    list_inputs(hidden, choice, images, buffers, count)
    pixels, background_chosen = _choose_inputs(constants, step, buffers, hidden, choice, count)
    chosen = 0
    if constants.readout == 0:
        chosen = _choose_activities(constants, step, buffers, output, choice)
    changed, sum_x = _list_changes(images, buffers, choice, count, pixels, background_chosen)
    _apply(
        *(team, weights, images, constants, buffers, choice),
        *(changed, sum_x, background_chosen, chosen),
    )
    _account_hidden(images, constants, buffers, choice, energies, count, pixels, background_chosen)
    if constants.readout > 0:
        account_readout(constants, buffers, energies)
    else:
        _account_output(buffers, choice, energies, chosen)


@inner
def _choose_inputs(constants, step, buffers, ranked, choice, count):
    """The k_hidden largest |x|, as prefixes of a single column: 1 is chosen, 0 is not.

    Returns (number of background pixels in choice.pixel, chosen one by one; whether all are).
    """
    needed = constants.k_hidden
    threshold = buffers.x.dtype.type(0)
    reached = 0
    for r in range(ranked.extent[ROWS]):
        reached += ranked.row_weight[r]
        if reached >= needed:
            threshold = ranked.row_value[r]
            break
    for r in range(ranked.extent[ROWS]):
        ranked.above[r] = ranked.row_value[r] > threshold
        ranked.at_least[r] = ranked.row_value[r] >= threshold
        needed -= ranked.row_weight[r] * ranked.above[r]
    background = ranked.extent[BACKGROUND]
    if needed < count_tied(ranked):
        set_prefixes(choice, count, ranked.above)
        background_chosen = background >= 0 and ranked.above[background] == 1
        if needed == 0:
            return np.int64(0), background_chosen
        pixels, _, _ = resolve_hidden(constants, step, buffers, count, ranked, choice, needed)
        return pixels, background_chosen
    set_prefixes(choice, count, ranked.at_least)
    return np.int64(0), background >= 0 and ranked.at_least[background] == 1


@inner
def _choose_activities(constants, step, buffers, ranked, choice):
    """The k_output largest |a| into choice.unit; returns their number (zeros are left out)."""
    a = buffers.a
    candidates = _list_candidates(constants, a, ranked, choice)
    for m in range(candidates):
        ranked.spare_value[m] = abs(a[ranked.col_index[m]])
    threshold = kth_largest(ranked.spare_value[:candidates], choice.weight[:0], constants.k_output)
    chosen, equal = 0, 0
    for m in range(candidates):
        j = ranked.col_index[m]
        if abs(a[j]) > threshold:
            choice.unit[chosen] = j
            chosen += 1
        elif abs(a[j]) == threshold and threshold > 0:
            ranked.spare_index[equal] = j
            equal += 1
    needed = min(constants.k_output - chosen, equal)
    if needed < equal:
        sort_ties(constants, step, ranked, choice, ranked.spare_index, equal)
    for m in range(needed):
        choice.unit[chosen + m] = ranked.spare_index[m]
    return chosen + needed


@inner
def _list_candidates(constants, a, ranked, choice):
    """Hidden units that can be among the k_output largest |a|, the bias unit last, into
    ranked.col_index; returns their number.

    Where there are more groups of units than that, the k-th largest of the groups' maxima is a
    bound: k units reach it, so that what lies below is not among the k largest.
    """
    candidates, groups = 0, (constants.units + GROUP - 1) // GROUP
    bound = a.dtype.type(0)
    maxima, spare = ranked.col_value[:groups], ranked.spare_value[:groups]
    if groups > constants.k_output:
        for group in range(groups):
            part = a[group * GROUP : min((group + 1) * GROUP, constants.units)]
            largest = bound
            for j in range(part.shape[0]):
                largest = max(largest, abs(part[j]))
            maxima[group] = spare[group] = largest
        bound = kth_largest(spare, choice.weight[:0], constants.k_output)
    for group in range(groups):
        if bound == 0 or maxima[group] >= bound:
            for j in range(group * GROUP, min((group + 1) * GROUP, constants.units)):
                ranked.col_index[candidates] = j
                candidates += abs(a[j]) >= bound
    ranked.col_index[candidates] = a.shape[0] - 1
    return candidates + 1


@inner
def _list_changes(images, buffers, choice, count, pixels, background_chosen):
    """The rows of u that change into choice.changed, and their factors of g into choice.factor.

    Where the background is chosen as a whole, v takes it for all pixels, and the stroke rows that
    are not chosen take it back.
    Returns (their number, the sum of x over the chosen pixels).
    """
    c, n = images.background, 0
    others = buffers.row.shape[0] - count if background_chosen else pixels
    sum_x = others * np.float64(c)
    for k in range(count):
        pixel, chosen = k < count - 1, choice.prefix[k] == 1
        if chosen and pixel:
            sum_x += buffers.x[k]
        choice.changed[n] = buffers.row[k]
        if chosen:
            choice.factor[n] = buffers.s[k] if background_chosen else buffers.x[k]
        else:
            choice.factor[n] = -c
        n += chosen or (background_chosen and pixel)
    for m in range(pixels):
        choice.changed[n], choice.factor[n] = choice.pixel[m], c
        n += 1
    return n, sum_x


@shared
def _apply(
    team, weights, images, constants, buffers, choice, changed, sum_x, background_chosen, chosen
):
    """Apply the first `changed` of choice.changed, and the first `chosen` of choice.unit."""
    for part in prange(team.parts):
        _apply_part(
            *(part, team.parts, weights, images, constants, buffers, choice),
            *(changed, sum_x, background_chosen, chosen),
        )


@inner
def _apply_part(
    part,
    parts,
    weights,
    images,
    constants,
    buffers,
    choice,
    changed,
    sum_x,
    background_chosen,
    chosen,
):
    c = images.background
    start, stop = units_of(part, parts, buffers.g.shape[0], constants.units)
    g, rows = buffers.g[start:stop], weights.u[:, start:stop]
    row, factor = choice.changed[:changed], choice.factor[:changed]
    change_rows(rows, row, factor, g, constants.vector_bytes)
    v, r = weights.v[start:stop], weights.r[start:stop]
    for j in range(g.shape[0]):
        r[j] += sum_x * g[j]
    if background_chosen:
        for j in range(g.shape[0]):
            v[j] += c * g[j]
    if constants.readout > 0:
        update_readout(part, parts, weights, constants, buffers)
    else:
        for o in range(part, weights.w_out.shape[0], parts):
            masked_add(weights.w_out[o], choice.unit[:chosen], buffers.a, buffers.q[o])


@inner
def _account_hidden(images, constants, buffers, choice, energies, count, pixels, background_chosen):
    """Add the energies of the hidden layer's chosen rows."""
    g = buffers.g[: constants.units]
    others = buffers.row.shape[0] - count if background_chosen else pixels
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
    count_inputs(energies.tally, buffers, choice, constants.units, count, pixels, background_chosen)


@inner
def _account_output(buffers, choice, energies, chosen):
    """Add the energies of the output layer's chosen columns."""
    energies.m0[1] += chosen * count_nonzero(buffers.q)
    for e in range(energies.exponent.shape[0]):
        p = energies.exponent[e]
        total = 0.0
        for m in range(chosen):
            total += power(buffers.a[choice.unit[m]], p)
        energies.power[e, 1] += total * sum_power(buffers.q, p, buffers.wide[0])
    count_activities(energies.tally, buffers, choice, chosen)
