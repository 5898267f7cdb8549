"""The two sorted lists whose outer product is a layer's |dw|, and counting in it.

Rounded products are monotone in both factors, so the entries that reach a threshold are a prefix
of the columns in each row, and the prefixes shrink from row to row: a staircase. All comparisons
evaluate the very product that is applied later.
"""

import numpy as np

from energynet.kernels.jit import inner
from energynet.kernels.ranking.sort import sort_descending
from energynet.kernels.state import BACKGROUND, CODES, COLUMNS, ROWS

OCTAVE_BITS = 5  # 32 buckets an octave
BUCKETS = 512  # values more than 16 octaves below the largest share the last


@inner
def list_inputs(ranked, choice, images, buffers, count):
    """Rows of the hidden layer: the levels of |x| among strokes, bias and background, sorted.

    Also sets choice.row_of for the strokes.
    """
    others = buffers.row.shape[0] - count
    if images.codes.shape[0] > 0:
        _list_codes(ranked, choice, images, buffers, count, others)
    else:
        _list_values(ranked, choice, images, buffers, count, others)


@inner
def _list_codes(ranked, choice, images, buffers, count, others):
    """8-bit images: a row for each code that occurs, by a table of codes in order of |x|."""
    level = choice.level_count
    for code in range(CODES):
        level[code] = 0
    for k in range(count):
        level[buffers.code[k]] += 1
    if images.background_code >= 0:
        level[images.background_code] += others
    rows = 0
    for rank in range(CODES):
        code = images.by_size[rank]
        size = abs(images.table[code])
        present = level[code] > 0 and size > 0
        ranked.row_value[rows] = size
        ranked.row_weight[rows] = level[code]
        choice.level_row[code] = rows if present else -1
        rows += present
    for k in range(count):
        choice.row_of[k] = choice.level_row[buffers.code[k]]
    _begin(ranked, rows)
    if images.background_code >= 0 and others > 0:
        ranked.extent[BACKGROUND] = choice.level_row[images.background_code]


@inner
def _list_values(ranked, choice, images, buffers, count, others):
    """Other images: a row for each stroke, and one for the background."""
    rows = 0
    for k in range(count):
        choice.row_of[k] = -1
        ranked.spare_value[rows] = abs(buffers.x[k])
        ranked.spare_index[rows] = k
        rows += buffers.x[k] != 0
    if others > 0 and images.background != 0:
        ranked.spare_value[rows] = abs(images.background)
        ranked.spare_index[rows] = -1
        rows += 1
    _sort_rows(ranked, rows)
    for r in range(rows):
        source = ranked.row_source[r]
        ranked.row_weight[r] = 1 if source >= 0 else others
        if source >= 0:
            choice.row_of[source] = r
        else:
            ranked.extent[BACKGROUND] = r


@inner
def list_outputs(ranked, q):
    """Rows of the output layer: |q| of each output unit, sorted."""
    rows = 0
    for o in range(q.shape[0]):
        ranked.spare_value[rows] = abs(q[o])
        ranked.spare_index[rows] = o
        rows += q[o] != 0
    _sort_rows(ranked, rows)
    for r in range(rows):
        ranked.row_weight[r] = 1


@inner
def _sort_rows(ranked, rows):
    """The first so many spare values, and what they belong to, become the rows."""
    bits, source, position = ranked.row_bits, ranked.row_source, ranked.position
    sort_descending(ranked.spare_bits, ranked.spare_index, bits, source, position, rows)
    _begin(ranked, rows)


@inner
def _begin(ranked, rows):
    """So many rows, no columns yet, none of the rows the background's."""
    extent = ranked.extent
    extent[ROWS], extent[COLUMNS], extent[BACKGROUND] = rows, 0, -1


@inner
def leave_out(ranked):
    """Let the layer take no part in the selection."""
    _begin(ranked, 0)


@inner
def keep_columns(ranked, bits, units, bias, threshold):
    """Columns of the layer: those whose product with the largest row can reach the threshold.

    bits : patterns of g (nh,) or a (nh + 1,), of which the first `units` take part, and with `bias`
    the last one. Zeros are left out, whatever the threshold. Sorted.
    """
    if ranked.extent[ROWS] == 0:
        return
    least = bits.dtype.type(_least_pattern(ranked, ranked.row_value[0], threshold))
    unsigned = unsigned_mask(bits)
    spare_bits, spare_index = ranked.spare_bits, ranked.spare_index
    columns = 0
    for j in range(units):
        pattern = bits[j] & unsigned
        spare_bits[columns] = pattern
        spare_index[columns] = j
        columns += pattern >= least
    if bias:
        j = bits.shape[0] - 1
        spare_bits[columns] = bits[j]
        spare_index[columns] = j
        columns += bits[j] >= least
    sorted_bits, index, position = ranked.col_bits, ranked.col_index, ranked.position
    sort_descending(spare_bits, spare_index, sorted_bits, index, position, columns)
    ranked.extent[COLUMNS] = columns


@inner
def unsigned_mask(bits):
    """All bits but the sign, in the type of the patterns."""
    return bits.dtype.type((np.int64(1) << (8 * bits.itemsize - 1)) - 1)


@inner
def shift_of(bits):
    """Pattern bits below a bucket: exponent and some bits of the fraction stay."""
    return (24 if bits.itemsize == 4 else 53) - OCTAVE_BITS - 1


@inner
def _least_pattern(ranked, factor, threshold):
    """The smallest pattern above 0 of a value whose product with `factor` reaches the threshold."""
    too_small, enough = np.int64(0), pattern_of(ranked, np.inf)
    while enough - too_small > 1:
        middle = (too_small + enough) // 2
        if factor * value_of(ranked, middle) >= threshold:
            enough = middle
        else:
            too_small = middle
    return enough


@inner
def count_reaching(ranked, threshold, prefix):
    """For each row the number of columns with |row| |col| >= threshold, into prefix.

    Returns their sum, each row counted with its weight.
    """
    column = ranked.extent[COLUMNS]
    total = 0
    for r in range(ranked.extent[ROWS]):
        value = ranked.row_value[r]
        # "not >=" is no "<": an edge of a bucket above infinity is NaN, which nothing reaches.
        while column > 0 and not value * ranked.col_value[column - 1] >= threshold:
            column -= 1
        prefix[r] = column
        total += ranked.row_weight[r] * column
    return total


@inner
def split_at(ranked, threshold):
    """For each row the number of columns with a product above the threshold, into `above`, and at
    or above it, into `at_least`. Returns the sum of `above`, each row counted with its weight."""
    columns = ranked.extent[COLUMNS]
    column, total = columns, 0
    for r in range(ranked.extent[ROWS]):
        value = ranked.row_value[r]
        while column > 0 and not value * ranked.col_value[column - 1] > threshold:
            column -= 1
        ranked.above[r] = column
        total += ranked.row_weight[r] * column
        least = column
        while least < columns and value * ranked.col_value[least] >= threshold:
            least += 1
        ranked.at_least[r] = least
    return total


@inner
def value_of(ranked, pattern):
    """The real number >= 0 with this bit pattern, int64."""
    ranked.scalar_bits[0] = pattern
    return ranked.scalar_value[0]


@inner
def pattern_of(ranked, value):
    """The bit pattern, int64, of a real number >= 0."""
    ranked.scalar_value[0] = value
    return np.int64(ranked.scalar_bits[0])
