"""The update of `random`: k of N synapses, drawn afresh in each step.

Synapse (i, j) of the hidden layer has number i nh + j, synapse (j, o) of the output layer number
N1 + o (nh + 1) + j. Numbers are drawn one after the other; one that was drawn before is drawn
again. For more than half of N those left out are drawn instead.
"""

from energynet.kernels._jit import inner
from energynet.kernels.draws import bounded, mix
from energynet.kernels.single import change_synapse, is_marked, mark, spread_inputs


@inner
def update_random(network, images, plan, buffers, drawn, energies, step):
    """k_hidden synapses of the network, drawn uniformly, change.

    drawn : uint64 (ceil(N / 64),), all 0 before and after: a bit for each synapse.
    """
    u, w2 = network.u, network.w2
    n = u.size + w2.size
    spread_inputs(images, buffers)
    leave_out = 2 * plan.k_hidden > n
    wanted = n - plan.k_hidden if leave_out else plan.k_hidden
    stream, counter, found = mix(plan.mask_key, step), 0, 0
    while found < wanted:
        number = bounded(mix(stream, counter), n)
        counter += 1
        if not is_marked(drawn, number):
            mark(drawn, number)
            found += 1
            if not leave_out:
                _apply(network, buffers, energies, number)
    if leave_out:
        for number in range(n):
            if not is_marked(drawn, number):
                _apply(network, buffers, energies, number)
        for word in range(drawn.shape[0]):
            drawn[word] = 0
    else:
        for again in range(counter):
            drawn[bounded(mix(stream, again), n) // 64] = 0


@inner
def _apply(network, buffers, energies, number):
    """Change the synapse of that number."""
    u = network.u
    nh = u.shape[1]
    if number < u.size:
        change_synapse(network, buffers, energies, 0, number // nh, number % nh)
    else:
        number -= u.size
        change_synapse(network, buffers, energies, 1, number % (nh + 1), number // (nh + 1))
