"""Which of several equal |dw| at the threshold change.

W1 comes before W2; inside a layer pi_t(pre) ranks first, then pi_t(post), the smallest first.
"""

import numpy as np

from energynet.kernels.draws import tie_rank
from energynet.kernels.jit import inner
from energynet.kernels.ranking.sort import sort_by_rank
from energynet.kernels.state import BACKGROUND, ROWS


@inner
def sort_ties(plan, step, index, rank, count):
    """Sort the first `count` of index (integers) by pi_t; rank : uint64 (>= count,), scratch."""
    for p in range(count):
        rank[p] = tie_rank(plan, step, index[p])
    sort_by_rank(rank, index, 0, count)


@inner
def count_tied(factors):
    """Number of entries at the threshold, rows counted with their weight."""
    total = 0
    for r in range(factors.extent[ROWS]):
        total += factors.row_weight[r] * (factors.least[r] - factors.above[r])
    return total


@inner
def set_prefixes(choice, count, prefix):
    """choice.prefix of each stroke, from `prefix` of its row."""
    for k in range(count):
        r = choice.row_of[k]
        choice.prefix[k] = prefix[r] if r >= 0 else 0


@inner
def resolve_hidden(plan, step, buffers, count, factors, choice, needed):
    """Choose `needed` of the tied entries of the hidden layer; there are more of them.

    Strokes whose ties are all chosen get the longer choice.prefix, background pixels go into
    choice.pixel: they get the columns between the background's above and least. The last input may
    take only some of its tied columns: these go to choice.column.

    Returns (number of background pixels, presynaptic index of the input cut short or -1, number of
    its columns).
    """
    members = _list_members(buffers, count, factors, choice)
    sort_ties(plan, step, choice.member, choice.rank, members)
    pixels = 0
    for m in range(members):
        pre = choice.member[m]
        k = choice.stroke_of[pre]
        r = choice.row_of[k] if k >= 0 else factors.extent[BACKGROUND]
        start, stop = factors.above[r], factors.least[r]
        if stop - start > needed:
            for p in range(start, stop):
                choice.column[p - start] = factors.col_index[p]
            sort_ties(plan, step, choice.column, choice.rank, stop - start)
            return pixels, np.int64(pre), needed
        if k >= 0:
            choice.prefix[k] = stop
        else:
            choice.pixel[pixels] = pre
            pixels += 1
        needed -= stop - start
        if needed == 0:
            break
    return pixels, np.int64(-1), np.int64(0)


@inner
def _list_members(buffers, count, factors, choice):
    """List the inputs with tied entries in choice.member, and choice.stroke_of for them."""
    members = 0
    for k in range(count):
        r = choice.row_of[k]
        if r >= 0 and factors.least[r] > factors.above[r]:
            choice.member[members] = buffers.row[k]
            choice.stroke_of[buffers.row[k]] = k
            members += 1
    r = factors.extent[BACKGROUND]
    if r >= 0 and factors.least[r] > factors.above[r]:
        k = 0
        for pixel in range(buffers.row.shape[0] - 1):
            if buffers.row[k] == pixel:  # strokes are listed in ascending order, the bias last
                k += 1
            else:
                choice.member[members] = pixel
                choice.stroke_of[pixel] = -1
                members += 1
    return members


@inner
def list_tied_columns(plan, step, factors, choice):
    """Positions of the columns with entries at the threshold into choice.column, by pi_t(pre).

    Returns their number.
    """
    columns = 0
    for p in range(factors.least[0]):
        choice.column[columns] = p
        choice.rank[columns] = tie_rank(plan, step, factors.col_index[p])
        columns += _list_tied_outputs(factors, choice, p) > 0
    sort_by_rank(choice.rank, choice.column, 0, columns)
    return columns


@inner
def choose_tied_outputs(plan, step, factors, choice, p, needed):
    """Output units with entries at the threshold in column position p into choice.member_row.

    The first `needed` by pi_t(post) if there are more. Returns their number.
    """
    outputs = _list_tied_outputs(factors, choice, p)
    if outputs > needed:
        sort_ties(plan, step, choice.member_row, choice.rank, outputs)
    return min(outputs, needed)


@inner
def _list_tied_outputs(factors, choice, p):
    outputs = 0
    for r in range(factors.extent[ROWS]):
        choice.member_row[outputs] = factors.row_source[r]
        outputs += factors.above[r] <= p < factors.least[r]
    return outputs
