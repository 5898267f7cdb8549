"""The updates of `largest` and `largest-per-layer`: only chosen entries are touched."""

import numpy as np

from energynet.kernels._jit import inner
from energynet.kernels.factors import leave_out, list_inputs, list_outputs
from energynet.kernels.native import scatter_add
from energynet.kernels.sums import power
from energynet.kernels.threshold import find_threshold
from energynet.kernels.ties import count_tied, resolve_hidden, resolve_output, take_tied


@inner
def update_largest(network, images, plan, buffers, ranking, energies, step, count):
    """The k_hidden largest |dw| of the network change; or, where k_output is not 0, the k_hidden
    largest of the hidden layer and the k_output largest of the output layer."""
    hidden, output, choice = ranking.hidden, ranking.output, ranking.choice
    per_layer = plan.k_output > 0
    for layer in range(2 if per_layer else 1):
        leave_out(hidden)
        leave_out(output)
        if layer == 0:
            list_inputs(hidden, images, buffers, count)
        if layer == 1 or not per_layer:
            list_outputs(output, buffers.q)
        k = plan.k_output if layer == 1 else plan.k_hidden
        threshold, chosen = find_threshold(hidden, output, choice, buffers.g, buffers.a, k)
        needed = k - chosen if threshold > 0 else 0  # a dw of 0 is not applied
        tied = count_tied(hidden)
        if 0 < needed < tied:
            ties = resolve_hidden(plan, step, buffers, hidden, choice, needed)
            _apply_ties(network, images, buffers, hidden, choice, ties)
            start, stop = _background_ties(hidden)
            single = ties[0] * (stop - start) + ties[3]
            _account_ties(energies, 0, threshold, single)
            needed = 0
        elif needed > 0:
            take_tied(hidden)
            needed -= tied
        if 0 < needed < count_tied(output):
            pre, post = resolve_output(plan, step, output, needed)
            for m in range(needed):
                network.w2[post[m], pre[m]] += buffers.q[post[m]] * buffers.a[pre[m]]
            _account_ties(energies, 1, threshold, needed)
        elif needed > 0:
            take_tied(output)
        if hidden.size[0] > 0:
            _account(energies, 0, hidden, choice)
            _apply_hidden(network, images, buffers, hidden, choice, count)
        if output.size[0] > 0:
            _account(energies, 1, output, choice)
            _apply_output(network, buffers, output)


@inner
def _account(energies, layer, factors, choice):
    """Add the energies of the entries in the prefixes `above`."""
    rows = factors.size[0]
    for r in range(rows):
        energies.m0[layer] += factors.row_weight[r] * factors.above[r]
    for e in range(energies.exponent.shape[0]):
        p = energies.exponent[e]
        choice.power_sum[0] = 0
        for c in range(factors.above[0]):  # the longest prefix
            choice.power_sum[c + 1] = choice.power_sum[c] + power(factors.col_value[c], p)
        total = 0.0
        for r in range(rows):
            value = factors.row_weight[r] * power(factors.row_value[r], p)
            total += value * choice.power_sum[factors.above[r]]
        energies.power[e, layer] += total


@inner
def _account_ties(energies, layer, threshold, number):
    """Add the energies of `number` entries that were chosen one by one, all at the threshold."""
    energies.m0[layer] += number
    for e in range(energies.exponent.shape[0]):
        energies.power[e, layer] += number * power(threshold, energies.exponent[e])


@inner
def _background_ties(factors):
    """The tied columns of the background row, from above to least."""
    for r in range(factors.size[0]):
        if factors.row_source[r] < 0:
            return factors.above[r], factors.least[r]
    return np.int64(0), np.int64(0)


@inner
def _apply_ties(network, images, buffers, factors, choice, ties):
    """Apply the entries of the hidden layer that were chosen one by one."""
    pixels, pre, r, cut = ties
    n_in = buffers.row.shape[0] - 1
    g, c = buffers.g, images.background
    start, stop = _background_ties(factors)
    columns = factors.col_index[start:stop]
    values = factors.spare_value[: stop - start]
    for p in range(columns.shape[0]):
        values[p] = g[columns[p]]
        network.r[columns[p]] += pixels * (np.float64(c) * g[columns[p]])
    for m in range(pixels):
        scatter_add(network.u[choice.pixel[m]], columns, values, c)
    if pre >= 0:
        source = factors.row_source[r]
        x = c if source < 0 else buffers.x[source]
        for m in range(cut):
            j = choice.column[m]
            network.u[pre, j] += x * g[j]
            if pre < n_in:
                network.r[j] += np.float64(x) * g[j]


@inner
def _apply_hidden(network, images, buffers, factors, choice, count):
    """Apply the prefixes `above`. Where the background is chosen, v takes it for all pixels, and
    the stroke rows take it back."""
    c = images.background
    others = buffers.row.shape[0] - count
    longest = factors.above[0]
    shared = 0
    for k in range(count):
        choice.prefix[k] = 0
    for p in range(longest + 1):
        choice.column_sum[p] = 0
    for r in range(factors.size[0]):
        prefix = factors.above[r]
        source = factors.row_source[r]
        if source < 0:
            shared = prefix
            choice.column_sum[prefix] += others * np.float64(c)
        else:
            choice.prefix[source] = prefix
            if source < count - 1:
                choice.column_sum[prefix] += buffers.x[source]
    columns = factors.col_index[:longest]
    g = factors.spare_value[:longest]
    for p in range(longest):
        g[p] = buffers.g[columns[p]]
    for k in range(count):
        row = network.u[buffers.row[k]]
        x, prefix = buffers.x[k], choice.prefix[k]
        back = shared if k < count - 1 else 0
        both = min(prefix, back)
        scatter_add(row, columns[:both], g[:both], buffers.s[k])
        scatter_add(row, columns[both:prefix], g[both:prefix], x)
        scatter_add(row, columns[both:back], g[both:back], -c)
    sum_x = 0.0
    for p in range(longest - 1, -1, -1):
        j = columns[p]
        sum_x += choice.column_sum[p + 1]  # of the rows whose prefix ends here or further on
        network.r[j] += sum_x * g[p]
        if p < shared:
            network.v[j] += c * g[p]


@inner
def _apply_output(network, buffers, factors):
    """Apply the prefixes `above` of the output layer."""
    longest = factors.above[0]
    columns = factors.col_index[:longest]
    a = factors.spare_value[:longest]
    for p in range(longest):
        a[p] = buffers.a[columns[p]]
    for r in range(factors.size[0]):
        o, prefix = factors.row_source[r], factors.above[r]
        scatter_add(network.w2[o], columns[:prefix], a[:prefix], buffers.q[o])
