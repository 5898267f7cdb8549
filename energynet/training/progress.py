"""Progress of a run on stderr."""

import sys
import time
from typing import TextIO

from energynet.support.format import duration, percent, significant
from energynet.support.ticker import Ticker
from energynet.training.loop import Progress

_EVERY = 10.0  # seconds between two lines of a log


def reporter(quiet: bool, stream: TextIO | None = None) -> "Reporter | None":
    """A bar on a terminal, else a line every 10 s; None with `quiet`, or if there is no stderr."""
    stream = stream or sys.stderr
    return None if quiet or stream is None else Reporter(stream)


def describe(state: Progress) -> str:
    """Accuracy and energies in a few words."""
    tested = state.accuracy is not None
    accuracy = f"accuracy {percent(state.accuracy, '.2f')}" if tested else "not tested yet"
    return f"{accuracy}, M0 {significant(state.m0)}, M1 {significant(state.m1)}"


class Reporter:
    """What `train(progress=...)` calls, and its owner closes.

    Its time remaining is that to the last step, the most that a run can take.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.ticker: Ticker | None = None
        self.first, self.began = 0, 0.0

    def __call__(self, state: Progress) -> None:
        """Show where the run stands."""
        if self.ticker is None:
            self.first, self.began = state.step, time.monotonic()
            self.ticker = Ticker(
                self.stream,
                _EVERY,
                total=state.max_steps,
                unit=" steps",
                bar_format="{n:,d}/{total:,d} steps |{bar}| {desc}, at most {remaining} left",
            )
        words = describe(state)
        pace = (time.monotonic() - self.began) / max(state.step - self.first, 1)
        left = pace * (state.max_steps - state.step)
        counted = f"{state.step:,d} of at most {state.max_steps:,d} steps"
        self.ticker.show(state.step, words, f"{counted}, {words}, at most {duration(left)} left")

    def close(self) -> None:
        """Leave the output tidy."""
        if self.ticker is not None:
            self.ticker.close()
