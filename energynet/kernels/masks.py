"""Drawing a fixed mask, in about as much memory as the mask itself takes."""

import numpy as np

from energynet.kernels._jit import jit
from energynet.kernels.draws import bounded, mix


@jit
def draw_layer(key, first, rows, columns, population, needed):
    """Draw one layer's part of a mask: `needed` of `population` synapses, without replacement.

    The layer's rows x columns synapses are the next of the population, counted from `first`; each
    in turn is taken with probability needed / population, both as they stand by then. (Selection
    sampling: Knuth, TAOCP 3.4.2, algorithm S.) Where population is rows x columns, exactly
    `needed` are taken.

    Returns start : int64 (rows + 1,) and column : int32 (taken,); row i of the layer has the
    plastic columns column[start[i]:start[i + 1]], ascending.
    """
    start = np.empty(rows + 1, np.int64)
    column = np.empty(min(needed, rows * columns), np.int32)
    taken = 0
    for i in range(rows):
        start[i] = taken
        for j in range(columns):
            done = i * columns + j
            if bounded(mix(key, first + done), population - done) < needed - taken:
                column[taken] = j
                taken += 1
    start[rows] = taken
    return start, column[:taken].copy()


@jit
def count_pixels(start, column, nh):
    """Plastic pixel synapses of each hidden unit, int64 (nh,); the last row is the bias."""
    pixels = np.zeros(nh, np.int64)
    for p in range(start[start.shape[0] - 2]):
        pixels[column[p]] += 1
    return pixels
