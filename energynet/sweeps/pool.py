"""Local worker processes that outlive the death of any of them.

Each is a fresh interpreter that runs `energynet.sweeps.worker` and never sees the main module of
the user.
One thread a worker hands it runs and waits for its answers.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

DEATHS = 3  # of a worker with the same run, until the run is given up
_GRACE = 1.5  # seconds to stop in before workers are killed
# Numerical libraries of a worker: one run, one thread.
_ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Report(NamedTuple):
    """What became of a run: its outcome, or why its worker died time after time, or an error that
    ends the sweep. Neither is set where a run begins."""

    spec: dict[str, Any]
    outcome: str = ""
    died: str = ""
    error: str = ""


class Pool:
    """Workers that do runs; reports arrive in `reports`."""

    def __init__(self, workers: int, specs: Iterable[dict[str, Any]]) -> None:
        self.reports: queue.Queue[Report] = queue.Queue()
        self._specs: queue.Queue[dict[str, Any]] = queue.Queue()
        for spec in specs:
            self._specs.put(spec)
        self._stopping = False
        self._lock = threading.Lock()
        self._processes: dict[int, subprocess.Popen[str]] = {}
        self._threads = [
            threading.Thread(target=self._serve, args=(number,), daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, patience: float = _GRACE) -> None:
        """Let the workers save where they stand, and end them."""
        with self._lock:
            self._stopping = True
            processes = list(self._processes.values())
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
        """Do runs until there are none; the worker is replaced when it has died."""
        if hasattr(signal, "pthread_sigmask"):  # workers inherit it: these are for the driver alone
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
        while not self._stopping:
            try:
                spec = self._specs.get_nowait()
            except queue.Empty:
                break
            process = self._worker(number)
            if process is None:
                break
            self.reports.put(Report(spec))
            answer = _ask(process, spec)
            if self._stopping:
                break
            if answer is None:
                self._bury(number, spec)
            else:
                self.reports.put(Report(spec, **answer))
        with self._lock:
            process = self._processes.pop(number, None)
        if process is not None and not self._stopping:
            _close(process)
            process.wait()
            _forget(process)

    def _worker(self, number: int) -> "subprocess.Popen[str] | None":
        with self._lock:
            if self._stopping:
                return None
            if number not in self._processes:
                self._processes[number] = _start()
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
            self._specs.put(spec | {"deaths": deaths})
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
        text=True,
        env=environment,
    )


def _ask(process: "subprocess.Popen[str]", spec: dict[str, Any]) -> dict[str, str] | None:
    """The worker's answer, or None where it died."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(spec | {"driver": os.getpid()}) + "\n")
        process.stdin.flush()
        return next(filter(None, map(_answer, process.stdout)), None)
    except (OSError, ValueError):
        return None


def _answer(line: str) -> dict[str, str] | None:
    """The answer in a line, or None: whatever Python loads at its start may print there, too."""
    try:
        answer = json.loads(line)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and answer.keys() & {"outcome", "error"} else None


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
