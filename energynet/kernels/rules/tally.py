"""How often each synapse changed: counted beside the updates, where M0 counts.

Counts are kept as the weights are. All pixels' synapses onto a unit share `v`, and the rows of the
strokes take back what is not theirs; this is exact, as counts are taken modulo 2^32. Under a fixed
mask counts run on outside of it too, as if all synapses were plastic; there they are set to 0 when
they are read. From then on they sum up to M0.

A run that does not count has None for a tally: then nothing of this is compiled.
"""

import numpy as np

from energynet.kernels.jit import inner
from energynet.kernels.native import scatter_add
from energynet.kernels.state import BACKGROUND, DENSE_ROW

NONE, ONE = np.uint32(0), np.uint32(1)
BACK = np.uint32(2**32 - 1)  # -1 modulo 2^32


@inner
def count_synapse(tally, layer, pre, post, changed):
    """A synapse of the hidden (0) or output layer (1) changes, if `changed`."""
    if tally is None:
        return
    if layer == 0:
        tally.u[pre, post] += changed
    else:
        tally.w_out[post, pre] += changed


@inner
def count_units(tally, images, buffers, units, count):
    """Incoming synapses of the first `units` hidden units change, where x and g are not 0."""
    if tally is None:
        return
    g, background_changes = buffers.g[:units], images.background != 0
    if background_changes:
        _count_row(tally.v[:units], g, ONE)
    for k in range(count):
        row = tally.u[buffers.row[k], :units]
        _count_stroke(row, g, buffers.x[k] != 0, background_changes and k < count - 1)


@inner
def count_readout(tally, buffers, readout):
    """The outgoing synapses of the first `readout` hidden units change, and the output biases."""
    if tally is None:
        return
    a = buffers.a[:readout]
    for o in range(buffers.q.shape[0]):
        if buffers.q[o] != 0:
            _count_row(tally.w_out[o, :readout], a, ONE)
            tally.w_out[o, buffers.g.shape[0]] += ONE


@inner
def count_inputs(tally, buffers, choice, units, count, pixels, background_chosen):
    """Synapses of the chosen inputs onto the first `units` hidden units change.

    count : strokes; pixels : background pixels in choice.pixel, chosen one by one;
    background_chosen : whether all background pixels are chosen
    """
    if tally is None:
        return
    g = buffers.g[:units]
    if background_chosen:
        _count_row(tally.v[:units], g, ONE)
    for k in range(count):
        row = tally.u[buffers.row[k], :units]
        _count_stroke(row, g, choice.prefix[k] == 1, background_chosen and k < count - 1)
    for m in range(pixels):
        _count_row(tally.u[choice.pixel[m], :units], g, ONE)


@inner
def count_activities(tally, buffers, choice, chosen):
    """Outgoing synapses of the first `chosen` of choice.unit change."""
    if tally is None:
        return
    for o in range(buffers.q.shape[0]):
        if buffers.q[o] != 0:
            count_columns(tally.w_out[o], choice.unit[:chosen], ONE)


@inner
def scatter(row, tally, i, chosen, values, factor, amount):
    """row[chosen[p]] += factor * values[p], as `scatter_add` does, for row i of u; with `amount`
    added to the counts of those synapses. In one loop: it waits for the memory once."""
    if tally is None:
        scatter_add(row, chosen, values, factor)
    else:
        counts = tally.u[i]
        for p in range(chosen.shape[0]):
            j = np.uint32(chosen[p])  # unsigned: no test for negative indices
            row[j] += factor * values[p]
            counts[j] += amount


@inner
def count_streamed(tally, i, g, columns, sizes, both, longer, amount):
    """Row i of u changes by the sorted columns both ... longer - 1, whose |g| are `sizes`."""
    if tally is None:
        return
    row = tally.u[i, : g.shape[0]]
    if longer - both > DENSE_ROW * g.shape[0]:
        # Columns of equal |g| are never parted: the bounds of |g| tell which columns are meant.
        least = sizes[longer - 1]
        above = sizes[both - 1] if both > 0 else g.dtype.type(np.inf)
        for j in range(g.shape[0]):
            size = abs(g[j])
            row[j] += amount if size >= least and size < above else NONE
    else:
        count_columns(row, columns[both:longer], amount)


@inner
def count_background(tally, chosen):
    """The synapses of all pixels onto the chosen units, int32 (n,), change."""
    if tally is None:
        return
    count_columns(tally.v, chosen, ONE)


@inner
def count_output(tally, o, chosen):
    """The synapses of the chosen hidden units, int32 (n,), onto output unit o change."""
    if tally is None:
        return
    count_columns(tally.w_out[o], chosen, ONE)


@inner
def count_singles(tally, ranked, choice, pixels, pre, cut):
    """Entries of the hidden layer that were chosen one by one change, see `resolve_hidden`."""
    if tally is None:
        return
    if pixels > 0:
        background = ranked.extent[BACKGROUND]
        columns = ranked.col_index[ranked.above[background] : ranked.at_least[background]]
        for m in range(pixels):
            count_columns(tally.u[choice.pixel[m]], columns, ONE)
    if pre >= 0:
        count_columns(tally.u[pre], choice.unit[:cut], ONE)


@inner
def _count_stroke(row, g, chosen, counted):
    """A stroke row's synapses change if `chosen`; v has counted them if `counted`."""
    if chosen and not counted:
        _count_row(row, g, ONE)
    elif counted and not chosen:
        _count_row(row, g, BACK)


@inner
def _count_row(row, values, amount):
    """row[j] += amount where values[j] is not 0."""
    for j in range(row.shape[0]):
        row[j] += amount if values[j] != 0 else NONE


@inner
def count_columns(row, columns, amount):
    """row[j] += amount for the listed j, int32 (n,)."""
    for p in range(columns.shape[0]):
        row[np.uint32(columns[p])] += amount
