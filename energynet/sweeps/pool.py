"""Local worker processes that outlive the death of any of them.

Each is a fresh interpreter that runs `energynet.sweeps.worker` and never sees the main module of
the user.
One thread per worker hands it runs and waits for its answers.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import uuid4

from energynet.errors import EnergynetError
from energynet.support.checks import error_text, quoted

DEATHS = 3  # of a worker with the same run, until the run is given up
_GRACE = 1.5  # seconds to stop in before workers are killed
# Numerical libraries of a worker: one run, one thread.
_ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


# Sets of kernels that workers of this process have compiled: the cache has them for later sweeps.
_CACHED: set[str] = set()


class Report(NamedTuple):
    """What a worker tells of a run.

    It begins (nothing is set but perhaps `compiles`: it is the first to need some kernels), its
    kernels are loaded (`ready`), it ended (`outcome`), or it killed its workers several times
    (`died`). An `error` ends the sweep; its `spec` may be empty.
    """

    spec: dict[str, Any]
    compiles: bool = False
    ready: bool = False
    outcome: str = ""
    died: str = ""
    error: str = ""


class _Waiting:
    """Runs that wait for a worker, and the sets of kernels that have been compiled.

    The first worker that needs a set compiles it. Meanwhile the others take runs that do not
    need it, or wait: each kernel is compiled once. Runs whose kernels nobody has compiled
    come first, so that the compiling is shared out. `cached`: sets that need no compiling.
    """

    def __init__(self, specs: Iterable[dict[str, Any]], cached: Iterable[str] = ()) -> None:
        self._specs = deque(specs)
        self._needed = {name for spec in self._specs for name in spec["kernels"]}
        self._compiled = set(cached)
        self._claimed: set[str] = set()
        self.shared = True
        self._closed = False
        self._changed = threading.Condition()

    def take(self) -> tuple[dict[str, Any], set[str]] | None:
        """The next run and the sets that its worker is to compile; None if there are none."""
        with self._changed:
            while self._specs and not self._closed:
                position = self._next()
                if position is not None:
                    spec = self._specs[position]
                    del self._specs[position]
                    missing = set(spec["kernels"]) - self._compiled
                    self._claimed |= missing
                    return spec, missing
                self._changed.wait()
            return None

    def _next(self) -> int | None:
        """Where the next run stands; None if all runs wait for kernels."""
        cold = self._needed - self._compiled - self._claimed
        first = None
        for position, spec in enumerate(self._specs):
            missing = set(spec["kernels"]) - self._compiled
            if self.shared and missing & self._claimed:
                continue
            if missing or not cold:
                return position
            first = position if first is None else first
        return first

    def put_back(self, spec: dict[str, Any]) -> None:
        """Take back a run whose worker has died."""
        with self._changed:
            self._specs.append(spec)
            self._changed.notify_all()

    def compiled(self, name: str) -> None:
        """Note that a set of kernels is in the cache."""
        with self._changed:
            self._compiled.add(name)
            self._claimed.discard(name)
            self._changed.notify_all()

    def release(self, claimed: set[str]) -> None:
        """Note that the worker which was to compile these sets has done so, or never will."""
        with self._changed:
            self._claimed -= claimed
            self._changed.notify_all()

    def uncached(self) -> None:
        """Note that there is no cache: each worker compiles for itself, so nobody needs to wait."""
        with self._changed:
            self.shared = False
            self._changed.notify_all()

    def close(self) -> None:
        """Hand out no more runs."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Pool:
    """Workers that do runs; reports arrive in `reports`.

    Unlike the executors of `concurrent.futures` it knows which run a worker died with, replaces
    the worker, and needs no main guard in the user's script.
    """

    def __init__(self, specs: Iterable[dict[str, Any]]) -> None:
        self.reports: queue.Queue[Report] = queue.Queue()
        self._waiting = _Waiting(specs, _CACHED)
        self._stopping = False
        self._lock = threading.Lock()
        self._processes: dict[int, subprocess.Popen[str]] = {}
        self._threads: list[threading.Thread] = []

    def start(self, workers: int) -> None:
        """Begin. Raises EnergynetError if the system refuses a thread."""
        for number in range(workers):
            thread = threading.Thread(target=self._serve, args=(number,), daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                raise EnergynetError(f"a worker cannot be started: {error}") from error
            self._threads.append(thread)

    def stop(self, patience: float = _GRACE) -> None:
        """Let the workers save where they stand, and end them."""
        with self._lock:
            self._stopping = True
            processes = list(self._processes.values())
        self._waiting.close()
        for process in processes:
            with suppress(OSError):
                process.terminate()
            _close(process)
        deadline = time.monotonic() + patience
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            process.kill()
            process.wait()
        for thread in self._threads:
            thread.join()
        for process in processes:
            _forget(process)

    def _serve(self, number: int) -> None:
        """Do runs until there are none; whatever goes wrong here ends the sweep."""
        if hasattr(signal, "pthread_sigmask"):  # workers inherit it: these are for the driver alone
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
        try:
            self._worker(number)  # it comes up while others may compile
            while (taken := self._waiting.take()) is not None:
                self._do(number, *taken)
            self._dismiss(number)
        except EnergynetError as error:
            self.reports.put(Report({}, error=str(error)))
        except Exception as error:
            reason = f"the answer of a worker could not be read ({type(error).__name__}: {error})"
            self.reports.put(Report({}, error=reason))

    def _do(self, number: int, spec: dict[str, Any], compiles: set[str]) -> None:
        """One run; the worker is replaced if it dies."""
        process = self._worker(number)
        if process is None:
            return
        self.reports.put(Report(spec, compiles=bool(compiles)))
        report = None
        for message in _ask(process, spec):
            match message:
                case {"cached": False}:
                    self._waiting.uncached()
                case {"loaded": str(name)}:
                    self._waiting.compiled(name)
                    if self._waiting.shared:
                        _CACHED.add(name)
                    if name == spec["kernels"][-1]:
                        self.reports.put(Report(spec, ready=True))
                case {"outcome": str(outcome)}:
                    report = Report(spec, outcome=outcome)
                case {"error": str(error)}:
                    report = Report(spec, error=error)
                case _:
                    raise ValueError(f"unknown answer {quoted(message)}")
            if report is not None:
                break
        self._waiting.release(compiles)
        if self._stopping:
            return
        if report is None:
            self._bury(number, spec)
        else:
            self.reports.put(report)

    def _dismiss(self, number: int) -> None:
        with self._lock:
            process = self._processes.pop(number, None) if not self._stopping else None
        if process is not None:
            _close(process)
            process.wait()
            _forget(process)

    def _worker(self, number: int) -> "subprocess.Popen[str] | None":
        with self._lock:
            if self._stopping:
                return None
            if number not in self._processes:
                try:
                    self._processes[number] = _start()
                except OSError as error:
                    raise EnergynetError(
                        f"a worker cannot be started: {error_text(error)}"
                    ) from error
            return self._processes[number]

    def _bury(self, number: int, spec: dict[str, Any]) -> None:
        """Give the run of a dead worker to another one, unless it keeps killing them."""
        with self._lock:
            process = self._processes.pop(number)
        _close(process)
        code = process.wait()
        _forget(process)
        deaths = spec.get("deaths", 0) + 1
        if deaths < DEATHS:
            self._waiting.put_back(spec | {"deaths": deaths})
            return
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        self.reports.put(Report(spec, died=f"its worker died {deaths} times, at last by {how}"))


def _start() -> "subprocess.Popen[str]":
    # It finds modules where this process finds them, and not in the working directory.
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; from energynet.sweeps.worker import main; main()"
    )
    environment = os.environ | dict.fromkeys(_ONE_THREAD, "1")
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=environment,
    )


def _ask(process: "subprocess.Popen[str]", spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Hand over a run; what the worker says of it, until it dies.

    Each answer repeats a random word that only this worker was told. So answers differ from other
    lines, which modules that Python loads at its start may print.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    word = uuid4().hex
    with suppress(OSError, ValueError):
        process.stdin.write(json.dumps(spec | {"driver": os.getpid(), "word": word}) + "\n")
        process.stdin.flush()
    with suppress(OSError):
        for line in process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if isinstance(message, dict) and message.pop("word", None) == word:
                yield message


def _close(process: "subprocess.Popen[str]") -> None:
    """End a worker's input: it leaves when it is idle."""
    if process.stdin is not None:
        with suppress(OSError, ValueError):
            process.stdin.close()


def _forget(process: "subprocess.Popen[str]") -> None:
    """Close what is left open of a worker that has ended."""
    if process.stdout is not None:
        process.stdout.close()


def drain(reports: "queue.Queue[Report]", timeout: float, take: Callable[[Report], None]) -> None:
    """Hand over the next report, if one comes in time."""
    with suppress(queue.Empty):
        take(reports.get(timeout=timeout))
