"""Sums over hidden units whose order of additions never changes.

Units are summed in blocks of BLOCK, the blocks added in order. Inside a block LANES running sums
take every LANES-th unit and are then folded in halves: this vectorises without reassociation.
"""

import numpy as np

from energynet.kernels.jit import inner

BLOCK = 1024
LANES = 128


@inner
def blocks_of(part, parts, units):
    """The blocks of a part, as first and stop, where `units` activities are shared out."""
    blocks = (units + BLOCK - 1) // BLOCK
    return blocks * part // parts, blocks * (part + 1) // parts


@inner
def units_of(part, parts, nh, units):
    """The hidden units of a part, as far as they are among the first `units`."""
    first, last = blocks_of(part, parts, nh + 1)
    return min(first * BLOCK, units), min(last * BLOCK, units)


@inner
def rows_of(part, parts, count):
    """The rows of a part, as first and stop, where `count` rows are shared out."""
    return count * part // parts, count * (part + 1) // parts


@inner
def sum_abs(x, wide):
    """Sum of |x| in float64; x : real (n,); wide : float64 (LANES,), scratch."""
    total = 0.0
    for start in range(0, x.shape[0], BLOCK):
        stop = min(start + BLOCK, x.shape[0])
        total += _sum_abs_block(x[start:stop], wide)
    return total


@inner
def sum_power(x, exponent, wide):
    """Sum of |x|^exponent in float64, over the x that are not 0."""
    if exponent == 1.0:
        return sum_abs(x, wide)
    total = 0.0
    for i in range(x.shape[0]):
        total += power(x[i], exponent)
    return total


@inner
def power(value, exponent):
    """|value|^exponent in float64; 0 for 0."""
    size = np.float64(abs(value))
    if exponent == 1.0 or size == 0.0:
        return size
    return size**exponent


@inner
def power_or_count(value, exponent):
    """|value|^exponent, but 1 for exponent 0 and a value that is not 0."""
    if exponent == 0.0:
        return 1.0 if value != 0 else 0.0
    return power(value, exponent)


@inner
def count_nonzero(x):
    """Number of x that are not 0."""
    count = 0
    for i in range(x.shape[0]):
        count += x[i] != 0
    return count


@inner
def dot_block(x, w, lanes):
    """Sum of x w over one block; x, w : real (n,), n <= BLOCK; lanes : real (LANES,), scratch."""
    n = x.shape[0]
    first = min(n, LANES)
    for lane in range(first):
        lanes[lane] = x[lane] * w[lane]
    for lane in range(first, LANES):
        lanes[lane] = 0
    start = LANES
    while start + 4 * LANES <= n:
        x0, w0 = x[start : start + LANES], w[start : start + LANES]
        x1, w1 = x[start + LANES : start + 2 * LANES], w[start + LANES : start + 2 * LANES]
        x2, w2 = x[start + 2 * LANES : start + 3 * LANES], w[start + 2 * LANES : start + 3 * LANES]
        x3, w3 = x[start + 3 * LANES : start + 4 * LANES], w[start + 3 * LANES : start + 4 * LANES]
        for lane in range(LANES):
            lanes[lane] = (
                ((lanes[lane] + x0[lane] * w0[lane]) + x1[lane] * w1[lane]) + x2[lane] * w2[lane]
            ) + x3[lane] * w3[lane]
        start += 4 * LANES
    while start < n:
        x0, w0 = x[start : min(start + LANES, n)], w[start : min(start + LANES, n)]
        for lane in range(x0.shape[0]):
            lanes[lane] += x0[lane] * w0[lane]
        start += LANES
    return fold_lanes(lanes)


@inner
def _sum_abs_block(x, wide):
    n = x.shape[0]
    first = min(n, LANES)
    for lane in range(first):
        wide[lane] = abs(x[lane])
    for lane in range(first, LANES):
        wide[lane] = 0
    for start in range(LANES, n, LANES):
        part = x[start : min(start + LANES, n)]
        for lane in range(part.shape[0]):
            wide[lane] += abs(part[lane])
    return fold_lanes(wide)


@inner
def fold_lanes(lanes):
    """Sum of LANES running sums, by halves; they are used up."""
    half = LANES // 2
    while half >= 4:
        for lane in range(half):
            lanes[lane] += lanes[lane + half]
        half //= 2
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
