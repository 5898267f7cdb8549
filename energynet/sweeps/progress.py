"""Progress of a sweep: one bar on a terminal or in a notebook, else a line now and then."""

import time
from collections.abc import Mapping
from typing import TextIO

from energynet.config import TrainingConfig
from energynet.support.checks import pluralize
from energynet.support.format import duration
from energynet.support.ticker import Ticker
from energynet.sweeps.estimates import MNIST_LOAD, Load, expected_seconds
from energynet.training.warm import kernel_words, kernels_of

_EVERY = 30.0  # seconds between two lines of a log
_PATIENCE = 3.0  # seconds of loading kernels; what takes longer is compiling


class SweepProgress:
    """What is done, running and failed, and how long the rest may take.

    The time that is left is that of the cost model, scaled by how fast the runs so far went without
    compiling. Nothing is said of it until a run has ended. If kernels had to be compiled, those
    that are left count with the mean time that the others took.

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
        self.left = sum(expected_seconds(config, load) for config in todo.values())
        self.total = stored + len(todo)
        self.done, self.stored, self.failed = stored, stored, 0
        self.running: int | None = 0
        self.paid = 0.0
        self.workers = workers
        self.ticker: Ticker | None = None
        if stream is not None:
            unit = " run" if self.total == 1 else " runs"
            form = "{n:,d}/{total:,d}{unit} |{bar}| {desc}"
            self.ticker = Ticker(stream, _EVERY, total=self.total, unit=unit, bar_format=form)
        self.began = time.monotonic()
        self.busy = 0.0  # seconds of workers for the runs that ended
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
        cost = expected_seconds(self.todo[identity], self.load)
        self.left -= cost
        self.paid += cost
        if identity in self.since:
            self.busy += time.monotonic() - self.since.pop(identity)
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
        parts += [f"{self.failed:,d} failed"] if self.failed else []
        parts += ["compiling kernels"] if self._slow() else []
        parts += [f"about {duration(self._remaining())} left"] if self.paid > 0 else []
        return ", ".join(parts)

    def _remaining(self) -> float:
        workers = max(1, min(self.workers, self.total - self.done))
        if self.busy > 0:
            runs = self.left / (self.paid / self.busy * workers)
        else:  # an executor does not tell when a run began
            runs = self.left * (time.monotonic() - self.began) / self.paid
        compiled = [seconds for seconds in self.compiled if seconds > _PATIENCE]
        each = sum(compiled) / len(compiled) if compiled else 0.0
        return runs + each * len(self.cold) / workers

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
