"""The steps of a custom rule, between which Python chooses the synapses that change."""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numba
import numpy as np

from energynet.kernels.draws import image_of_step
from energynet.kernels.jit import inner, jit
from energynet.kernels.rules.single import change_synapse, is_marked, mark, spread_inputs
from energynet.kernels.rules.steps import compute_signals, finish_step, resume
from energynet.kernels.rules.tally import count_synapse
from energynet.kernels.rules.units import (
    account_readout,
    account_units,
    update_readout,
    update_units,
)
from energynet.kernels.state import NOT_FINITE, STEPS, Weights
from energynet.kernels.sums import count_nonzero, power, sum_power

NOTHING, ALL, PAIRS, PRODUCT, MASK, SPARSE, DENSE = range(7)  # kinds of Selection
LISTED = 512  # synapses of a mask that are listed before they change
_WORD = 8  # bytes of a mask that are looked at together
_GROUP = 4  # words that are looked at together
SPARE = _GROUP * _WORD


class Selection(NamedTuple):
    """Which synapses of a layer change or are paid for; all arrays are read-only.

    NOTHING : none
    ALL     : all, by dw
    PAIRS   : pre[n] -> post[n], no pair twice, by dw
    PRODUCT : all synapses from the inputs `pre` onto the units `post`, none twice, by dw
    MASK    : those whose byte of `mask` is not 0, by dw
    SPARSE  : pre[n] -> post[n], no pair twice, by value[n]
    DENSE   : synapse (i, j) by dense[i, j]

    pre, post : int64 (n,), (m,); mask : uint8 (n_pre n_post,), row by row, or (0,); words : uint64,
    the whole words of the same memory; dense : real (n_pre, n_post), or (0, 1); value : real (n,),
    for DENSE those of `dense`, row by row
    """

    kind: int
    pre: np.ndarray
    post: np.ndarray
    mask: np.ndarray
    words: np.ndarray
    value: np.ndarray
    dense: np.ndarray


class Change(NamedTuple):
    """How a layer changes, and what is paid for it.

    If `change` is ALL and paid in full, `paid` is ALL. For PAIRS, PRODUCT and MASK it is NOTHING,
    as these are always paid in full. Else it is SPARSE, DENSE or NOTHING.
    """

    change: Selection
    paid: Selection


class HiddenSignals(NamedTuple):
    """The part of `Buffers` with which the kernels of all synapses change the hidden layer alone:
    its q is that of no output unit."""

    row: np.ndarray
    x: np.ndarray
    s: np.ndarray
    a: np.ndarray
    g: np.ndarray
    q: np.ndarray
    all_outputs: np.ndarray
    wide: np.ndarray


def entry_of(kernel: Any, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """The compiled code of a kernel for arguments of these types, and no others.

    Numba's own way looks at the type of each array in each call, which takes longer than a step of
    a small network. The code that is returned checks no type.
    """
    if not hasattr(kernel, "overloads"):  # it is under NUMBA_DISABLE_JIT
        return cast(Callable[..., Any], kernel)
    signature = tuple(numba.typeof(argument) for argument in arguments)
    kernel.compile(signature)
    return cast(Callable[..., Any], kernel.overloads[signature].entry_point)


@jit
def begin_steps(constants, images, buffers, clock):
    """To be called before the first of a series of steps."""
    resume(constants, images, buffers, clock)


@jit
def find_signals(team, weights, images, constants, mask, buffers, clock, stop):
    """The signals of the next step that is learnt: x_all, g, a, q and o of `buffers`; dw is made of
    products of the first four. The steps before it that are not learnt are done.

    Returns (label, number of strokes, sum of s). The label is -1 if there is no such step before
    step `stop`, or a value is not finite: that step is not counted and changes no synapse.
    """
    while clock[STEPS] < stop and clock[NOT_FINITE] == 0:
        count, total, learnt = compute_signals(
            team, weights, images, constants, mask, buffers, clock
        )
        if learnt:
            spread_inputs(images, buffers)
            number = image_of_step(constants, buffers.order, images.label.shape[0], clock[STEPS])
            return np.int64(images.label[number]), count, total
        finish_step(weights, mask, clock, False)
    return np.int64(-1), np.int64(0), 0.0


@jit
def fill_updates(dw, pre, post):
    """dw[i, j] = pre[i] post[j]; real (n_pre, n_post), (n_pre,), (n_post,)."""
    for i in range(pre.shape[0]):
        row, factor = dw[i], pre[i]
        for j in range(post.shape[0]):
            row[j] = factor * post[j]


@jit
def fill_weights(w1, u, v):
    """W1 as it stands, the lazy background included: real (n_in + 1, nh)."""
    n_in = u.shape[0] - 1
    for i in range(n_in):
        row, own = w1[i], u[i]
        for j in range(v.shape[0]):
            row[j] = own[j] + v[j]
    for j in range(v.shape[0]):
        w1[n_in, j] = u[n_in, j]


@jit
def find_unfit(bits, pre, post, n_pre, n_post):
    """The position of the first pair that is out of range or was there before; -1 if all fit.

    pre, post : int64 (n,); bits : uint64 (>= n_pre n_post / 64,), all 0 before and after.
    """
    unfit, seen = -1, 0
    while unfit < 0 and seen < pre.shape[0]:
        i, j = pre[seen], post[seen]
        if i < 0 or i >= n_pre or j < 0 or j >= n_post or is_marked(bits, i * n_post + j):
            unfit = seen
        else:
            mark(bits, i * n_post + j)
            seen += 1
    for position in range(seen):
        bits[(pre[position] * n_post + post[position]) // 64] = 0
    return unfit


@jit
def is_finite(values):
    """Whether all values, real (n,), are finite."""
    largest = np.finfo(values.dtype).max
    unfit = 0
    for i in range(values.shape[0]):
        unfit += not abs(values[i]) <= largest
    return unfit == 0


@jit
def apply_step(
    team,
    weights,
    images,
    constants,
    mask,
    buffers,
    positions,
    energies,
    clock,
    extent,
    layers,
    costs,
):
    """Change the chosen synapses, account for them, and count the step.

    All in one call, so that no signal that Python handles can come between.

    positions : int64 (LISTED + SPARE,), scratch; extent : number of strokes, sum of s
    layers : Change of the hidden and of the output layer
    costs : float64 (2, n), those so far and those of this step
    """
    count, total = extent
    if layers[0].change.kind == ALL:
        signals = HiddenSignals(
            *(buffers.row, buffers.x, buffers.s, buffers.a, buffers.g),
            *(buffers.q[:0], buffers.all_outputs[:0], buffers.wide),
        )
        alone = Weights(weights.u, weights.v, weights.r, weights.w_out[:0])
        update_units(team, alone, images, constants, signals, count, total)
        if layers[0].paid.kind == ALL:
            account_units(images, constants, signals, energies, count)
    if layers[1].change.kind == ALL:
        update_readout(0, 1, weights, constants, buffers)
        if layers[1].paid.kind == ALL:
            account_readout(constants, buffers, energies)
    for layer in range(2):
        _change(weights, buffers, positions, energies, layer, layers[layer].change)
    _pay(energies, buffers.wide[0], layers, costs)
    finish_step(weights, mask, clock, True)


@jit
def pay_last(energies, wide, layers, costs):
    """Account for what is paid in the end; see `apply_step`. wide : float64 (LANES,), scratch."""
    _pay(energies, wide, layers, costs)


@inner
def _pay(energies, wide, layers, costs):
    for layer in range(2):
        _account(energies, wide, layer, layers[layer].paid)
    for k in range(costs.shape[1]):
        costs[0, k] += costs[1, k]


@inner
def _change(weights, buffers, positions, energies, layer, change):
    """Change a layer's synapses, unless ALL; those that change by dw are accounted for."""
    pre, post = change.pre, change.post
    if change.kind == PAIRS:
        for n in range(pre.shape[0]):
            change_synapse(weights, buffers, energies, layer, pre[n], post[n])
    elif change.kind == PRODUCT:
        for n in range(pre.shape[0]):
            _change_row(weights, buffers, energies, layer, pre[n], post, 0)
    elif change.kind == MASK:
        _change_masked(weights, buffers, positions, energies, layer, change)
    elif change.kind == SPARSE:
        for n in range(pre.shape[0]):
            _add(weights, layer, pre[n], post[n], change.value[n])
    elif change.kind == DENSE:
        for i in range(change.dense.shape[0]):
            _add_row(weights, layer, i, change.dense[i])


@inner
def _change_masked(weights, buffers, positions, energies, layer, change):
    """Change the synapses of a mask, row by row: they are listed, some at a time.

    Most masks have few synapses, so that looking for them takes the time.
    """
    mask, words = change.mask, change.words
    listed, grouped = 0, words.shape[0] // _GROUP * _GROUP
    for start in range(0, grouped, _GROUP):
        if words[start] | words[start + 1] | words[start + 2] | words[start + 3]:
            for word in range(start, start + _GROUP):
                if words[word]:
                    for n in range(word * _WORD, (word + 1) * _WORD):
                        positions[listed] = n
                        listed += mask[n] != 0
            if listed >= LISTED:
                _change_listed(weights, buffers, energies, layer, positions[:listed])
                listed = 0
    for n in range(grouped * _WORD, mask.shape[0]):
        positions[listed] = n
        listed += mask[n] != 0
    _change_listed(weights, buffers, energies, layer, positions[:listed])


@inner
def _change_listed(weights, buffers, energies, layer, positions):
    """Synapses by their ascending positions in the layer, row by row, change."""
    columns = buffers.g.shape[0] if layer == 0 else buffers.q.shape[0]
    first = 0
    while first < positions.shape[0]:
        row = positions[first] // columns
        last = first + 1
        while last < positions.shape[0] and positions[last] < (row + 1) * columns:
            last += 1
        _change_row(weights, buffers, energies, layer, row, positions[first:last], row * columns)
        first = last


@inner
def _change_row(weights, buffers, energies, layer, pre, post, start):
    """Synapses from input `pre` onto the units post[n] - start change, as by `change_synapse`."""
    if layer == 0:
        g, factor = buffers.g, buffers.x_all[pre]
        _change_values(energies, layer, pre, weights.u[pre], factor, g, post, start)
        if pre < weights.u.shape[0] - 1:
            for p in range(post.shape[0]):
                j = np.uint64(post[p] - start)  # unsigned: no test for negative indices
                weights.r[j] += np.float64(factor) * g[j]
    else:
        q, factor = buffers.q, buffers.a[pre]
        _change_values(energies, layer, pre, weights.w_out[:, pre], factor, q, post, start)


@inner
def _change_values(energies, layer, pre, row, factor, values, post, start):
    """row[j] += factor * values[j] for j = post[n] - start; sums are in registers: in memory they
    take twice the time."""
    changed, total = 0, energies.power[0, layer]
    for p in range(post.shape[0]):
        j = np.uint64(post[p] - start)
        dw = factor * values[j]
        row[j] += dw
        changed += dw != 0
        count_synapse(energies.tally, layer, pre, j, dw != 0)
        total += power(dw, 1.0)
    energies.m0[layer] += changed
    energies.power[0, layer] = total
    for e in range(1, energies.exponent.shape[0]):
        for p in range(post.shape[0]):
            dw = factor * values[post[p] - start]
            energies.power[e, layer] += power(dw, energies.exponent[e])


@inner
def _add(weights, layer, pre, post, value):
    """Add a value that is not 0 to a weight; one of 0 would change the sign of a zero."""
    if value == 0:
        return
    if layer == 0:
        weights.u[pre, post] += value
        if pre < weights.u.shape[0] - 1:
            weights.r[post] += value
    else:
        weights.w_out[post, pre] += value


@inner
def _add_row(weights, layer, pre, values):
    """Add values, real (n_post,), to the weights from an input; as `_add`."""
    if layer == 1 or pre == weights.u.shape[0] - 1:
        for j in range(values.shape[0]):
            _add(weights, layer, pre, j, values[j])
        return
    row, r = weights.u[pre], weights.r
    for j in range(values.shape[0]):
        before, value = row[j], values[j]
        after = before + value
        row[j] = after if value != 0 else before
        r[j] += value


@inner
def _account(energies, wide, layer, paid):
    """Add the energies of the values of SPARSE or DENSE."""
    if paid.kind != SPARSE and paid.kind != DENSE:
        return
    value, columns = paid.value, paid.dense.shape[1]
    energies.m0[layer] += count_nonzero(value)
    for e in range(energies.exponent.shape[0]):
        energies.power[e, layer] += sum_power(value, energies.exponent[e], wide)
    if energies.tally is not None:
        for n in range(value.shape[0]):
            pre, post = n // columns, n % columns
            if paid.kind == SPARSE:
                pre, post = paid.pre[n], paid.post[n]
            count_synapse(energies.tally, layer, pre, post, value[n] != 0)
