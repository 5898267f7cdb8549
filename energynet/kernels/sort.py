"""Sorting in place."""

import numpy as np

from energynet.kernels._jit import inner


@inner
def sort_descending(bits, index, spare_bits, spare_index, count):
    """Sort the first `count` of bits (uint, patterns of reals >= 0) and index (int32), in place.

    Largest first. Least-significant-digit radix sort with 8-bit digits: stable, so equal values
    keep their order. The spare arrays are scratch of the same size.
    """
    digits = np.empty(256, np.int64)
    swapped = False
    for digit in range(bits.itemsize):
        source, source_index = (spare_bits, spare_index) if swapped else (bits, index)
        target, target_index = (bits, index) if swapped else (spare_bits, spare_index)
        for value in range(256):
            digits[value] = 0
        for i in range(count):
            digits[_digit(source[i], digit)] += 1
        position, single = 0, False
        for value in range(256):
            size = digits[value]
            digits[value] = position
            position += size
            single |= size == count
        if single:
            continue
        for i in range(count):
            value = _digit(source[i], digit)
            target[digits[value]] = source[i]
            target_index[digits[value]] = source_index[i]
            digits[value] += 1
        swapped = not swapped
    if swapped:
        for i in range(count):
            bits[i] = spare_bits[i]
            index[i] = spare_index[i]


@inner
def _digit(pattern, digit):
    return 255 - ((np.int64(pattern) >> (8 * digit)) & 255)


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
