"""The two sorted lists whose outer product is a layer's |dw|, and counting in it.

Rounded products are monotone in both factors, so the entries that reach a threshold are a prefix
of the columns in each row, and the prefixes shrink from row to row: a staircase. All comparisons
evaluate the very product that is applied later.
"""

import numpy as np

from energynet.kernels._jit import inner
from energynet.kernels.sort import sort_descending


@inner
def list_inputs(factors, images, buffers, count):
    """Rows of the hidden layer: |x| of the strokes, the bias and the background, sorted."""
    rows = 0
    for k in range(count):
        factors.row_value[rows] = abs(buffers.x[k])
        factors.row_source[rows] = k
        rows += buffers.x[k] != 0
    others = buffers.row.shape[0] - count
    if others > 0 and images.background != 0:
        factors.row_value[rows] = abs(images.background)
        factors.row_source[rows] = -1
        rows += 1
    _sort_rows(factors, rows, others)


@inner
def list_outputs(factors, q):
    """Rows of the output layer: |q| of each output unit, sorted."""
    rows = 0
    for o in range(q.shape[0]):
        factors.row_value[rows] = abs(q[o])
        factors.row_source[rows] = o
        rows += q[o] != 0
    _sort_rows(factors, rows, 1)


@inner
def leave_out(factors):
    """Let the layer take no part in the selection."""
    factors.size[:] = 0


@inner
def _sort_rows(factors, rows, others):
    sort_descending(
        factors.row_bits, factors.row_source, factors.spare_bits, factors.spare_index, rows
    )
    for r in range(rows):
        factors.row_weight[r] = others if factors.row_source[r] < 0 else 1
    factors.size[0] = rows
    factors.size[1] = 0


@inner
def keep_columns(factors, values, threshold):
    """Columns of the layer: the |values| whose product with the largest row can reach it, sorted.

    values : real (nh,) or (nh + 1,); zeros are left out, whatever the threshold.
    """
    if factors.size[0] == 0:
        return
    largest = factors.row_value[0]
    columns = 0
    for j in range(values.shape[0]):
        size = abs(values[j])
        factors.col_value[columns] = size
        factors.col_index[columns] = j
        columns += (largest * size >= threshold) & (size > 0)
    sort_descending(
        factors.col_bits, factors.col_index, factors.spare_bits, factors.spare_index, columns
    )
    factors.size[1] = columns


@inner
def count_reaching(factors, threshold, prefix):
    """For each row the number of columns with |row| |col| >= threshold, into prefix.

    Returns their sum, each row counted with its weight.
    """
    column = factors.size[1]
    total = 0
    for r in range(factors.size[0]):
        value = factors.row_value[r]
        while column > 0 and not value * factors.col_value[column - 1] >= threshold:
            column -= 1
        prefix[r] = column
        total += factors.row_weight[r] * column
    return total


@inner
def value_of(factors, pattern):
    """The real number >= 0 with this bit pattern, int64."""
    factors.scalar_bits[0] = pattern
    return factors.scalar_value[0]


@inner
def pattern_of(factors, value):
    """The bit pattern, int64, of a real number >= 0."""
    factors.scalar_value[0] = value
    return np.int64(factors.scalar_bits[0])
