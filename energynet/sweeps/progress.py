"""Progress of a sweep: one bar on a terminal or in a notebook, else a line now and then."""

import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

from energynet.config import TrainingConfig
from energynet.support.checks import counted
from energynet.sweeps.cost import MNIST_LOAD, Load, expected_seconds
from energynet.training.progress import Forgiving, new_bar

_EVERY = 30.0  # seconds between two lines of a log
_REFRESH = 1.0  # seconds between two looks of a bar while no run ends


class SweepProgress:
    """What is done, running and failed, and how long the rest may take.

    The time that is left is that of the cost model, scaled by how fast the runs so far went.
    """

    def __init__(
        self,
        todo: Sequence[TrainingConfig],
        stored: int,
        workers: int,
        stream: TextIO | None,
        load: Load = MNIST_LOAD,
    ) -> None:
        self.load = load
        self.left = sum(expected_seconds(config, load) for config in todo)
        self.total = stored + len(todo)
        self.done, self.stored, self.failed = stored, stored, 0
        self.running: int | None = 0
        self.paid = 0.0
        self.workers = workers
        self.stream = None if stream is None else Forgiving(stream)
        self.began = self.written = time.monotonic()
        self.bar: Any = None

    def start(self) -> None:
        """Show that work begins."""
        if self.stream is not None and self.total > self.stored:
            self._show(force=True)

    def begin(self) -> None:
        """A run began."""
        self.running = (self.running or 0) + 1
        self._show()

    def end(self, config: TrainingConfig, outcome: str) -> None:
        """A run ended."""
        cost = expected_seconds(config, self.load)
        self.left -= cost
        self.paid += cost
        self.done += 1
        self.running = max(0, (self.running or 0) - 1)
        self.failed += outcome == "failed"
        self._show(force=self.done == self.total)

    def tick(self, running: int | None) -> None:
        """Time has passed; `running` is how many runs are under way, None where nobody knows."""
        self.running = running
        self._show()

    def words(self) -> str:
        """Where the sweep stands."""
        spent = time.monotonic() - self.began
        rate = self.paid / spent if self.paid > 0 and spent > 0 else float(self.workers)
        parts = [] if self.running is None else [f"{self.running} running"]
        parts += [f"{self.failed} failed"] if self.failed else []
        return ", ".join([*parts, f"about {_duration(self.left / rate)} left"])

    def close(self) -> None:
        """Leave the output tidy."""
        if self.bar is not None:
            self.bar.close()

    def _show(self, force: bool = False) -> None:
        if self.stream is None:
            return
        now = time.monotonic()
        if self.stream.isatty() or _notebook():
            if self.bar is None:
                self.bar = self._new_bar(self.stream)
            self.bar.set_description_str(self.words(), refresh=False)
            self.bar.update(self.done - self.bar.n)
            if now - self.written >= _REFRESH:  # tqdm itself waits for a run to end
                self.written = now
                self.bar.refresh()
            return
        if force or now - self.written >= _EVERY:
            self.written = now
            print(
                f"{self.done} of {counted(self.total, 'run')}, {self.words()}",
                file=self.stream,
                flush=True,
            )

    def _new_bar(self, stream: Forgiving) -> Any:
        return new_bar(
            stream,
            total=self.total,
            initial=self.done,
            unit=" run" if self.total == 1 else " runs",
            bar_format="{n_fmt}/{total_fmt}{unit} |{bar}| {desc}",
        )


def _duration(seconds: float) -> str:
    seconds = max(0.0, seconds)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _notebook() -> bool:
    return "ipykernel" in sys.modules
