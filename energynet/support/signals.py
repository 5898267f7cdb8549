"""Signals that ask a process to end, as batch systems, closed terminals and `kill` send them."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# SIGHUP is not known on every system.
ENDING = tuple(signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_SAME = 2.0  # seconds; a terminal that closes sends SIGHUP twice, batch systems send both signals


@contextmanager
def handling(handler: Callable[[int, Any], None], *numbers: signal.Signals) -> Iterator[None]:
    """Signals go to `handler` meanwhile; further `ENDING` ones are the same request for 2 seconds.

    A signal that the process ignores stays ignored, as `nohup` wants it. Only the main thread can
    handle signals: in any other, nothing changes.
    """
    heard = -math.inf

    def hear(number: int, frame: Any) -> None:
        nonlocal heard
        same = number in ENDING and time.monotonic() - heard < _SAME
        heard = time.monotonic()
        if not same:
            handler(number, frame)

    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in numbers if main}
    # None: the handler is not one of Python's, and could not be put back.
    heeded = {n: known for n, known in before.items() if known not in (None, signal.SIG_IGN)}
    try:
        for number in heeded:
            signal.signal(number, hear)
        yield
    finally:
        for number, known in heeded.items():
            signal.signal(number, known)


@contextmanager
def holding() -> Iterator[list[int]]:
    """Signals that would interrupt wait until the end, and are handled then.

    Gives the list of those that wait. A second Ctrl-C does not wait. Only those that Python handles
    are held, and only in the main thread; an exception of the body makes them forgotten.
    """
    waiting: list[int] = []
    numbers = (signal.Signals.SIGINT, *ENDING)
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in numbers if main}
    heeded = {number: known for number, known in before.items() if callable(known)}

    def hear(number: int, frame: Any) -> None:
        if number == signal.SIGINT in waiting:
            heeded[signal.SIGINT](number, frame)
        waiting.append(number)

    try:
        for number in heeded:
            signal.signal(number, hear)
        yield waiting
    finally:
        for number, known in heeded.items():
            signal.signal(number, known)
    for held in dict.fromkeys(waiting):
        signal.raise_signal(held)


@contextmanager
def interrupting() -> Iterator[None]:
    """`ENDING` signals raise KeyboardInterrupt, as Ctrl-C does."""
    with handling(_interrupt, *ENDING):
        yield


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
