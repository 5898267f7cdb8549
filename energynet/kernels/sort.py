"""Sorting in place."""

import numpy as np

from energynet.kernels._jit import inner

_FEW = 32  # so many values are sorted by insertion
_PATIENCE = 8  # moves a value that the last pass may take


@inner
def sort_descending(bits, index, spare_bits, spare_index, position, count):
    """Sort the first `count` of bits (uint, patterns of reals >= 0) and index (int32), in place.

    Largest first; equal values keep their order. Two radix passes over the leading 16 bits of the
    span leave the values nearly sorted, and insertion ends it; where many values share those bits,
    all bits are passed over. The spare arrays are scratch of the same size, position int64 (257,).
    """
    if count > _FEW:
        largest, smallest = np.int64(bits[0]), np.int64(bits[0])
        for i in range(count):
            largest, smallest = max(largest, np.int64(bits[i])), min(smallest, np.int64(bits[i]))
        shift = 0
        while (largest - smallest) >> (shift + 16) > 0:
            shift += 1
        _pass(bits, index, spare_bits, spare_index, position, count, largest, shift)
        _pass(spare_bits, spare_index, bits, index, position, count, largest, shift + 8)
    finish_sort(bits, index, spare_bits, spare_index, position, count)


@inner
def finish_sort(bits, index, spare_bits, spare_index, position, count):
    """As `sort_descending`, for values that are nearly in order."""
    if not _insert(bits, index, count, _FEW * _FEW + _PATIENCE * count):
        largest = np.int64(0)
        for i in range(count):
            largest = max(largest, np.int64(bits[i]))
        for digit in range(0, bits.itemsize, 2):
            _pass(bits, index, spare_bits, spare_index, position, count, largest, 8 * digit)
            _pass(spare_bits, spare_index, bits, index, position, count, largest, 8 * digit + 8)


@inner
def _pass(source, source_index, target, target_index, position, count, largest, shift):
    """Distribute by the eight bits of largest - value from `shift` on, smallest first; stable."""
    for digit in range(position.shape[0]):
        position[digit] = 0
    for i in range(count):
        position[((largest - np.int64(source[i])) >> shift & 255) + 1] += 1
    for digit in range(255):
        position[digit + 1] += position[digit]
    for i in range(count):
        digit = (largest - np.int64(source[i])) >> shift & 255
        target[position[digit]] = source[i]
        target_index[position[digit]] = source_index[i]
        position[digit] += 1


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


@inner
def sort_by_rank(rank, index, start, stop):
    """Sort rank (uint64) and with it index (integers), from start to stop - 1, smallest first.

    Shell sort (gaps of Ciura, FUN 2001): lists of ties are short, and no input makes it slow.
    """
    gap = 701
    while gap > 0:
        for i in range(start + gap, stop):
            key, value = rank[i], index[i]
            j = i
            while j >= start + gap and rank[j - gap] > key:
                rank[j] = rank[j - gap]
                index[j] = index[j - gap]
                j -= gap
            rank[j] = key
            index[j] = value
        gap = _next_gap(gap)


@inner
def _next_gap(gap):
    for smaller in (301, 132, 57, 23, 10, 4, 1):
        if smaller < gap:
            return smaller
    return 0
