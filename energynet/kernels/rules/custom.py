"""The steps of a custom rule, between which Python chooses the synapses that change."""

from typing import NamedTuple

import numpy as np

from energynet.kernels.jit import inner, jit
from energynet.kernels.rules.single import change_synapse, is_marked, mark, spread_inputs
from energynet.kernels.rules.steps import compute_signals, finish_step, resume
from energynet.kernels.state import NOT_FINITE, STEPS

PAIRS, PRODUCT, MASK = 0, 1, 2  # kinds of Selection


class Selection(NamedTuple):
    """Which synapses of a layer change.

    PAIRS   : pre[n] -> post[n], no pair twice
    PRODUCT : all synapses from the inputs `pre` onto the units `post`, none twice
    MASK    : those where mask is not 0
    pre, post : int64 (n,), (m,); mask : uint8 (n_pre, n_post), or (0, 0)
    """

    kind: int
    pre: np.ndarray
    post: np.ndarray
    mask: np.ndarray


@jit
def begin_steps(constants, images, buffers, clock):
    """To be called before the first of a series of steps."""
    resume(constants, images, buffers, clock)


@jit
def find_signals(team, weights, images, constants, mask, buffers, clock, stop):
    """The signals of the next step that is learnt: x_all, g, a and q of `buffers`; dw is made of
    their products. The steps before it that are not learnt are done.

    Returns False if there is none before step `stop`, or a value is not finite: that step is not
    counted and changes no synapse.
    """
    while clock[STEPS] < stop and clock[NOT_FINITE] == 0:
        _, _, learnt = compute_signals(team, weights, images, constants, mask, buffers, clock)
        if learnt:
            spread_inputs(images, buffers)
            return True
        finish_step(weights, mask, clock, False)
    return False


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
def apply_step(weights, mask, buffers, energies, clock, hidden, output):
    """Change the chosen synapses, account for them, and count the step.

    All in one call, so that no signal that Python handles can come between.
    hidden, output : Selection
    """
    _apply(weights, buffers, energies, 0, hidden)
    _apply(weights, buffers, energies, 1, output)
    finish_step(weights, mask, clock, True)


@inner
def _apply(weights, buffers, energies, layer, change):
    pre, post = change.pre, change.post
    if change.kind == PAIRS:
        for n in range(pre.shape[0]):
            change_synapse(weights, buffers, energies, layer, pre[n], post[n])
    elif change.kind == PRODUCT:
        for i in range(pre.shape[0]):
            for j in range(post.shape[0]):
                change_synapse(weights, buffers, energies, layer, pre[i], post[j])
    else:
        for i in range(change.mask.shape[0]):
            for j in range(change.mask.shape[1]):
                if change.mask[i, j]:
                    change_synapse(weights, buffers, energies, layer, i, j)
