"""The updates of `largest` and `largest-per-layer`: only chosen entries are touched."""

import numpy as np
from numba import prange

from energynet.kernels.jit import inner, shared
from energynet.kernels.native import change_prefixes, scatter_add
from energynet.kernels.ranking.ranked_layer import leave_out, list_inputs, list_outputs
from energynet.kernels.ranking.threshold import find_threshold
from energynet.kernels.ranking.ties import (
    choose_tied_outputs,
    count_tied,
    list_tied_columns,
    resolve_hidden,
    set_prefixes,
)
from energynet.kernels.rules.tally import (
    BACK,
    ONE,
    count_background,
    count_output,
    count_singles,
    count_streamed,
    count_synapse,
    scatter,
)
from energynet.kernels.state import BACKGROUND, DENSE_ROW, ROWS
from energynet.kernels.sums import power, rows_of


@inner
def update_largest(team, weights, images, constants, buffers, ranking, energies, step, count):
    """The k_hidden largest |dw| of the network change; or, where k_output is not 0, the k_hidden
    largest of the hidden layer and the k_output largest of the output layer."""
    hidden, output, choice = ranking.hidden, ranking.output, ranking.choice
    per_layer, background_columns, tally = constants.k_output > 0, 0, energies.tally
    # One pass if the layers are ranked together: its layer 0 means both. Else pass 0 chooses in the
    # hidden layer and pass 1 in the output layer; the layer that a pass leaves out has no rows in
    # it. Leaving out resets nothing but the extent: prefixes and columns of the hidden layer are
    # still those of pass 0 when the rows are changed, after both.
    for layer in range(2 if per_layer else 1):
        threshold, needed = find_largest(team, images, constants, buffers, ranking, layer, count)
        ties_hidden = min(needed, count_tied(hidden))
        ties_output = min(needed - ties_hidden, count_tied(output))
        if hidden.extent[ROWS] > 0:
            _account(energies, 0, hidden, choice, threshold, ties_hidden)
            background_columns = _choose_hidden(
                weights, tally, images, constants, buffers, hidden, choice, step, count, ties_hidden
            )
        if output.extent[ROWS] > 0:
            _account(energies, 1, output, choice, threshold, ties_output)
            _choose_output(weights, tally, constants, buffers, output, choice, step, ties_output)
    _apply_rows(
        *(team, weights, tally, images, constants, buffers),
        *(hidden, output, choice, count, background_columns),
    )
    count_background(tally, hidden.col_index[:background_columns])
    _apply_sums(weights, images, buffers, hidden, choice, count, background_columns)


@inner
def find_largest(team, images, constants, buffers, ranking, layer, count):
    """Rank layer 0 or 1, or with layer 0 the whole network, and find the k-th largest |dw|.

    Returns (that, how many of the entries that equal it change).
    """
    hidden, output, choice = ranking.hidden, ranking.output, ranking.choice
    leave_out(hidden)
    leave_out(output)
    if layer == 0:
        list_inputs(hidden, choice, images, buffers, count)
    if layer == 1 or constants.k_output == 0:
        list_outputs(output, buffers.q)
    k = constants.k_output if layer == 1 else constants.k_hidden
    threshold, chosen = find_threshold(team, constants, buffers, hidden, output, choice, k)
    return threshold, k - chosen if threshold > 0 else 0  # a dw of 0 is not applied


@inner
def _account(energies, layer, ranked, choice, threshold, ties):
    """Add the energies of the entries above the threshold, and of some at it."""
    rows, chosen = ranked.extent[ROWS], ties
    for r in range(rows):
        chosen += ranked.row_weight[r] * ranked.above[r]
    energies.m0[layer] += chosen
    for e in range(energies.exponent.shape[0]):
        p = energies.exponent[e]
        total = ties * power(threshold, p)
        if p == 1.0:  # the constant spares the loops tests of the exponent and calls of pow
            total = _add_above(ranked, choice, 1.0, total)
        else:
            total = _add_above(ranked, choice, p, total)
        energies.power[e, layer] += total


@inner
def _add_above(ranked, choice, exponent, total):
    """total + sum of |dw|^exponent over the entries above the threshold, row after row."""
    choice.power_sum[0] = 0
    running = 0.0
    for c in range(ranked.above[0]):  # the longest prefix
        running += power(ranked.col_value[c], exponent)
        choice.power_sum[c + 1] = running
    for r in range(ranked.extent[ROWS]):
        value = ranked.row_weight[r] * power(ranked.row_value[r], exponent)
        total += value * choice.power_sum[ranked.above[r]]
    return total


@inner
def _choose_hidden(weights, tally, images, constants, buffers, ranked, choice, step, count, ties):
    """Into choice.prefix: how many columns of each stroke row change, those above the threshold
    and `ties` of those at it; what makes no prefix is applied at once.

    Returns how many columns change at all background pixels.
    """
    prefix = ranked.above
    if ties == count_tied(ranked):
        prefix = ranked.at_least
    set_prefixes(choice, count, prefix)
    if 0 < ties < count_tied(ranked):
        pixels, pre, cut = resolve_hidden(constants, step, buffers, count, ranked, choice, ties)
        _apply_singles(weights, images, buffers, ranked, choice, pixels, pre, cut)
        count_singles(tally, ranked, choice, pixels, pre, cut)
    for p in range(ranked.at_least[0]):
        choice.signed[p] = buffers.g[ranked.col_index[p]]
    background = ranked.extent[BACKGROUND]
    return prefix[background] if background >= 0 else 0


@inner
def _apply_singles(weights, images, buffers, ranked, choice, pixels, pre, cut):
    """Apply the entries of the hidden layer that were chosen one by one, see `resolve_hidden`."""
    n_in = buffers.row.shape[0] - 1
    g, c = buffers.g, images.background
    if pixels > 0:
        start, stop = (
            ranked.above[ranked.extent[BACKGROUND]],
            ranked.at_least[ranked.extent[BACKGROUND]],
        )
        columns = ranked.col_index[start:stop]
        for p in range(columns.shape[0]):
            choice.signed[p] = g[columns[p]]
            weights.r[columns[p]] += pixels * (np.float64(c) * g[columns[p]])
        for m in range(pixels):
            scatter_add(weights.u[choice.pixel[m]], columns, choice.signed[: stop - start], c)
    if pre >= 0:
        k = choice.stroke_of[pre]
        x = buffers.x[k] if k >= 0 else c
        for m in range(cut):
            j = choice.unit[m]
            weights.u[pre, j] += x * g[j]
            if pre < n_in:
                weights.r[j] += np.float64(x) * g[j]


@shared
def _apply_rows(
    team,
    weights,
    tally,
    images,
    constants,
    buffers,
    hidden,
    output,
    choice,
    count,
    background_columns,
):
    """Apply the prefixes of the stroke rows and of the output units.

    If the background is chosen, in the first `background_columns`, v takes it for all pixels, and
    the stroke rows take it back.
    """
    for part in prange(team.parts):
        _apply_part(
            *(part, team.parts, weights, tally, images, constants, buffers),
            *(hidden, output, choice, count, background_columns),
        )


@inner
def _apply_part(
    part,
    parts,
    weights,
    tally,
    images,
    constants,
    buffers,
    hidden,
    output,
    choice,
    count,
    background_columns,
):
    _apply_hidden(
        *(part, parts, weights, tally, images, constants, buffers),
        *(hidden, choice, count, background_columns),
    )
    _apply_output(part, parts, weights, tally, constants, buffers, output, choice)


@inner
def _apply_hidden(
    part,
    parts,
    weights,
    tally,
    images,
    constants,
    buffers,
    ranked,
    choice,
    count,
    background_columns,
):
    c = images.background
    g, columns, signed = buffers.g[: constants.units], ranked.col_index, choice.signed
    first, last = rows_of(part, parts, count)
    streamed = first
    for k in range(first, last):
        i = buffers.row[k]
        row = weights.u[i]
        x, s, prefix = buffers.x[k], buffers.s[k], choice.prefix[k]
        back = background_columns if k < count - 1 else 0
        both = min(prefix, back)
        longer = max(prefix, back)
        rest, amount = (x, ONE) if prefix > back else (-c, BACK)
        if longer > DENSE_ROW * constants.units:
            _list_streamed(choice, streamed, i, ranked, both, longer, s, rest)
            streamed += 1
            count_streamed(tally, i, g, columns, ranked.col_value, both, longer, amount)
        else:
            if both > 0:
                scatter_add(row, columns[:both], signed[:both], s)
            if longer > both:
                others = columns[both:longer]
                scatter(row, tally, i, others, signed[both:longer], rest, amount)
    _stream(weights.u[:, : constants.units], choice, first, streamed, g, constants.vector_bytes)


@inner
def _apply_output(part, parts, weights, tally, constants, buffers, ranked, choice):
    units, nh = constants.units, buffers.g.shape[0]
    first, last = rows_of(part, parts, ranked.extent[ROWS])
    first, last = buffers.row.shape[0] + first, buffers.row.shape[0] + last
    streamed = first
    for place in range(first, last):
        r = place - buffers.row.shape[0]
        o, prefix = ranked.row_source[r], ranked.above[r]
        row, q = weights.w_out[o], buffers.q[o]
        if prefix > DENSE_ROW * units:
            _list_streamed(choice, streamed, o, ranked, 0, prefix, q, q)
            streamed += 1
            if buffers.a[nh] >= ranked.col_value[prefix - 1]:  # the bias unit's synapse
                row[nh] += q * buffers.a[nh]
        else:
            scatter_add(row, ranked.col_index[:prefix], choice.signed_a[:prefix], q)
        count_output(tally, o, ranked.col_index[:prefix])
    a = buffers.a[:units]
    _stream(weights.w_out[:, :units], choice, first, streamed, a, constants.vector_bytes)


@inner
def _list_streamed(choice, place, row, ranked, both, longer, factor, rest):
    """Note that `row` changes by a pass over it, with the outcome of two scatters: `factor` in the
    first `both` sorted columns, `rest` from there to the column `longer`.

    Sorted columns of equal size are never parted, so the smallest size in a prefix tells which
    columns belong to it. The pass adds +0 times their signal to the columns beyond, which a scatter
    leaves alone: a weight of -0 that was not chosen may become +0.
    """
    values = ranked.col_value
    choice.changed[place] = row
    choice.factor[place], choice.rest[place] = factor, rest
    choice.limit_inner[place] = values[both - 1] if both > 0 else values.dtype.type(np.inf)
    choice.limit_outer[place] = values[longer - 1]


@inner
def _stream(rows, choice, first, last, signal, vector_bytes):
    """Change the rows that were noted at first ... last - 1."""
    change_prefixes(
        rows,
        choice.changed[first:last],
        choice.limit_inner[first:last],
        choice.factor[first:last],
        choice.limit_outer[first:last],
        choice.rest[first:last],
        signal,
        vector_bytes,
    )


@inner
def _apply_sums(weights, images, buffers, ranked, choice, count, background_columns):
    """Bring v and the column sums r up to date with `_apply_rows`."""
    longest = ranked.at_least[0]
    c = images.background
    others = buffers.row.shape[0] - count
    for p in range(longest + 1):
        choice.column_sum[p] = 0
    choice.column_sum[background_columns] += others * np.float64(c)
    for k in range(count - 1):
        choice.column_sum[choice.prefix[k]] += buffers.x[k]
    sum_x = 0.0
    for p in range(longest - 1, -1, -1):
        j = ranked.col_index[p]
        sum_x += choice.column_sum[p + 1]  # of the inputs whose prefix ends here or further on
        weights.r[j] += sum_x * choice.signed[p]
        if p < background_columns:
            weights.v[j] += c * choice.signed[p]


@inner
def _choose_output(weights, tally, constants, buffers, ranked, choice, step, ties):
    """Into ranked.above: how many columns of each row change, those above the threshold and, if
    all of them do, those at it; some of those are applied at once."""
    if ties == count_tied(ranked):
        for r in range(ranked.extent[ROWS]):
            ranked.above[r] = ranked.at_least[r]
    elif ties > 0:
        _apply_tied_outputs(weights, tally, constants, buffers, ranked, choice, step, ties)
    for p in range(ranked.above[0]):
        choice.signed_a[p] = buffers.a[ranked.col_index[p]]


@inner
def _apply_tied_outputs(weights, tally, constants, buffers, ranked, choice, step, needed):
    """Apply `needed` of the output layer's entries at the threshold; there are more of them."""
    columns = list_tied_columns(constants, step, ranked, choice)
    for c in range(columns):
        p = choice.position[c]
        j = ranked.col_index[p]
        outputs = choose_tied_outputs(constants, step, ranked, choice, p, needed)
        for m in range(outputs):
            o = choice.member_row[m]
            weights.w_out[o, j] += buffers.q[o] * buffers.a[j]
            count_synapse(tally, 1, j, o, 1)
        needed -= outputs
        if needed == 0:
            break
