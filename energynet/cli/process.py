"""What the command line does to its process: its streams may fail, its figures need no screen."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from energynet.errors import FileError
from energynet.support.checks import error_text
from energynet.support.ticker import Forgiving


class _Output:
    """stdout: if it cannot be written, that is an error like that of any other file."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._failure: Exception | None = None

    def write(self, text: str) -> int:
        return int(self._try(self._stream.write, text))

    def flush(self) -> None:
        self._try(self._stream.flush)
        if self._failure is not None:  # argparse passes over what goes wrong with its help
            raise self._failure

    def _try(self, do: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return do(*arguments)
        except BrokenPipeError as error:  # whoever read the output has seen enough, as `head` has
            self._failure = error
        except (OSError, ValueError) as error:  # ValueError: it is closed
            self._failure = FileError(f"stdout cannot be written: {error_text(error)}")
        raise self._failure

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def prepared_process() -> Iterator[None]:
    """Streams that are missing count as /dev/null, and what stderr cannot take is dropped.

    matplotlib only draws into files, because the backend that a notebook chose may not exist in
    this process. Afterwards all is as before.
    """
    streams, backend = (sys.stdin, sys.stdout, sys.stderr), os.environ.get("MPLBACKEND")
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # its number is taken, too: no other file must get it
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115
            os.set_inheritable(getattr(sys, name).fileno(), True)
    opened = sys.stdout, sys.stderr
    for stream in opened:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files may be no text
    sys.stdout, sys.stderr = _Output(opened[0]), Forgiving(opened[1])
    os.environ["MPLBACKEND"] = "agg"
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        del os.environ["MPLBACKEND"]
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
        for stream in opened:
            _let_go(stream)


def _let_go(stream: Any) -> None:
    """Drop what a stream could not write: Python would try, and complain, once more at its end."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            number = stream.fileno()
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
