"""Sorting of values >= 0 with their indices, largest first."""

import numpy as np

from energynet.kernels._jit import jit


@jit
def sort_descending(bits, index, spare_bits, spare_index, count):
    """Sort the first `count` of bits (uint, patterns of reals >= 0) and index (int32), in place.

    Least-significant-digit radix sort with 8-bit digits: stable, so equal values keep their order.
    The spare arrays are scratch of the same size.
    """
    digits = np.zeros(256, np.int64)
    swapped = False
    for digit in range(bits.itemsize):
        shift = bits.dtype.type(8 * digit)
        source, source_index = (spare_bits, spare_index) if swapped else (bits, index)
        target, target_index = (bits, index) if swapped else (spare_bits, spare_index)
        digits[:] = 0
        for i in range(count):
            digits[255 - np.int64((source[i] >> shift) & bits.dtype.type(255))] += 1
        if digits.max() == count:
            continue
        position = 0
        for value in range(256):
            size = digits[value]
            digits[value] = position
            position += size
        for i in range(count):
            value = 255 - np.int64((source[i] >> shift) & bits.dtype.type(255))
            target[digits[value]] = source[i]
            target_index[digits[value]] = source_index[i]
            digits[value] += 1
        swapped = not swapped
    if swapped:
        bits[:count] = spare_bits[:count]
        index[:count] = spare_index[:count]
