"""Outputs and classes of many images."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from energynet.kernels.evaluate import GROUPS, Kept, allocate, evaluate, whole_parts
from energynet.kernels.native import TOGETHER
from energynet.kernels.state import Activation, Images, Weights, aligned
from energynet.kernels.strokes import StrokeLists, list_images
from energynet.kernels.sums import BLOCK

_IMAGES = 10_000  # `evaluate_images` lists the strokes of so many at a time
_KEPT_BYTES = 64 * 2**20  # most that is kept of the frozen units from test to test


def evaluate_images(
    weights: Weights, images: Images, activation: Activation, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """Like `evaluate_lists`, for images whose strokes are not yet listed."""
    parts = [
        evaluate_lists(weights, list_images(_cut(images, start)), activation, threads)
        for start in range(0, max(len(images.label), 1), _IMAGES)
    ]
    outputs, classes = zip(*parts, strict=True)
    return np.concatenate(outputs), np.concatenate(classes)


def _cut(images: Images, start: int) -> Images:
    part = slice(start, start + _IMAGES)
    return images._replace(
        codes=images.codes[part], values=images.values[part], label=images.label[part]
    )


def keep_frozen(weights: Weights, lists: StrokeLists, plastic: int, readout: int) -> Kept:
    """Room for what tests keep of the frozen units, within _KEPT_BYTES; nothing is kept yet.

    The incoming weights of the first `plastic` units change, and the outgoing ones of the first
    `readout`. A block of units that is frozen on both sides keeps its sums, which are small. The
    blocks at the end keep their activities: there the frozen units are.
    """
    nh, n_out, real = weights.u.shape[1], len(weights.w_out), weights.u.dtype
    groups = len(lists.image)
    last = nh // BLOCK  # the bias unit's block: its sums change with the output biases
    first_sum = min(last, -(-max(plastic, readout) // BLOCK))
    a_sum = groups * TOGETHER * n_out * real.itemsize
    first_sum = max(first_sum, last - _KEPT_BYTES // max(a_sum, 1))
    left = _KEPT_BYTES - (last - first_sum) * a_sum
    first = last + 1  # the first block that keeps its activities
    while first > 0 and plastic < min(nh, first * BLOCK):
        columns = whole_parts(nh + 1 - (first - 1) * BLOCK, real)
        has_sums = first_sum < first <= last
        if has_sums or groups * TOGETHER * columns * real.itemsize > left:
            break
        first -= 1
    columns = whole_parts(max(0, nh + 1 - first * BLOCK), real)
    return Kept(
        plastic=plastic,
        full=np.zeros(1, np.bool_),
        first_sum=first_sum,
        sums=np.empty((last - first_sum, groups, TOGETHER, n_out), real),
        first_unit=first * BLOCK,
        a=aligned((groups if columns else 0, TOGETHER, columns), real),
    )


def evaluate_lists(
    weights: Weights,
    lists: StrokeLists,
    activation: Activation,
    threads: int,
    kept: Kept | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs, real (n, n_out), and classes, int32 (n,); with v folded into u (v = 0).

    Images are shared out over threads; each is evaluated alone, so the bits never depend on them.
    They do not depend on `kept` either. Calls may share one `kept` only if they have the same lists
    and frozen weights. The first call that ends fills it.
    """
    n, groups = np.count_nonzero(lists.image >= 0), len(lists.image)
    output = np.zeros((n, len(weights.w_out)), weights.u.dtype)
    predicted = np.empty(n, np.int32)
    if kept is None:
        kept = keep_frozen(weights, lists, plastic=weights.u.shape[1], readout=weights.u.shape[1])
    # Groups are sorted by strokes. A batch takes one of every few, so batches are equally long.
    batches = -(-max(groups, 1) // (GROUPS * threads)) * threads
    own = threading.local()

    def part(start: int) -> None:
        if not hasattr(own, "batch"):
            own.batch = allocate(weights.u.shape[0] - 1, weights.u.shape[1], weights.u.dtype)
        evaluate(weights, lists, activation, own.batch, kept, start, batches, output, predicted)

    if threads == 1:
        for start in range(batches):
            part(start)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, range(batches)))
    kept.full[0] = groups > 0
    return output, predicted
