"""Outputs and classes of many images."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from energynet.kernels.evaluate import GROUPS, allocate, evaluate
from energynet.kernels.state import Activation, Images, Weights
from energynet.kernels.strokes import StrokeLists, list_images

_IMAGES = 10_000  # whose strokes `evaluate_images` lists at a time


def evaluate_images(
    weights: Weights, images: Images, activation: Activation, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """As `evaluate_lists`, for images whose strokes are not yet listed."""
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


def evaluate_lists(
    weights: Weights, lists: StrokeLists, activation: Activation, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs, real (n, n_out), and classes, int32 (n,); with v folded into u (v = 0).

    Images are shared out over threads; each is evaluated alone, so the bits never depend on them.
    """
    n, groups = np.count_nonzero(lists.image >= 0), len(lists.image)
    output = np.zeros((n, len(weights.w_out)), weights.u.dtype)
    predicted = np.empty(n, np.int32)

    def part(start: int) -> None:
        batch = allocate(weights.u.shape[0] - 1, weights.u.shape[1], weights.u.dtype)
        stop = min(start + GROUPS, groups)
        evaluate(weights, lists, activation, batch, start, stop, output, predicted)

    starts = range(0, max(groups, 1), GROUPS)  # none at all: compiled, nothing done
    if threads == 1 or len(starts) == 1:
        for start in starts:
            part(start)
    else:
        with ThreadPoolExecutor(min(threads, len(starts))) as pool:
            list(pool.map(part, starts))
    return output, predicted
