"""The update of `random`: k of N synapses, drawn afresh in each step.

Synapse (i, j) of the hidden layer has number i nh + j, synapse (j, o) of the output layer number
N1 + o (nh + 1) + j. Numbers are drawn one after the other; one that was drawn before is drawn
again. For more than half of N those left out are drawn instead. With counts for each layer the
output layer is drawn after the hidden one, with the numbers of the stream that follow.

Some are drawn before any of them is applied: so the draws do not wait for the memory of synapses
that lie anywhere, and several synapses are fetched at a time.
"""

import numpy as np

from energynet.kernels.draws import bounded, mix
from energynet.kernels.jit import inner
from energynet.kernels.rules.single import is_marked, mark, spread_inputs
from energynet.kernels.rules.tally import count_synapse
from energynet.kernels.rules.units import account_readout, update_readout
from energynet.kernels.sums import power

LISTED = 512  # synapses that are drawn before they are applied


@inner
def update_random(weights, images, constants, buffers, drawn, energies, step):
    """k_hidden synapses of the network, drawn uniformly, change; or, if k_output is not 0,
    k_hidden of the hidden layer and k_output of the output layer.

    drawn : uint64 (ceil(N / 64),), all 0 before and after: a bit for each synapse.
    """
    spread_inputs(images, buffers)
    stream = mix(constants.mask_key, step)
    n1, n2 = weights.u.size, weights.w_out.size
    k1, k2 = constants.k_hidden, constants.k_output
    if k2 == 0:
        _change_drawn(weights, buffers, drawn, energies, stream, 0, n1 + n2, k1, 0)
    else:
        counter = _change_drawn(weights, buffers, drawn, energies, stream, 0, n1, k1, 0)
        if constants.readout > 0:
            update_readout(0, 1, weights, constants, buffers)
            account_readout(constants, buffers, energies)
        else:
            _change_drawn(weights, buffers, drawn, energies, stream, n1, n2, k2, counter)


@inner
def _change_drawn(weights, buffers, drawn, energies, stream, first, n, k, used):
    """Draw k of the n synapses from number `first` on, and change them.

    used : how many numbers of the stream were used before. Returns how many are used then.
    """
    leave_out = 2 * k > n
    wanted = n - k if leave_out else k
    counter, found, listed = used, 0, 0
    numbers = buffers.numbers
    while found < wanted:
        number = first + bounded(mix(stream, counter), n)
        counter += 1
        if not is_marked(drawn, number):
            mark(drawn, number)
            found += 1
            if not leave_out:
                numbers[listed] = number
                listed += 1
                if listed == LISTED:
                    _apply(weights, buffers, energies, numbers)
                    listed = 0
    if leave_out:
        for number in range(first, first + n):
            if not is_marked(drawn, number):
                numbers[listed] = number
                listed += 1
                if listed == LISTED:
                    _apply(weights, buffers, energies, numbers)
                    listed = 0
    _apply(weights, buffers, energies, numbers[:listed])
    if leave_out:
        for word in range(drawn.shape[0]):
            drawn[word] = 0
    else:
        for again in range(used, counter):
            drawn[(first + bounded(mix(stream, again), n)) // 64] = 0
    return counter


@inner
def _apply(weights, buffers, energies, numbers):
    """Change the synapses of these numbers, uint64 (n,), by their dw, and account for them."""
    _apply_hidden(weights, buffers, energies, numbers)
    _apply_output(weights, buffers, energies, numbers)


@inner
def _apply_hidden(weights, buffers, energies, numbers):
    u, r, x, g = weights.u, weights.r, buffers.x_all, buffers.g
    size, nh, bias = np.uint64(u.size), np.uint64(u.shape[1]), np.uint64(u.shape[0] - 1)
    changed, total = 0, energies.power[0, 0]
    for k in range(numbers.shape[0]):
        if numbers[k] < size:
            pre = numbers[k] // nh
            post = numbers[k] - pre * nh
            dw = x[pre] * g[post]
            u[pre, post] += dw
            if pre < bias:
                r[post] += np.float64(x[pre]) * g[post]
            changed += dw != 0
            count_synapse(energies.tally, 0, pre, post, dw != 0)
            total += power(dw, 1.0)
    energies.m0[0] += changed
    energies.power[0, 0] = total
    for e in range(1, energies.exponent.shape[0]):
        for k in range(numbers.shape[0]):
            if numbers[k] < size:
                pre = numbers[k] // nh
                dw = x[pre] * g[numbers[k] - pre * nh]
                energies.power[e, 0] += power(dw, energies.exponent[e])


@inner
def _apply_output(weights, buffers, energies, numbers):
    w_out, q, a = weights.w_out, buffers.q, buffers.a
    first, columns = np.uint64(weights.u.size), np.uint64(w_out.shape[1])
    for k in range(numbers.shape[0]):
        if numbers[k] >= first:
            post = (numbers[k] - first) // columns
            pre = numbers[k] - first - post * columns
            dw = q[post] * a[pre]
            w_out[post, pre] += dw
            energies.m0[1] += dw != 0
            count_synapse(energies.tally, 1, pre, post, dw != 0)
            for e in range(energies.exponent.shape[0]):
                energies.power[e, 1] += power(dw, energies.exponent[e])
