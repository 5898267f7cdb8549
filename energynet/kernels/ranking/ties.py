"""Which of several equal |dw| at the threshold change.

W1 comes before W2; inside a layer pi_t(pre) ranks first, then pi_t(post), the smallest first.
"""

import numpy as np

from energynet.kernels.draws import tie_rank
from energynet.kernels.jit import inner
from energynet.kernels.ranking.sort import sort_descending
from energynet.kernels.state import BACKGROUND, ROWS


@inner
def sort_ties(constants, step, ranked, choice, index, count):
    """Sort the first `count` of index (int32) by pi_t; choice.rank and .sorted_* are scratch."""
    for p in range(count):
        choice.rank[p] = ~tie_rank(constants, step, index[p])  # the smallest pi_t comes first
    _sort_by_rank(ranked, choice, index, count)


@inner
def _sort_by_rank(ranked, choice, index, count):
    """Sort the first `count` of index (int32), the largest choice.rank first."""
    target, target_index = choice.sorted_rank, choice.sorted_index
    sort_descending(choice.rank, index, target, target_index, ranked.position, count)
    for p in range(count):
        index[p] = target_index[p]


@inner
def count_tied(ranked):
    """Number of entries at the threshold, rows counted with their weight."""
    total = 0
    for r in range(ranked.extent[ROWS]):
        total += ranked.row_weight[r] * (ranked.at_least[r] - ranked.above[r])
    return total


@inner
def set_prefixes(choice, count, prefix):
    """choice.prefix of each stroke, from `prefix` of its row."""
    for k in range(count):
        r = choice.row_of[k]
        choice.prefix[k] = prefix[r] if r >= 0 else 0


@inner
def resolve_hidden(constants, step, buffers, count, ranked, choice, needed):
    """Choose `needed` of the tied entries of the hidden layer; there are more of them.

    Strokes whose ties are all chosen get the longer choice.prefix, background pixels go into
    choice.pixel: they get the columns between `above` and `at_least` of the background's row. The
    last input may take only some of its tied columns: these go to choice.unit.

    Returns (number of background pixels, presynaptic index of the input cut short or -1, number of
    its columns).
    """
    members = _list_members(buffers, count, ranked, choice)
    sort_ties(constants, step, ranked, choice, choice.member, members)
    pixels = 0
    for m in range(members):
        pre = choice.member[m]
        k = choice.stroke_of[pre]
        r = choice.row_of[k] if k >= 0 else ranked.extent[BACKGROUND]
        start, stop = ranked.above[r], ranked.at_least[r]
        if stop - start > needed:
            for p in range(start, stop):
                choice.unit[p - start] = ranked.col_index[p]
            sort_ties(constants, step, ranked, choice, choice.unit, stop - start)
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
def _list_members(buffers, count, ranked, choice):
    """List the inputs with tied entries in choice.member, and choice.stroke_of for them."""
    members = 0
    for k in range(count):
        r = choice.row_of[k]
        if r >= 0 and ranked.at_least[r] > ranked.above[r]:
            choice.member[members] = buffers.row[k]
            choice.stroke_of[buffers.row[k]] = k
            members += 1
    r = ranked.extent[BACKGROUND]
    if r >= 0 and ranked.at_least[r] > ranked.above[r]:
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
def list_tied_columns(constants, step, ranked, choice):
    """Positions of the columns with entries at the threshold into choice.position, by pi_t(pre).

    Returns their number.
    """
    columns = 0
    for p in range(ranked.at_least[0]):
        choice.position[columns] = p
        choice.rank[columns] = ~tie_rank(constants, step, ranked.col_index[p])
        columns += _list_tied_outputs(ranked, choice, p) > 0
    _sort_by_rank(ranked, choice, choice.position, columns)
    return columns


@inner
def choose_tied_outputs(constants, step, ranked, choice, p, needed):
    """Output units with entries at the threshold in column position p into choice.member_row.

    The first `needed` by pi_t(post) if there are more. Returns their number.
    """
    outputs = _list_tied_outputs(ranked, choice, p)
    if outputs > needed:
        sort_ties(constants, step, ranked, choice, choice.member_row, outputs)
    return min(outputs, needed)


@inner
def _list_tied_outputs(ranked, choice, p):
    outputs = 0
    for r in range(ranked.extent[ROWS]):
        choice.member_row[outputs] = ranked.row_source[r]
        outputs += ranked.above[r] <= p < ranked.at_least[r]
    return outputs
