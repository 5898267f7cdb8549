"""The least that a step can do: read, then read and write, the rows of its image's strokes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numba
import numpy as np

from bench.images import image_numbers
from bench.runs import mnist
from energynet.prepare import Run

_WIDTH = 16  # a border between the columns of two threads falls on a cache line


class Stream:
    """An array of the size of U, and the order of images of a run from its present step on."""

    def __init__(self, run: Run, threads: int = 1) -> None:
        self.u = np.ones(run.network.u.shape, np.float32)
        self.order_key, self.step = run.plan.order_key, int(run.clock[0])
        edges = np.linspace(0, self.u.shape[1], threads + 1) // _WIDTH * _WIDTH
        edges[-1] = self.u.shape[1]
        self.borders = list(zip(edges[:-1].astype(int), edges[1:].astype(int), strict=True))
        self.rows_moved = self.steps_done = 0

    def task(self, steps: int) -> Callable[[], None]:
        """List the rows of the next steps; returns the loop over them, to be timed."""
        rows, starts = self._row_lists(steps)
        self.rows_moved += len(rows)
        self.steps_done += steps
        parts = [partial(_stream, self.u, rows, starts, *border) for border in self.borders]
        return parts[0] if len(parts) == 1 else partial(_at_once, parts)

    @property
    def bytes_a_step(self) -> float:
        """Mean traffic so far: every row is read twice and written once."""
        return 3 * 4 * self.u.shape[1] * self.rows_moved / self.steps_done

    def _row_lists(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        pixels = mnist().x_train
        numbers = image_numbers(self.order_key, self.step, steps, len(pixels))
        self.step += steps
        used = np.ones((steps, pixels.shape[1] + 1), bool)  # the bias row, last, always is
        np.not_equal(pixels[numbers], 0, out=used[:, :-1])
        starts = np.concatenate([[0], np.cumsum(np.count_nonzero(used, axis=1))])
        return np.nonzero(used)[1].astype(np.int32), starts


def _at_once(parts: list[Callable[[], float]]) -> None:
    with ThreadPoolExecutor(len(parts)) as pool:
        for future in [pool.submit(part) for part in parts]:
            future.result()


@numba.njit(nogil=True, fastmath=True)
def _stream(u, rows, starts, first, last):
    """Step by step: read the listed rows' columns first ... last - 1, then read and write them.

    The sum is returned so that the reading is not optimised away.
    """
    total = np.float32(0)
    little = np.float32(1e-6)
    for step in range(starts.shape[0] - 1):
        for k in range(starts[step], starts[step + 1]):
            row = u[rows[k], first:last]
            for j in range(row.shape[0]):
                total += row[j]
        for k in range(starts[step], starts[step + 1]):
            row = u[rows[k], first:last]
            for j in range(row.shape[0]):
                row[j] += little
    return total
