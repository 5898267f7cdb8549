"""A step of `all` against the traffic that it cannot do without."""

import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numba
import numpy as np

from bench import runs
from bench.results import Section, counted, microseconds
from bench.timing import Effort, compare, ratios
from energynet.support.format import significant
from energynet.training.run import Run

CASES = ((1000, 1.5), (10_000, 1.5), (100_000, 1.4))  # hidden units, largest ratio allowed
_COLUMNS = [
    *("nh", "threads", "U, MB", "stroke rows", "MB per step", "streaming, us", "GB/s"),
    *("`all`, us", "GB/s"),
]
_WIDTH = 16  # columns of a cache line: threads do not share any


class Stream:
    """An array of the size of a run's U, and the run's order of images from its present step on."""

    def __init__(self, run: Run, threads: int) -> None:
        self.u = np.ones(run.weights.u.shape, np.float32)
        self.order_key, self.step = run.constants.order_key, run.step
        edges = np.linspace(0, self.u.shape[1], threads + 1).astype(int) // _WIDTH * _WIDTH
        edges[-1] = self.u.shape[1]
        self.borders = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
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
        pixels = runs.mnist().x_train
        numbers = runs.image_numbers(self.order_key, self.step, steps, len(pixels))
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


def measure(effort: Effort) -> Section:
    """One thread at all sizes, and two where steps are shared out."""
    section = Section("Steps of `all` against streaming their stroke rows")
    lines = []
    for size, target in CASES:
        hidden = effort.size(size)
        for threads in runs.thread_counts() if size > 1000 else (1,):
            run = runs.trained_run(hidden, "all", None, threads, effort.quick)
            stream = Stream(run, threads)
            times = compare({"all": runs.stepping(run), "stream": stream.task}, effort)
            section.add(
                f"`all` / streaming, nh = {hidden:,}, {counted(threads)}",
                ratios(times["all"], times["stream"]),
                at_most=target,
            )
            lines.append(_line(hidden, threads, stream, times))
    section.table(
        "Bytes that must move in a step, and how fast they do",
        _COLUMNS,
        lines,
    )
    section.note(_roofline(lines))
    return section


def _line(hidden: int, threads: int, stream: Stream, times: dict) -> list:
    moved = stream.bytes_a_step
    rate = [moved / statistics.median(times[name]) / 1e9 for name in ("stream", "all")]
    return [
        f"{hidden:,}",
        threads,
        significant(stream.u.nbytes / 1e6),
        significant(stream.rows_moved / stream.steps_done),
        significant(moved / 1e6),
        microseconds(times["stream"]),
        significant(rate[0]),
        microseconds(times["all"]),
        significant(rate[1]),
    ]


def _roofline(lines: list) -> str:
    """Who is how close to what the memory allows."""
    reached = [
        f"{float(line[8]) / float(line[6]):.0%} at nh = {line[0]} on {counted(line[1])}"
        f" ({line[8]} of {line[6]} GB/s)"
        for line in lines
    ]
    return (
        "Roofline: a step of `all` must read each stroke row of U to find the net inputs, and read"
        " and write it again to change it. That is 12 bytes and two multiply-adds per weight, a"
        " third of a FLOP per byte: memory is the bound, be it a cache or not. The streaming loop"
        " moves the same rows in the same order and computes next to nothing: it is the roof. Of"
        f" its bandwidth a step of `all` reaches: {'; '.join(reached)}. What is left goes into the"
        " image, the output layer forward and back, and the energies."
    )
