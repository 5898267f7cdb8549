"""Which of several equal |dw| at the threshold change: the order of DESIGN section 3.

W1 comes before W2; inside a layer pi_t(pre) ranks first, then pi_t(post), the smallest first.
"""

import numpy as np

from energynet.kernels._jit import jit
from energynet.kernels.draws import tie_rank


@jit
def list_background(buffers, count, pixel):
    """Write the pixels that are no strokes, ascending, to pixel; returns their number."""
    found, k = 0, 0
    for i in range(buffers.row.shape[0] - 1):
        if k < count - 1 and buffers.row[k] == i:
            k += 1
        else:
            pixel[found] = i
            found += 1
    return found


@jit
def order_of_ties(plan, step, index, rank):
    """Positions of index, int (n,), by rising pi_t; rank : uint64 (>= n,), scratch."""
    for p in range(index.shape[0]):
        rank[p] = tie_rank(plan, step, index[p])
    return np.argsort(rank[: index.shape[0]])


@jit
def tied(factors):
    """Number of entries at the threshold, rows counted with their weight."""
    total = 0
    for r in range(factors.size[0]):
        total += factors.row_weight[r] * (factors.least[r] - factors.above[r])
    return total


@jit
def resolve_hidden(plan, step, buffers, count, factors, choice, needed):
    """Choose `needed` of the tied entries of the hidden layer; there are more of them.

    Whole rows of ties go into `above`, single background pixels into choice.pixel; they get the
    columns between the background's above and least. The last row may take only some of its tied
    columns: these go to choice.column.

    Returns (number of background pixels, presynaptic index of the row cut short or -1, position
    of that row in the factors, number of its columns).
    """
    members = 0
    for r in range(factors.size[0]):
        if factors.least[r] > factors.above[r]:
            found = 1
            if factors.row_source[r] < 0:
                found = list_background(buffers, count, choice.member[members:])
            else:
                choice.member[members] = buffers.row[factors.row_source[r]]
            choice.member_row[members : members + found] = r
            members += found
    pixels = 0
    for m in order_of_ties(plan, step, choice.member[:members], choice.rank):
        r = choice.member_row[m]
        start, stop = factors.above[r], factors.least[r]
        if stop - start > needed:
            tied_columns = factors.col_index[start:stop]
            order = order_of_ties(plan, step, tied_columns, choice.rank)
            choice.column[:needed] = tied_columns[order[:needed]]
            return pixels, np.int64(choice.member[m]), np.int64(r), needed
        if factors.row_source[r] < 0:
            choice.pixel[pixels] = choice.member[m]
            pixels += 1
        else:
            factors.above[r] = stop
        needed -= stop - start
        if needed == 0:
            break
    return pixels, np.int64(-1), np.int64(0), 0


@jit
def resolve_output(plan, step, factors, needed):
    """Choose `needed` of the tied entries of the output layer; there are more of them.

    Returns their output units and hidden units, int64 (needed,) each.
    """
    total = tied(factors)
    pre = np.empty(total, np.int64)
    post = np.empty(total, np.int64)
    rank = np.empty(total, np.uint64)
    found = 0
    for r in range(factors.size[0]):
        for p in range(factors.above[r], factors.least[r]):
            pre[found] = factors.col_index[p]
            post[found] = factors.row_source[r]
            rank[found] = tie_rank(plan, step, post[found])
            found += 1
    order = np.argsort(rank, kind="mergesort")
    pre, post = pre[order], post[order]
    for m in range(total):
        rank[m] = tie_rank(plan, step, pre[m])
    order = np.argsort(rank, kind="mergesort")[:needed]  # stable: pi_t(post) still ranks second
    return post[order], pre[order]
