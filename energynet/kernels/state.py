"""What the kernels work on: named tuples of arrays, all changed in place.

Sizes: n_in pixels, nh hidden units, n_out output units, `parts` threads. `real` is float32 or
float64; `bits` is an unsigned view of the memory of the array named before it: the bit patterns of
values >= 0 are ordered as the values are.
"""

import math
from typing import NamedTuple

import numpy as np

CODES = 257  # of 8-bit pixels, and of the bias unit
BIAS_CODE = CODES - 1
COUNT = np.dtype(np.uint32)  # of a Tally
ROWS, COLUMNS, BACKGROUND = 0, 1, 2  # of RankedLayer.extent
STEPS, NOT_FINITE, LEARNT = 0, 1, 2  # of a run's clock
DENSE_ROW = 0.1  # share of the units from which on a row is streamed instead of scattered into
_LINE = 64  # bytes of a cache line


class Alone(NamedTuple):
    """One thread works on a step; parts is 1."""

    parts: int


class Team(NamedTuple):
    """`parts` threads work on a step, each with its own part of the units or rows."""

    parts: int


class Weights(NamedTuple):
    """The weights; lazy background: W1[i, j] = u[i, j] + v[j] where the rule allows change.

    u  : real (n_in + 1, nh), the last row holds the hidden biases (v does not apply to it)
    v  : float64 (nh,), what all pixels' synapses onto a unit have in common since the last fold
    r  : float64 (nh,), sum of W1 over the pixels
    w_out : real (n_out, nh + 1), the transpose of w2, so that hidden units lie side by side here
            too; the last column holds the output biases

    v and r are float64 because every pixel's synapse onto a unit takes part in their rounding.
    """

    u: np.ndarray
    v: np.ndarray
    r: np.ndarray
    w_out: np.ndarray


class Images(NamedTuple):
    """Images as x values: by code and table (8-bit images), or as they are.

    codes           : uint8 (n, n_in), or (0, n_in) where `values` is used
    values          : real (n, n_in), or (0, n_in)
    table           : real (CODES,), x of each code; that of BIAS_CODE is 1
    by_size         : int64 (CODES,), codes by falling |x|
    label           : int32 (n,)
    background      : real, the x value that most pixels share; 0 where there is none
    background_code : its code, or -1
    """

    codes: np.ndarray
    values: np.ndarray
    table: np.ndarray
    by_size: np.ndarray
    label: np.ndarray
    background: np.floating
    background_code: int


class Activation(NamedTuple):
    """Of the hidden units: `kind` as in `kernels.activation`; slope : real, of ReLUs below zero."""

    kind: int
    slope: np.floating


class Constants(NamedTuple):
    """Numbers that stay the same for a whole run; the first five are of `rules.base.Counts`."""

    k_hidden: int
    k_output: int
    units: int
    readout: int
    signals: int
    eta: np.floating  # real
    margin: np.floating  # real; below 0 every step is learnt
    activation: int  # the kind; apart from its slope, as parallel loops take no tuple in a tuple
    slope: np.floating  # real
    softmax: bool  # cross-entropy of softmax outputs instead of the squared error
    permutation: bool  # a fresh permutation each epoch instead of draws with replacement
    order_key: np.uint64
    tie_key: np.uint64
    mask_key: np.uint64
    vector_bytes: int  # of this machine's widest vectors


class Buffers(NamedTuple):
    """What one step computes.

    row, x, s : int64, real, real (n_in + 1,): the stroke rows, their x, and x - background; the
                bias comes last among them with x = s = 1
    x_all     : real (n_in + 1,), x of every pixel and the bias unit (`random`, custom rules)
    code      : int64 (n_in + 1,), the codes of the strokes (8-bit images)
    h         : real (nh,), net input
    a, a_bits : real (nh + 1,), activity, the bias unit's 1 at the end
    g, g_bits : real (nh,), g = eta delta
    o, e, q   : real (n_out,): output, error, q = eta e
    all_outputs : int64 (n_out,), 0 ... n_out - 1
    partial   : real (blocks, n_out), sums of the outputs over blocks of units
    stroke_sum : float64 (nh in whole LANES,), sum of s over each unit's plastic stroke synapses;
                 (0,) without mask
    g_power   : float64 (nh in whole LANES,), |g|^p of a fixed mask's energies, then 0
    a_power   : float64 (nh + 1,), |a|^p of a fixed mask's energies
    output_sum : float64 (n_out in whole LANES,), its sum over each output unit's plastic columns
    row_power : float64 (n_in + 1,), sum of g_power over each stroke row's plastic columns
    lanes     : real (parts, LANES)
    wide      : float64 (parts, LANES)
    order     : int32 (n,), the permutation of the current epoch, or (0,)
    numbers   : uint64 (LISTED,), synapses that are applied together (rule `random`)
    """

    row: np.ndarray
    x: np.ndarray
    s: np.ndarray
    x_all: np.ndarray
    code: np.ndarray
    h: np.ndarray
    a: np.ndarray
    a_bits: np.ndarray
    g: np.ndarray
    g_bits: np.ndarray
    o: np.ndarray
    e: np.ndarray
    q: np.ndarray
    all_outputs: np.ndarray
    partial: np.ndarray
    stroke_sum: np.ndarray
    g_power: np.ndarray
    a_power: np.ndarray
    output_sum: np.ndarray
    row_power: np.ndarray
    lanes: np.ndarray
    wide: np.ndarray
    order: np.ndarray
    numbers: np.ndarray


class Mask(NamedTuple):
    """A fixed mask (empty for the other rules); each layer is kept as lists or as bits.

    start_hidden : int64 (n_in + 2,), row i of u has start[i + 1] - start[i] plastic columns
    hidden       : int32 (plastic synapses of the hidden layer,), hidden[start[i]:start[i + 1]] are
                   those columns, ascending; (0,) without lists
    bits         : uint32 (n_in + 1, words), column j of row i is bit j % 32 of bits[i, j // 32];
                   rows are filled up with 0 to whole LANES columns; (0, words) without bits
    start_output : int64 (n_out + 1,); output : int32, the columns of w_out's rows
    output_bits  : uint32 (n_out, words), as `bits`, of w_out's rows; (0, words) without
    unit_bits    : uint32 (nh + 1, words), the same by its columns: bit o of row j is output o's
    all_units    : int64 (nh + 1,), 0 ... nh
    pixels       : int64 (nh,), plastic pixel synapses of each hidden unit
    """

    start_hidden: np.ndarray
    hidden: np.ndarray
    bits: np.ndarray
    start_output: np.ndarray
    output: np.ndarray
    output_bits: np.ndarray
    unit_bits: np.ndarray
    all_units: np.ndarray
    pixels: np.ndarray


class RankedLayer(NamedTuple):
    """One layer's |dw| as the outer product of two lists, both sorted in descending order.

    A row is a level of the input (or an output unit), a column is a hidden unit. `rows` stands for
    CODES, n_in + 2 or n_out, `columns` for nh + 1.

    row_value, row_bits : (rows,)  |x| or |q|, none of them 0
    row_source : int32 (rows,)  output unit; in the hidden layer position in Buffers.row, -1 for the
                 background; not set for 8-bit images, whose rows are found by `Choice.level_row`
    row_weight : int64 (rows,)  how many inputs are at that level
    col_value, col_bits : (columns,)  |g| or |a|
    col_index  : int32 (columns,)  hidden unit; nh is the bias unit
    at_least, above, trial : int64 (rows,)  how many columns reach a threshold
    counts, top : int64 (parts, BUCKETS), (parts,)  columns by bucket, and the largest's bucket
    at_most    : int64 (BUCKETS + 1,)  how many columns lie in the first buckets
    spare_value, spare_bits, spare_index : scratch of at least max(rows, columns)
    position   : int32, scratch to sort, see `sort.sort_descending`: two to four times as large as
                 the lists, at most MOST_BUCKETS
    scalar_value, scalar_bits : (1,), for single patterns
    extent     : int64 (3,)  ROWS and COLUMNS in use; which row is the BACKGROUND's, or -1; without
                 rows the layer takes no part
    """

    row_value: np.ndarray
    row_bits: np.ndarray
    row_source: np.ndarray
    row_weight: np.ndarray
    col_value: np.ndarray
    col_bits: np.ndarray
    col_index: np.ndarray
    at_least: np.ndarray
    above: np.ndarray
    trial: np.ndarray
    counts: np.ndarray
    top: np.ndarray
    at_most: np.ndarray
    spare_value: np.ndarray
    spare_bits: np.ndarray
    spare_index: np.ndarray
    position: np.ndarray
    scalar_value: np.ndarray
    scalar_bits: np.ndarray
    extent: np.ndarray


class Choice(NamedTuple):
    """Which synapses a step of `largest*` changes, and scratch to find and apply them.

    level_count, level_row : int64 (CODES,)  strokes of each code, and its row in the ranked layer
    row_of     : int64 (n_in + 1,)  for each stroke its row in the ranked layer, or -1
    prefix     : int64 (n_in + 1,)  for each stroke: how many of the sorted columns
    pixel      : int32 (n_in,)  background pixels that are chosen one by one
    member     : int32 (n_in + 1,)  tied inputs
    stroke_of  : int32 (n_in + 1,)  their positions among the strokes, or -1
    rank       : uint64 (max(n_in, nh) + 1,)  ~pi_t of tied entries
    sorted_rank, sorted_index : as rank, and int32: scratch to sort them
    unit       : int32 (nh + 1,)  hidden units chosen one by one, nh for the bias unit
    position   : int32 (nh + 1,)  sorted columns with ties, by their place among the columns
    member_row : int32 (n_out,)  tied output units of a column
    signed     : real (nh + 1,)  g of the sorted columns
    signed_a   : real (nh + 1,)  a of the sorted columns
    column_sum : float64 (nh + 2,)  sum of chosen x of each column
    power_sum  : float64 (nh + 2,)  running sums of |col|^p
    gathered, weight : real, int64 (GATHERED,)  products near the threshold
    changed    : int64 (n_in + 1 + n_out,)  rows of u that change as a whole or by a pass over them;
                 the last n_out places are for those of w_out
    limit_inner, factor, limit_outer, rest : real, as `changed`: how, see `native.change_prefixes`;
                 the limits are sizes of the signal, not counts of columns
    """

    level_count: np.ndarray
    level_row: np.ndarray
    row_of: np.ndarray
    prefix: np.ndarray
    pixel: np.ndarray
    member: np.ndarray
    stroke_of: np.ndarray
    rank: np.ndarray
    sorted_rank: np.ndarray
    sorted_index: np.ndarray
    unit: np.ndarray
    position: np.ndarray
    member_row: np.ndarray
    signed: np.ndarray
    signed_a: np.ndarray
    column_sum: np.ndarray
    power_sum: np.ndarray
    gathered: np.ndarray
    weight: np.ndarray
    changed: np.ndarray
    limit_inner: np.ndarray
    factor: np.ndarray
    limit_outer: np.ndarray
    rest: np.ndarray


class Ranking(NamedTuple):
    """What the rules that rank |dw| work with."""

    hidden: RankedLayer
    output: RankedLayer
    choice: Choice


class Tally(NamedTuple):
    """How often each synapse changed, modulo 2^32; kept as `Weights` are, all uint32.

    u : (n_in + 1, nh); v : (nh,), what all pixels' synapses onto a unit have in common;
    w_out : (n_out, nh + 1)
    """

    u: np.ndarray
    v: np.ndarray
    w_out: np.ndarray


class Energies(NamedTuple):
    """Energies so far.

    exponent : float64 (powers,), 1 first, then the alphas asked for
    m0       : int64 (2,), hidden and output layer
    power    : float64 (powers, 2), sums of |dw|^exponent
    tally    : Tally, or None in a run that does not count how often each synapse changes
    """

    exponent: np.ndarray
    m0: np.ndarray
    power: np.ndarray
    tally: Tally | None = None


def aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array, not yet filled, that begins with a cache line.

    Vectors that straddle two lines cost a step of `all` a tenth of its time, evaluation a fifth.
    """
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start : start + size].view(dtype).reshape(shape)
