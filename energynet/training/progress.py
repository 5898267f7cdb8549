"""Progress of a run on a terminal or in a log; both write to stderr."""

import os
import sys
import time
from contextlib import suppress
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
    """A bar on a terminal, else a line every 10 s; None with `quiet`, or if there is no stderr."""
    stream = stream or sys.stderr
    if quiet or stream is None:
        return None
    forgiving = Forgiving(stream)
    return Bar(forgiving) if forgiving.isatty() else Lines(forgiving)


def describe(state: Progress) -> str:
    """Accuracy and energies in a few words."""
    accuracy = "not tested yet" if state.accuracy is None else f"accuracy {state.accuracy:.4f}"
    return f"{accuracy}, M0 {state.m0:.3g}, M1 {state.m1:.3g}"


class Forgiving:
    """A stream that drops what it cannot write: progress never ends the work that it is about.

    In all else it is the stream that it was made from.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, if that is possible."""
        with suppress(Exception):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if that is possible."""
        with suppress(Exception):
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        try:
            return bool(self._stream.isatty())
        except Exception:  # it is closed, or an object that only has write()
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def new_bar(stream: Forgiving, **options: Any) -> Any:
    """A bar of tqdm that is as wide as the terminal; 80 columns if that does not know its size."""
    from tqdm import tqdm

    size: dict[str, Any] = {"dynamic_ncols": True}
    with suppress(OSError, ValueError, AttributeError):  # it is no terminal, but a notebook
        if os.get_terminal_size(stream.fileno()).columns == 0:
            size = {"ncols": 80, "nrows": 24}
    return tqdm(file=stream, **size, **options)


class Bar:
    """A bar over the steps; its time remaining is that to the last step, the most it can take."""

    def __init__(self, stream: Forgiving) -> None:
        self.stream = stream
        self.bar: Any = None

    def __call__(self, state: Progress) -> None:
        """Move the bar."""
        if self.bar is None:
            self.bar = new_bar(
                self.stream,
                total=state.max_steps,
                initial=state.step,
                unit=" steps",
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

    def __init__(self, stream: Forgiving) -> None:
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
