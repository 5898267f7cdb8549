"""What the kernels work on: named tuples of arrays, all changed in place.

Sizes: n_in pixels, nh hidden units, n_out output units. `real` is float32 or float64.
"""

from typing import NamedTuple

import numpy as np


class Network(NamedTuple):
    """The weights; lazy background: W1[i, j] = u[i, j] + v[j] where the rule allows change.

    u  : real (n_in + 1, nh), the last row holds the hidden biases (v does not apply to it)
    v  : float64 (nh,), what all pixels' synapses onto a unit have in common since the last fold
    r  : float64 (nh,), sum of W1 over the pixels
    w2 : real (n_out, nh + 1), the last column holds the output biases
    """

    u: np.ndarray
    v: np.ndarray
    r: np.ndarray
    w2: np.ndarray


class Images(NamedTuple):
    """Images as x values: by code and table (8-bit images), or as they are.

    codes      : uint8 (n, n_in), or (0, n_in) where `values` is used
    values     : real (n, n_in), or (0, n_in)
    table      : real (256,), x of each code
    label      : int32 (n,)
    background : real, the x value that most pixels share; 0 where there is none
    """

    codes: np.ndarray
    values: np.ndarray
    table: np.ndarray
    label: np.ndarray
    background: np.floating


class Plan(NamedTuple):
    """The numbers that stay the same for a whole run; see `rules.Plan` for the first three."""

    update: int
    k_hidden: int
    k_output: int
    eta: np.floating  # real
    slope: np.floating  # real, of the leaky ReLU below zero
    permutation: bool  # a fresh permutation each epoch instead of draws with replacement
    order_key: np.uint64
    tie_key: np.uint64


class Buffers(NamedTuple):
    """What one step computes.

    row, x, s : int64, real, real (n_in + 1,): the stroke rows, their x, and x - background; the
                bias comes last among them with x = s = 1
    h, a, g   : real (nh,), (nh + 1,), (nh,): net input, activity with the bias unit's 1 at the
                end, g = eta delta
    o, e, q   : real (n_out,): output, error, q = eta e
    output    : int64 (n_out,), 0 ... n_out - 1
    lanes     : real (LANES,)
    wide      : float64 (LANES,)
    order     : int32 (n,), the permutation of the current epoch, or (0,)
    """

    row: np.ndarray
    x: np.ndarray
    s: np.ndarray
    h: np.ndarray
    a: np.ndarray
    g: np.ndarray
    o: np.ndarray
    e: np.ndarray
    q: np.ndarray
    output: np.ndarray
    lanes: np.ndarray
    wide: np.ndarray
    order: np.ndarray


class Mask(NamedTuple):
    """A fixed mask as sorted column lists, row after row (empty for the other rules).

    start_hidden : int64 (n_in + 2,), row i of u has the columns hidden[start[i]:start[i + 1]]
    hidden       : int32 (plastic synapses of the hidden layer,)
    start_output : int64 (n_out + 1,); output : int32, the same for w2
    pixels       : int64 (nh,), plastic pixel synapses of each hidden unit
    strokes      : float64 (nh,), per step: sum of s over the unit's plastic stroke synapses
    """

    start_hidden: np.ndarray
    hidden: np.ndarray
    start_output: np.ndarray
    output: np.ndarray
    pixels: np.ndarray
    strokes: np.ndarray


class Factors(NamedTuple):
    """One layer's |dw| as the outer product of two lists, both sorted in descending order.

    A row is an input (or an output unit), a column is a hidden unit. `value` and `bits` are one
    memory: the bit patterns of values >= 0 are ordered as the values are. `rows` stands for
    n_in + 2 or n_out, `columns` for nh + 1.

    row_value, row_bits : real, uint (rows,)  |x| or |q|, none of them 0
    row_source : int32 (rows,)  position in Buffers.row, or output unit; -1 is the background
    row_weight : int64 (rows,)  1; for the background its number of pixels
    col_value, col_bits : real, uint (columns,)  |g| or |a|
    col_index  : int32 (columns,)  hidden unit; nh is the bias unit
    least, above, trial : int64 (rows,)  how many columns reach a threshold
    at_most    : int64 (BUCKETS + 1,)  how many columns lie in the first buckets
    spare_value, spare_bits, spare_index : scratch of at least max(rows, columns)
    scalar_value, scalar_bits : (1,), one memory, for single patterns
    size       : int64 (2,)  rows and columns in use; without rows the layer takes no part
    """

    row_value: np.ndarray
    row_bits: np.ndarray
    row_source: np.ndarray
    row_weight: np.ndarray
    col_value: np.ndarray
    col_bits: np.ndarray
    col_index: np.ndarray
    least: np.ndarray
    above: np.ndarray
    trial: np.ndarray
    at_most: np.ndarray
    spare_value: np.ndarray
    spare_bits: np.ndarray
    spare_index: np.ndarray
    scalar_value: np.ndarray
    scalar_bits: np.ndarray
    size: np.ndarray


class Choice(NamedTuple):
    """Which synapses of the hidden layer a step of `largest*` changes, and scratch to apply it.

    prefix     : int64 (n_in + 1,)  for each stroke row: how many of the sorted columns
    pixel      : int32 (n_in,)  background pixels that are chosen one by one
    member     : int32 (n_in + 1,)  tied inputs
    row_of     : int32 (n_in + 1,)  where an input stands among the rows
    rank       : uint64 (max(n_in, nh) + 1,)  pi_t of what is being ranked
    column     : int32 (nh + 1,)  columns chosen one by one
    column_sum : float64 (nh + 2,)  sum of chosen x of each column
    power_sum  : float64 (nh + 2,)  running sums of |col|^p
    gathered, weight : real, int64 (GATHERED,)  products near the threshold
    """

    prefix: np.ndarray
    pixel: np.ndarray
    member: np.ndarray
    row_of: np.ndarray
    rank: np.ndarray
    column: np.ndarray
    column_sum: np.ndarray
    power_sum: np.ndarray
    gathered: np.ndarray
    weight: np.ndarray


class Ranking(NamedTuple):
    """What the rules that rank |dw| work with."""

    hidden: Factors
    output: Factors
    choice: Choice


class Energies(NamedTuple):
    """Energies so far.

    exponent : float64 (powers,), 1 first, then the alphas asked for
    m0       : int64 (2,), hidden and output layer
    power    : float64 (powers, 2), sums of |dw|^exponent
    """

    exponent: np.ndarray
    m0: np.ndarray
    power: np.ndarray
