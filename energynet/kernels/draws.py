"""Counter-based random integers, each a pure function of (key, step, counter), and what is drawn
with them: images, ties, fixed masks.

The mix is the finalizer of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014); numbers are bounded by
multiply-shift. Integers alone, so the same on every machine.
"""

import numpy as np

from energynet.kernels.jit import inner, jit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_LOW = np.uint64(0xFFFFFFFF)


@inner
def mix(key, counter):
    """64 random bits for that key (uint64) and counter (int64 >= 0)."""
    z = key + _GOLDEN * (np.uint64(counter) + np.uint64(1))
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


@inner
def bounded(bits, n):
    """The integer floor(bits n / 2^64) in [0, n), for n (int64) up to 2^63."""
    n = np.uint64(n)
    low = (bits & _LOW) * (n & _LOW)
    middle = (bits >> np.uint64(32)) * (n & _LOW) + (low >> np.uint64(32))
    other = (bits & _LOW) * (n >> np.uint64(32)) + (middle & _LOW)
    high = (bits >> np.uint64(32)) * (n >> np.uint64(32))
    return np.int64(high + (middle >> np.uint64(32)) + (other >> np.uint64(32)))


@inner
def permute(order, key, epoch):
    """Fill `order`, int32 (n,), with the permutation of that epoch (Fisher-Yates)."""
    stream = mix(key, epoch)
    for i in range(order.shape[0]):
        order[i] = i
    for i in range(order.shape[0] - 1, 0, -1):
        j = bounded(mix(stream, i), i + 1)
        order[i], order[j] = order[j], order[i]


@inner
def image_of_step(constants, order, n, step):
    """Number of the training image of that step; refills `order` where an epoch begins."""
    if not constants.permutation:
        return bounded(mix(constants.order_key, step), n)
    epoch, position = step // n, step % n
    if position == 0:
        permute(order, constants.order_key, epoch)
    return np.int64(order[position])


@inner
def tie_rank(constants, step, i):
    """pi_t(i): a random key of pre- or postsynaptic index i; of equals the smallest comes first."""
    return mix(mix(constants.tie_key, step), i)


@jit
def draw_layer(key, first, columns, population, needed, start, column):
    """Draw one layer's part of a mask: `needed` of `population` synapses, without replacement.

    start : int64 (rows + 1,) and column : int32 (min(needed, rows x columns),) are filled: row i of
    the layer has the plastic columns column[start[i]:start[i + 1]], ascending.

    The layer's rows x columns synapses are the next of the population, counted from `first`; each
    in turn is taken with probability needed / population, both as they stand by then. (Selection
    sampling: Knuth, TAOCP 3.4.2, algorithm S.) Where population is rows x columns, exactly
    `needed` are taken.

    Returns how many were taken.
    """
    rows = start.shape[0] - 1
    taken = 0
    for i in range(rows):
        start[i] = taken
        for j in range(columns):
            done = i * columns + j
            if bounded(mix(key, first + done), population - done) < needed - taken:
                column[taken] = j
                taken += 1
    start[rows] = taken
    return taken
