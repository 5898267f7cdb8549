"""The threshold of the k largest |dw| of one layer or of both together.

Count |columns| in buckets of their float pattern; bisect the threshold on bucket edges, where
counting takes one look-up a row; keep the few columns that can reach the lower edge and sort them;
narrow the bracket by exact counts; hand what is left to the partial selection.

Compare: Frederickson & Johnson, SIAM J Comput 1984, on selection in sorted matrices.
"""

import numpy as np
from numba import prange

from energynet.kernels.jit import inner, shared
from energynet.kernels.native import kth_largest
from energynet.kernels.passes import backward_part
from energynet.kernels.ranking.ranked_layer import (
    BUCKETS,
    count_reaching,
    keep_columns,
    pattern_of,
    shift_of,
    split_at,
    unsigned_mask,
    value_of,
)
from energynet.kernels.state import ROWS
from energynet.kernels.sums import units_of

GATHERED = 1024  # at most so many products go to the partial selection


@shared
def backward_counted(team, weights, constants, buffers, hidden, output):
    """The backward pass, and |g| and |a| of the first `units` units counted by bucket."""
    for part in prange(team.parts):
        _backward_counted(part, team.parts, weights, constants, buffers, hidden, output)


@inner
def _backward_counted(part, parts, weights, constants, buffers, hidden, output):
    backward_part(part, parts, weights, constants, buffers)
    start, stop = units_of(part, parts, buffers.g.shape[0], constants.units)
    _fill_buckets(hidden, part, buffers.g_bits[start:stop])
    _fill_buckets(output, part, buffers.a_bits[start:stop])


@inner
def _fill_buckets(ranked, part, bits):
    """Count patterns, ignoring their signs, by bucket below that of the part's largest."""
    kind, unsigned = bits.dtype.type, unsigned_mask(bits)
    shift, last = kind(shift_of(bits)), kind(BUCKETS - 1)
    counts = ranked.counts[part]
    for bucket in range(BUCKETS):
        counts[bucket] = 0
    largest = kind(0)
    for j in range(bits.shape[0]):
        largest = max(largest, kind(bits[j] & unsigned))
    top = kind(largest >> shift)
    ranked.top[part] = top
    for j in range(bits.shape[0]):
        below = kind(top - kind((bits[j] & unsigned) >> shift))
        counts[min(below, last)] += 1


@inner
def _merge_buckets(ranked, parts, bias):
    """Running counts over all parts, from the largest down, and with `bias` one column of value 1.

    Returns the top: the pattern bits of the largest bucket.
    """
    at_most, shift = ranked.at_most, shift_of(ranked.col_bits)
    one = pattern_of(ranked, 1.0) >> shift
    top = one if bias else np.int64(0)
    for part in range(parts):
        top = max(top, ranked.top[part])
    count = at_most[1:]
    for bucket in range(BUCKETS):
        count[bucket] = 0
    if bias:
        count[min(top - one, BUCKETS - 1)] = 1
    for part in range(parts):
        _add_lower(count, ranked.counts[part], min(top - ranked.top[part], BUCKETS))
    running = 0
    for bucket in range(BUCKETS):
        running += count[bucket]
        count[bucket] = running
    return top


@inner
def _add_lower(total, count, lower):
    """Add counts whose buckets lie `lower` below the total's; the last bucket is open."""
    whole = BUCKETS - lower
    target = total[lower:]
    for bucket in range(whole):
        target[bucket] += count[bucket]
    for bucket in range(whole, BUCKETS):
        total[BUCKETS - 1] += count[bucket]


@inner
def find_threshold(team, constants, buffers, hidden, output, choice, k):
    """The k-th largest |dw|, or 0 where fewer than k are not 0. Layers without rows are left out.

    `backward_counted` comes before. Leaves in each layer the sorted columns, in `above` how many
    columns of each row lie above the threshold, and in `at_least` how many lie at or above it.
    Returns (threshold, number above it).
    """
    top_g = _merge_buckets(hidden, team.parts, False)
    top_a = _merge_buckets(output, team.parts, True)
    low, high = _bracket(hidden, output, top_g, top_a, k)
    threshold = buffers.g.dtype.type(0)
    while True:
        value = value_of(hidden, low)
        keep_columns(hidden, buffers.g_bits, constants.units, False, value)
        keep_columns(output, buffers.a_bits, constants.units, True, value)
        if _count_least(hidden, output, value) >= k:
            threshold = _narrow(hidden, output, choice, low, high, k)
            break
        if low == 0:
            break
        low = max(low - (4 << shift_of(hidden.col_bits)), 0)  # the estimate was off by rounding
    return threshold, split_at(hidden, threshold) + split_at(output, threshold)


@inner
def _bracket(hidden, output, top_g, top_a, k):
    """Bit patterns low <= high: about k products reach low, fewer than k reach high."""
    shift = shift_of(hidden.col_bits)
    # The top bucket's upper edge times the largest row bounds all products.
    largest = hidden.row_value.dtype.type(0)
    if hidden.extent[ROWS] > 0:
        largest = hidden.row_value[0] * value_of(hidden, (top_g + 1) << shift)
    if output.extent[ROWS] > 0:
        bound = output.row_value[0] * value_of(hidden, (top_a + 1) << shift)
        largest = max(largest, bound)
    top = pattern_of(hidden, largest) >> shift
    # The smallest number of steps down from the top whose estimate reaches k.
    too_few, enough = -1, min(top, BUCKETS)
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        edge = value_of(hidden, (top - middle) << shift)
        if _estimate(hidden, edge, top_g) + _estimate(output, edge, top_a) >= k:
            enough = middle
        else:
            too_few = middle
    # The estimate also counts columns in the bucket of the quotient, but below it: by less than the
    # bucket's width, at most 1/32 of its value. A step down lowers the edge by at least 1/64 of it.
    # So two steps lower, all that were counted reach the edge.
    low = (top - enough - 2) << shift if enough + 2 < min(top, BUCKETS) else 0
    high = (top - too_few) << shift if too_few >= 0 else (top + 1) << shift
    return low, high


@inner
def _estimate(ranked, threshold, top):
    """How many products reach the threshold at most, from the buckets alone."""
    rows = ranked.extent[ROWS]
    shift = shift_of(ranked.col_bits)
    for r in range(rows):
        ranked.spare_value[r] = threshold / ranked.row_value[r]
    total = 0
    for r in range(rows):
        below = top - (np.int64(ranked.spare_bits[r]) >> shift)
        total += ranked.row_weight[r] * ranked.at_most[min(max(below, -1), BUCKETS - 1) + 1]
    return total


@inner
def _narrow(hidden, output, choice, low, high, k):
    """The k-th largest product, between the patterns low (reached by k or more) and high.

    Here `above` holds how many columns reach the high edge, not how many exceed a threshold: what
    lies between the edges is between `above` and `at_least`. `split_at` sets both anew.
    """
    at_high = _count_above(hidden, output, value_of(hidden, high))
    while at_high >= k:  # the estimate was off by rounding
        low, high = high, high + (4 << shift_of(hidden.col_bits))
        _count_least(hidden, output, value_of(hidden, low))
        at_high = _count_above(hidden, output, value_of(hidden, high))
    while _between(hidden) + _between(output) > GATHERED and high - low > 1:
        middle = low + (high - low) // 2
        value = value_of(hidden, middle)
        reaching = count_reaching(hidden, value, hidden.trial)
        reaching += count_reaching(output, value, output.trial)
        if reaching >= k:
            low = middle
            _keep_trial(hidden, hidden.at_least)
            _keep_trial(output, output.at_least)
        else:
            high, at_high = middle, reaching
            _keep_trial(hidden, hidden.above)
            _keep_trial(output, output.above)
    if high - low <= 1:
        return value_of(hidden, low)
    count = _gather(hidden, choice, 0)
    count = _gather(output, choice, count)
    return kth_largest(choice.gathered[:count], choice.weight[:count], k - at_high)


@inner
def _count_least(hidden, output, value):
    count = count_reaching(hidden, value, hidden.at_least)
    return count + count_reaching(output, value, output.at_least)


@inner
def _count_above(hidden, output, value):
    count = count_reaching(hidden, value, hidden.above)
    return count + count_reaching(output, value, output.above)


@inner
def _between(ranked):
    """Products between the two prefixes, ignoring the rows' weights."""
    total = 0
    for r in range(ranked.extent[ROWS]):
        total += ranked.at_least[r] - ranked.above[r]
    return total


@inner
def _keep_trial(ranked, prefix):
    for r in range(ranked.extent[ROWS]):
        prefix[r] = ranked.trial[r]


@inner
def _gather(ranked, choice, count):
    """Append the products between the two prefixes to choice.gathered; returns the new count."""
    for r in range(ranked.extent[ROWS]):
        for p in range(ranked.above[r], ranked.at_least[r]):
            choice.gathered[count] = ranked.row_value[r] * ranked.col_value[p]
            choice.weight[count] = ranked.row_weight[r]
            count += 1
    return count
