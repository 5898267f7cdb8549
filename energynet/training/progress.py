"""Progress of a run on a terminal or in a log; both write to stderr."""

import sys
import time
from typing import Any, Protocol, TextIO

from energynet.training.loop import Progress

_EVERY = 10.0  # seconds between two lines of a log


class Reporter(Protocol):
    """What `train(progress=...)` calls, and its owner closes."""

    def __call__(self, state: Progress) -> None:
        """Take notice of where the run stands."""

    def close(self) -> None:
        """Leave the output tidy."""


def reporter(quiet: bool, stream: TextIO | None = None) -> Reporter | None:
    """A bar on a terminal, else a line every 10 s; None with `quiet`."""
    if quiet:
        return None
    stream = stream or sys.stderr
    return Bar(stream) if stream.isatty() else Lines(stream)


def describe(state: Progress) -> str:
    """Accuracy and energies in a few words."""
    accuracy = "not tested yet" if state.accuracy is None else f"accuracy {state.accuracy:.4f}"
    return f"{accuracy}, M0 {state.m0:.3g}, M1 {state.m1:.3g}"


class Bar:
    """A bar over the steps; its time remaining is that to the last step, the most it can take."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.bar: Any = None

    def __call__(self, state: Progress) -> None:
        """Move the bar."""
        if self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(
                total=state.max_steps,
                initial=state.step,
                unit=" steps",
                file=self.stream,
                dynamic_ncols=True,
                bar_format="{n:,d}/{total:,d} steps |{bar}| {desc}, at most {remaining} left",
            )
        self.bar.set_description_str(describe(state), refresh=False)
        self.bar.update(state.step - self.bar.n)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self.bar is not None:
            self.bar.close()


class Lines:
    """A plain line now and then."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.began = self.written = 0.0
        self.first: int | None = None

    def __call__(self, state: Progress) -> None:
        """Write a line if it is time."""
        now = time.monotonic()
        if self.first is None:
            self.first, self.began, self.written = state.step, now, now
        if now - self.written < _EVERY:
            return
        self.written = now
        done = state.step - self.first
        left = (now - self.began) * (state.max_steps - state.step) / max(done, 1)
        print(
            f"{state.step:,d} of at most {state.max_steps:,d} steps, {describe(state)},"
            f" at most {left:,.0f} s left",
            file=self.stream,
            flush=True,
        )

    def close(self) -> None:
        """Nothing is left open."""
