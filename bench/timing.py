"""Timing of several tasks in turn, A B C A B C ..., so that a drifting machine speed cancels."""

import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# A task takes a number of units of work (training steps, mostly), prepares them, and returns what
# is to be timed. Tasks that are given the same numbers, call after call, meet the same images.
Task = Callable[[int], Callable[[], Any]]
Times = dict[Any, list[float]]  # seconds a unit, one number a round


@dataclass(frozen=True)
class Effort:
    """How thoroughly to measure: rounds of at least `seconds` for each task.

    reference : the Python of another build of energynet, whose `all` other rules are compared with
    """

    quick: bool
    rounds: int
    seconds: float
    reference: str = ""

    def size(self, hidden: int) -> int:
        """The number of hidden units to measure in place of `hidden`."""
        return max(20, hidden // 20) if self.quick else hidden

    def sizes(self, hidden: Iterable[int]) -> list[int]:
        """As `size`, for several, without repeats."""
        return list(dict.fromkeys(self.size(number) for number in hidden))


FULL = Effort(quick=False, rounds=7, seconds=0.15)
QUICK = Effort(quick=True, rounds=3, seconds=0.01)


def progress(line: str) -> None:
    """Tell a person that one more thing is done."""
    print(line, file=sys.stderr, flush=True)


def clock(work: Callable[[], Any]) -> float:
    """Seconds that one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def calibrate(tasks: Iterable[Task], seconds: float) -> int:
    """Units for which each task takes at least `seconds`; all do the same work meanwhile."""
    tasks, units = list(tasks), 1
    while True:
        fastest = min([clock(task(units)) for task in tasks])
        if fastest >= seconds:
            return units
        growth = 1.2 * seconds / max(fastest, 1e-9)
        units = math.ceil(units * min(max(growth, 1.2), 20))


def interleave(tasks: Mapping[Any, Task], units: Mapping[Any, int], rounds: int) -> Times:
    """Time all tasks round by round."""
    times: Times = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            times[name].append(clock(task(units[name])) / units[name])
    return times


def compare(tasks: Mapping[Any, Task], effort: Effort) -> Times:
    """Time tasks that do the same work, the same number of units in each round."""
    units = calibrate(tasks.values(), effort.seconds)
    return interleave(tasks, dict.fromkeys(tasks, units), effort.rounds)


def compare_unequal(tasks: Mapping[Any, Task], effort: Effort) -> Times:
    """Time tasks of very different speed: each does as many units as take it long enough."""
    units = {name: calibrate([task], effort.seconds) for name, task in tasks.items()}
    return interleave(tasks, units, effort.rounds)


def ratios(above: list[float], below: list[float]) -> list[float]:
    """The quotient in each round."""
    return [a / b for a, b in zip(above, below, strict=True)]
