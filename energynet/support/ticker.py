"""Progress on a stream: a bar on a terminal or in a notebook, else a line now and then."""

import os
import sys
import time
from contextlib import suppress
from typing import Any

_REFRESH = 1.0  # seconds between two looks of a bar while its count stands


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


def _new_bar(stream: Forgiving, **options: Any) -> Any:
    """A bar of tqdm that is as wide as the terminal; 80 columns if that does not know its size."""
    from tqdm import tqdm

    size: dict[str, Any] = {"dynamic_ncols": True}
    with suppress(OSError, ValueError, AttributeError):  # it is not a terminal, but a notebook
        if os.get_terminal_size(stream.fileno()).columns == 0:
            size = {"ncols": 80, "nrows": 24}
    return tqdm(file=stream, **size, **options)


class Ticker:
    """Shows how far some work is.

    every : seconds between two lines. bar : options of tqdm for the bar.
    """

    def __init__(self, stream: Any, every: float, **bar: Any) -> None:
        self.stream, self.every, self.options = Forgiving(stream), every, bar
        self.written = time.monotonic()
        self.bar: Any = None

    def show(self, done: int, words: str, line: str, force: bool = False) -> None:
        """Move the bar to `done` with `words` beside it; or write the line if it is time."""
        now = time.monotonic()
        due = now - self.written
        if self.stream.isatty() or "ipykernel" in sys.modules:
            if self.bar is None:
                self.bar = _new_bar(self.stream, initial=done, **self.options)
            self.bar.set_description_str(words, refresh=False)
            self.bar.update(done - self.bar.n)
            if due >= _REFRESH:  # tqdm itself waits for the count to change
                self.written = now
                self.bar.refresh()
        elif force or due >= self.every:
            self.written = now
            self.tell(line)

    def tell(self, text: str) -> None:
        """Write a line, above the bar if there is one."""
        if self.bar is None:
            print(text, file=self.stream, flush=True)
        else:
            self.bar.write(text, file=self.stream)

    def close(self) -> None:
        """Leave the bar as it stands; what is told from now on comes below it."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
