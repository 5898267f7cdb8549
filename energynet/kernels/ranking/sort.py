"""Sorting in place."""

import numpy as np

from energynet.kernels.jit import inner

LEAST_BUCKETS, MOST_BUCKETS = 512, 8192
_PATIENCE = 8  # moves a value that the last pass may take


@inner
def sort_descending(source, source_index, target, target_index, position, count):
    """Sort the first `count` of source (uint) and its index into target.

    Largest first; equal values keep their order; source is used up. One pass distributes the span
    of the values over buckets, and insertion ends it. If many values share a bucket, a radix sort
    over all their bits takes the place of insertion.

    position : int32, scratch; its size is a power of two from LEAST_BUCKETS to MOST_BUCKETS. Of it
    as many buckets are used as there are values, times two to four: at least 64, at most all.
    """
    if count == 0:
        return
    largest, smallest = source[0], source[0]
    for i in range(count):
        largest, smallest = max(largest, source[i]), min(smallest, source[i])
    buckets = position.shape[0]
    while buckets >= 4 * count and buckets > 64:
        buckets //= 2
    shift = 0
    while (largest - smallest) >> shift >= buckets:
        shift += 1
    _distribute(
        source, source_index, target, target_index, position[:buckets], count, largest, shift
    )
    if not _insert(target, target_index, count, _PATIENCE * count):
        digits = position[:256]
        for bit in range(0, 8 * source.itemsize, 16):
            _distribute(target, target_index, source, source_index, digits, count, largest, bit)
            _distribute(source, source_index, target, target_index, digits, count, largest, bit + 8)


@inner
def _distribute(source, source_index, target, target_index, position, count, largest, shift):
    """Into target by the bits of largest - value from `shift` on, smallest first; stable.

    As many bits as number the buckets, which are those of position, a power of two.
    """
    last = source.dtype.type(position.shape[0] - 1)
    for bucket in range(position.shape[0]):
        position[bucket] = 0
    for i in range(count):
        position[(largest - source[i]) >> shift & last] += 1
    place = np.int32(0)
    for bucket in range(position.shape[0]):
        here = position[bucket]
        position[bucket] = place
        place += here
    for i in range(count):
        bucket = (largest - source[i]) >> shift & last
        place = position[bucket]
        target[place] = source[i]
        target_index[place] = source_index[i]
        position[bucket] = place + 1


@inner
def _insert(bits, index, count, moves):
    """Insertion sort, largest first; gives up after so many moves and returns False."""
    for i in range(1, count):
        key, value = bits[i], index[i]
        j = i
        while j > 0 and bits[j - 1] < key:
            bits[j] = bits[j - 1]
            index[j] = index[j - 1]
            j -= 1
        bits[j] = key
        index[j] = value
        moves -= i - j
        if moves < 0:
            return False
    return True
