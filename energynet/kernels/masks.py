"""Drawing a fixed mask, in about as much memory as the mask itself takes."""

from energynet.kernels.draws import bounded, mix
from energynet.kernels.jit import jit


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
