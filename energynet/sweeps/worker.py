"""One run of a sweep, wherever it is computed; and the local worker of a sweep.

The worker reads a run as a line of JSON on stdin and answers with a line of JSON on stdout. It
never imports the user's main module, so that a sweep may stand in any script or notebook.
"""

import json
import math
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from energynet.config import TrainingConfig
from energynet.data.dataset import Dataset, load_named
from energynet.errors import DataError, DataWarning, EnergynetError, FileError
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.store.folder import DONE, STOPPED, Store, forget_checkpoint
from energynet.support.npz import read_npz
from energynet.support.provenance import now, provenance
from energynet.training.loop import Progress, train

_SIGN = 30.0  # seconds between two signs of life
_LOOK = 0.3  # seconds between two looks whether a sweep has been stopped
_terminated = threading.Event()  # a local worker was asked to leave


@lru_cache(maxsize=1)
def load_data(name: str, sha256: str) -> Dataset:
    """The data set that a run's spec names; raises DataError if it has changed since."""
    dataset = load_named(name)
    if dataset.sha256 != sha256:
        raise DataError(f"{name} was changed since the sweep began: start the sweep again")
    return dataset


def run_one(spec: dict[str, Any]) -> str:
    """Do one run and store its result; returns the outcome.

    spec : "id", "config" (as `TrainingConfig.to_dict`), "data" and "store" (names), "data_sha256",
    "retry" (whether a failed run is done again), "stop" (a file that appears when the sweep is
    stopped).
    A run that is stored already is left as it is; whatever goes wrong in training is stored.

    Raises FileError where the result cannot be written, KeyboardInterrupt where it was stopped.
    """
    store, identity = Store(spec["store"]), spec["id"]
    watch = _watch(spec, store)
    watch(None)
    outcome = store.outcome(identity)
    if outcome in DONE or (outcome == "failed" and not spec["retry"]):
        return str(outcome)
    config = TrainingConfig.from_dict(spec["config"])
    dataset = load_data(spec["data"], spec["data_sha256"])
    began = now()
    store.begin(identity, config, dataset.sha256)
    path = store.checkpoint(identity)
    _drop_foreign(path, config, dataset)
    try:
        result = train(config, dataset, threads=1, checkpoint=path, progress=watch)
    except OSError as error:  # of the machine, not of this run: others would meet it, too
        raise error if isinstance(error, FileError) else FileError(str(error)) from error
    except KeyboardInterrupt:
        store.leave(identity)
        raise
    except Exception as error:
        named = isinstance(error, EnergynetError)
        reason = str(error) if named else _told(error)
        store.give_up(identity, config, "failed", reason, _origin(dataset.sha256, began))
        return "failed"
    store.finish(result, _origin(dataset.sha256, began))
    return result.outcome


def run_elsewhere(spec: dict[str, Any]) -> str:
    """`run_one` for an executor that is not ours, which KeyboardInterrupt could end."""
    try:
        return run_one(spec)
    except KeyboardInterrupt:
        return STOPPED


def _told(error: Exception) -> str:
    """An error that is not of this package, and where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = ""
    if trace is not None:
        where = f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"
    return f"{type(error).__name__}: {error}".removesuffix(": ") + where


def _origin(data_sha256: str, began: str) -> dict[str, Any]:
    common = {"data_sha256": data_sha256, "numerics": NUMERICS_VERSION, **provenance()}
    return common | {"started": began, "finished": now()}


def _drop_foreign(path: Path, config: TrainingConfig, dataset: Dataset) -> None:
    """Remove a checkpoint that is damaged or of another numerics version: the run starts anew."""
    from energynet.training.checkpoint import identity

    if not path.exists():
        return
    try:
        arrays = read_npz(path, "a checkpoint of energynet")
        usable = str(arrays["owner"]) == identity(config, dataset.sha256)
    except (FileError, KeyError):
        usable = False
    if not usable:
        forget_checkpoint(path)


def _watch(spec: dict[str, Any], store: Store) -> Callable[[Progress | None], None]:
    """Gives signs of life, and stops a run whose process is to end, whose driver has died or whose
    sweep was stopped."""
    driver, stop = spec.get("driver"), spec.get("stop")
    looked = -math.inf
    signed = time.monotonic()

    def watch(_: Progress | None) -> None:
        nonlocal looked, signed
        if time.monotonic() - signed >= _SIGN:
            signed = time.monotonic()
            store.still_running(spec["id"])
        if _terminated.is_set() or (driver is not None and os.getppid() != driver):
            raise KeyboardInterrupt
        if stop is not None and time.monotonic() - looked >= _LOOK:
            looked = time.monotonic()
            if os.path.exists(stop):  # noqa: PTH110 (a stat and nothing else)
                raise KeyboardInterrupt

    return watch


def main() -> None:
    """Serve until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the driver, which decides
    signal.signal(signal.SIGTERM, lambda *_: _terminated.set())
    warnings.simplefilter("ignore", DataWarning)  # the sweep itself has given it
    for line in sys.stdin:
        try:
            answer = {"outcome": run_one(json.loads(line))}
        except EnergynetError as error:
            answer = {"error": str(error)}
        except KeyboardInterrupt:
            break
        # A line of its own, also where something else was printed without an end.
        print(f"\n{json.dumps(answer)}", flush=True)
