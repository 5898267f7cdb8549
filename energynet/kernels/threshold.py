"""The threshold of the k largest |dw| of one layer or of both together.

Count |columns| in buckets of their float pattern; bisect the threshold on bucket edges, where
counting takes one look-up a row; keep the few columns that can reach the lower edge and sort them;
narrow the bracket by exact counts; hand what is left to the partial selection.

Compare: Frederickson & Johnson, SIAM J Comput 1984, on selection in sorted matrices.
"""

import numpy as np

from energynet.kernels._jit import inner
from energynet.kernels.factors import count_reaching, keep_columns, pattern_of, value_of
from energynet.kernels.native import kth_largest

BUCKETS = 1024  # 64 an octave; values more than 16 octaves below the largest share the last
GATHERED = 1024  # at most so many products go to the partial selection


@inner
def find_threshold(hidden, output, choice, g, a, k):
    """The k-th largest |dw|, or 0 where fewer than k are not 0. Layers without rows are left out.

    Leaves in each layer the sorted columns, in `above` how many columns of each row lie above the
    threshold, and in `least` how many lie at or above it.
    Returns (threshold, number above it).
    """
    low, high = _bracket(hidden, output, g, a, k)
    threshold = g[0] * 0
    while True:
        keep_columns(hidden, g, value_of(hidden, low))
        keep_columns(output, a, value_of(hidden, low))
        if _count_least(hidden, output, value_of(hidden, low)) >= k:
            threshold = _narrow(hidden, output, choice, low, high, k)
            break
        if low == 0:
            break
        low = max(low - (4 << _shift(hidden.col_bits)), 0)  # the estimate was off by rounding
    _count_least(hidden, output, threshold)
    following = value_of(hidden, pattern_of(hidden, threshold) + 1)
    return threshold, _count_above(hidden, output, following)


@inner
def _bracket(hidden, output, g, a, k):
    """Bit patterns low <= high: about k products reach low, fewer than k reach high."""
    largest_g = _fill_buckets(hidden, g)
    largest_a = _fill_buckets(output, a)
    top_g = pattern_of(hidden, largest_g) >> _shift(hidden.col_bits)
    top_a = pattern_of(hidden, largest_a) >> _shift(hidden.col_bits)
    largest = g[0] * 0
    if hidden.size[0] > 0:
        largest = max(largest, hidden.row_value[0] * largest_g)
    if output.size[0] > 0:
        largest = max(largest, output.row_value[0] * largest_a)
    shift = _shift(hidden.col_bits)
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
    # One step for a column's place in its bucket, one for the row's.
    low = (top - enough - 2) << shift if enough + 2 < min(top, BUCKETS) else 0
    high = (top - too_few) << shift if too_few >= 0 else pattern_of(hidden, largest) + 1
    return low, high


@inner
def _narrow(hidden, output, choice, low, high, k):
    """The k-th largest product, between the patterns low (reached by k or more) and high."""
    at_high = _count_above(hidden, output, value_of(hidden, high))
    while at_high >= k:  # the estimate was off by rounding
        low, high = high, high + (4 << _shift(hidden.col_bits))
        _count_least(hidden, output, value_of(hidden, low))
        at_high = _count_above(hidden, output, value_of(hidden, high))
    while _between(hidden) + _between(output) > GATHERED and high - low > 1:
        middle = low + (high - low) // 2
        value = value_of(hidden, middle)
        reaching = count_reaching(hidden, value, hidden.trial)
        reaching += count_reaching(output, value, output.trial)
        if reaching >= k:
            low = middle
            _keep_trial(hidden, hidden.least)
            _keep_trial(output, output.least)
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
def _fill_buckets(factors, values):
    """Count |values| by bucket, running from the largest down. Returns the largest."""
    largest = values[0] * 0
    if factors.size[0] == 0:
        return largest
    for j in range(values.shape[0]):
        size = abs(values[j])
        factors.spare_value[j] = size
        largest = max(largest, size)
    shift = _shift(factors.col_bits)
    top = pattern_of(factors, largest) >> shift
    at_most = factors.at_most
    for bucket in range(BUCKETS + 1):
        at_most[bucket] = 0
    for j in range(values.shape[0]):
        below = top - (np.int64(factors.spare_bits[j]) >> shift)
        at_most[min(below, BUCKETS - 1) + 1] += 1
    for bucket in range(BUCKETS):
        at_most[bucket + 1] += at_most[bucket]
    return largest


@inner
def _estimate(factors, threshold, top):
    """How many products reach the threshold at most, from the buckets alone."""
    rows = factors.size[0]
    shift = _shift(factors.col_bits)
    for r in range(rows):
        factors.spare_value[r] = threshold / factors.row_value[r]
    total = 0
    for r in range(rows):
        below = top - (np.int64(factors.spare_bits[r]) >> shift)
        total += factors.row_weight[r] * factors.at_most[min(max(below, -1), BUCKETS - 1) + 1]
    return total


@inner
def _shift(bits):
    """Pattern bits below a bucket: sign, exponent and six bits of the fraction stay."""
    return 17 if bits.itemsize == 4 else 46


@inner
def _count_least(hidden, output, value):
    count = count_reaching(hidden, value, hidden.least)
    return count + count_reaching(output, value, output.least)


@inner
def _count_above(hidden, output, value):
    count = count_reaching(hidden, value, hidden.above)
    return count + count_reaching(output, value, output.above)


@inner
def _between(factors):
    """Products between the two prefixes, weights apart."""
    total = 0
    for r in range(factors.size[0]):
        total += factors.least[r] - factors.above[r]
    return total


@inner
def _keep_trial(factors, prefix):
    for r in range(factors.size[0]):
        prefix[r] = factors.trial[r]


@inner
def _gather(factors, choice, count):
    """Append the products between the two prefixes to choice.gathered; returns the new count."""
    for r in range(factors.size[0]):
        for p in range(factors.above[r], factors.least[r]):
            choice.gathered[count] = factors.row_value[r] * factors.col_value[p]
            choice.weight[count] = factors.row_weight[r]
            count += 1
    return count
