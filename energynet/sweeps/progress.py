"""Progress of a sweep: one bar on a terminal or in a notebook, else a line now and then."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from energynet.config import TrainingConfig
from energynet.support.checks import pluralize
from energynet.support.format import duration
from energynet.support.ticker import Ticker
from energynet.sweeps.estimates import MNIST_LOAD, Load, expected_seconds
from energynet.training.warm import kernel_words, kernels_of

_EVERY = 30.0  # seconds between two lines of a log
_SOME = 0.1  # of the runs, of the time that a run has taken
_PATIENCE = 3.0  # seconds of loading kernels; what takes longer is compiling


@dataclass
class Pace:
    """How fast the runs of a rule and size go.

    left, paid : seconds that the cost model gives to runs that have not ended, and to the others
    busy : seconds that these took of workers
    ended, waiting : how many there are of these, and of the others
    """

    left: float = 0.0
    paid: float = 0.0
    busy: float = 0.0
    ended: int = 0
    waiting: int = 0

    def speed(self, otherwise: float) -> float:
        """Seconds of a worker for a second of the model; `otherwise` if none was measured."""
        return self.busy / self.paid if self.busy > 0 else otherwise


def _kind(config: TrainingConfig) -> tuple[str, int]:
    return config.rule.name, config.hidden


class SweepProgress:
    """What is done, running and failed, and how long the rest may take.

    The time that is left is that of the cost model, scaled for each rule and size by how fast its
    runs went without compiling; what a run has taken so far counts as done. Nothing is said of it
    before a run of each rule and size that is left has ended, or a tenth of all runs. If kernels
    had to be compiled, those that are left count with the mean time that the others took.

    todo : the configs of the runs by id; stored : how many more are stored already.
    """

    def __init__(
        self,
        todo: Mapping[str, TrainingConfig],
        stored: int,
        workers: int,
        stream: TextIO | None,
        load: Load = MNIST_LOAD,
    ) -> None:
        self.todo, self.load = todo, load
        self.pace: dict[tuple[str, int], Pace] = {}
        for config in todo.values():
            pace = self.pace.setdefault(_kind(config), Pace())
            pace.left += expected_seconds(config, load)
            pace.waiting += 1
        self.total = stored + len(todo)
        self.done, self.stored, self.failed = stored, stored, 0
        self.running: int | None = 0
        self.workers = workers
        self.ticker: Ticker | None = None
        if stream is not None:
            unit = " run" if self.total == 1 else " runs"
            form = "{n:,d}/{total:,d}{unit} |{bar}| {desc}"
            self.ticker = Ticker(stream, _EVERY, total=self.total, unit=unit, bar_format=form)
        self.began = time.monotonic()
        self.since: dict[str, float] = {}  # when a run began, or had its kernels loaded
        self.compiling: set[str] = set()  # runs whose workers compile
        self.announced: set[str] = set()
        self.cold = {kernels_of(config)[-1] for config in todo.values()}
        self.compiled: list[float] = []  # seconds for each set of kernels

    def start(self) -> None:
        """Show that work begins."""
        if self.total > self.stored:
            self._show(force=True)

    def begin(self, identity: str, compiles: bool) -> None:
        """A run began; `compiles` if its worker is the first to need some kernels."""
        self.since[identity] = time.monotonic()
        if compiles:
            self.compiling.add(identity)
        self.running = len(self.since)
        self._show()

    def ready(self, identity: str) -> None:
        """The kernels of a run are loaded."""
        spent = time.monotonic() - self.since[identity]
        self.since[identity] = time.monotonic()
        self.cold.discard(self._kernels(identity))
        if identity in self.compiling:
            self.compiling.discard(identity)
            self.compiled.append(spent)
            if self._what(identity) in self.announced:
                self.tell(f"compiled {self._what(identity)} in {spent:.0f} s")

    def end(self, identity: str, outcome: str) -> None:
        """A run ended."""
        pace, cost = self.pace[_kind(self.todo[identity])], self._cost(identity)
        pace.left -= cost
        pace.paid += cost
        pace.ended, pace.waiting = pace.ended + 1, pace.waiting - 1
        if identity in self.since:
            pace.busy += time.monotonic() - self.since.pop(identity)
        self.compiling.discard(identity)
        self.done += 1
        self.running = max(0, (self.running or 0) - 1)
        self.failed += outcome == "failed"
        self._show(force=self.done == self.total)

    def tick(self, running: int | None) -> None:
        """Time has passed; `running` is how many runs are under way, None if nobody knows."""
        self.running = running
        for kernels in {self._what(identity) for identity in self._slow()} - self.announced:
            self.announced.add(kernels)
            self.tell(f"compiling {kernels}, once: this takes up to a minute")
        self._show()

    def words(self) -> str:
        """Where the sweep stands."""
        parts = [] if self.running is None else [f"{self.running:,d} running"]
        if self.running == 0 and self.done == self.stored < self.total:
            parts = ["starting"]
        parts += [f"{self.failed:,d} failed"] if self.failed else []
        parts += ["compiling kernels"] if self._slow() else []
        parts += [f"about {duration(self._remaining())} left"] if self._is_known() else []
        return ", ".join(parts)

    def _is_known(self) -> bool:
        """Whether enough runs have ended to tell how long the rest takes."""
        ended = self.done - self.stored
        every = all(pace.ended for pace in self.pace.values() if pace.waiting)
        return ended > 0 and (every or ended >= _SOME * len(self.todo))

    def _remaining(self) -> float:
        if self.done == self.total:
            return 0.0
        workers = max(1, min(self.workers, self.total - self.done))
        paid = sum(pace.paid for pace in self.pace.values())
        busy = sum(pace.busy for pace in self.pace.values())
        if busy == 0:  # an executor does not tell when a run began
            left = sum(pace.left for pace in self.pace.values())
            return left * (time.monotonic() - self.began) / paid
        runs, longest = sum(pace.left * pace.speed(busy / paid) for pace in self.pace.values()), 1.0
        for identity, since in self.since.items():
            taken = 0.0 if identity in self.compiling else time.monotonic() - since
            pace = self.pace[_kind(self.todo[identity])]
            whole = self._cost(identity) * pace.speed(busy / paid)
            rest = max(whole - taken, _SOME * taken)  # it may take longer than others did
            runs += rest - whole
            longest = max(longest, rest)
        compiled = [seconds for seconds in self.compiled if seconds > _PATIENCE]
        each = sum(compiled) / len(compiled) if compiled else 0.0
        return max(longest, runs / workers) + each * len(self.cold) / workers

    def _cost(self, identity: str) -> float:
        return expected_seconds(self.todo[identity], self.load)

    def _slow(self) -> set[str]:
        """Runs whose kernels are being compiled: loading them would not take as long."""
        latest = time.monotonic() - _PATIENCE
        return {identity for identity in self.compiling if self.since[identity] < latest}

    def _what(self, identity: str) -> str:
        return kernel_words(self.todo[identity])

    def _kernels(self, identity: str) -> str:
        return kernels_of(self.todo[identity])[-1]

    def tell(self, text: str) -> None:
        """Write a line."""
        if self.ticker is not None:
            self.ticker.tell(text)

    def close(self) -> None:
        """Leave the output tidy."""
        if self.ticker is not None:
            self.ticker.close()

    def _show(self, force: bool = False) -> None:
        if self.ticker is not None:
            words = self.words()
            line = f"{self.done:,d} of {pluralize(self.total, 'run')}, {words}"
            self.ticker.show(self.done, words, line, force)
