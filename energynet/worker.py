"""One run of a sweep, wherever it is computed; and the local worker of a sweep.

The worker reads a run as a line of JSON on stdin and answers with a line of JSON on stdout. It
never imports the user's main module, so that a sweep may stand in any script or notebook.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from energynet.config import NUMERICS_VERSION, TrainingConfig
from energynet.data import Dataset, load_idx, load_mnist
from energynet.errors import EnergynetError, FileError
from energynet.provenance import now, provenance
from energynet.store import DONE, Store, forget_checkpoint
from energynet.train import Progress, train

STOP = threading.Event()  # set where all runs of this process are to stop at their next return


@lru_cache(maxsize=1)
def load_data(name: str) -> Dataset:
    """The data set that a run's spec names: "mnist", a folder of IDX files, or saved arrays."""
    if name == "mnist":
        return load_mnist()
    if name.endswith(".npz"):
        with np.load(name, allow_pickle=False) as file:
            train_set, test_set = (
                (file["x_train"], file["y_train"]),
                (file["x_test"], file["y_test"]),
            )
            return Dataset.from_arrays(*train_set, *test_set, classes=int(file["classes"]))
    return load_idx(name)


def run_one(spec: dict[str, Any]) -> str:
    """Do one run and store its result; returns the outcome.

    spec : "id", "config" (as `TrainingConfig.to_dict`), "data" and "store" (names), "retry"
    (whether a failed run is done again). A run that is stored already is left as it is.

    Raises FileError where the result cannot be written, KeyboardInterrupt where it was stopped.
    """
    store, identity = Store(spec["store"]), spec["id"]
    outcome = store.outcome(identity)
    if outcome in DONE or (outcome == "failed" and not spec["retry"]):
        return str(outcome)
    config = TrainingConfig.from_dict(spec["config"])
    dataset = load_data(spec["data"])
    began = now()
    store.begin(identity, config, dataset.sha256)
    path = store.checkpoint(identity)
    _drop_foreign(path, config, dataset)
    try:
        result = train(config, dataset, threads=1, checkpoint=path, progress=_watch(spec))
    except FileError:
        raise
    except (EnergynetError, MemoryError) as error:
        reason = str(error) or type(error).__name__
        store.give_up(identity, config, "failed", reason, _origin(dataset.sha256, began))
        return "failed"
    store.finish(result, _origin(dataset.sha256, began))
    return result.outcome


def _origin(data_sha256: str, began: str) -> dict[str, Any]:
    common = {"data_sha256": data_sha256, "numerics": NUMERICS_VERSION, **provenance()}
    return common | {"started": began, "finished": now()}


def _drop_foreign(path: Path, config: TrainingConfig, dataset: Dataset) -> None:
    """Remove a checkpoint that is damaged or of another numerics version: the run starts anew."""
    from energynet.checkpoint import identity

    if not path.exists():
        return
    try:
        with np.load(path, allow_pickle=False) as file:
            usable = str(file["owner"]) == identity(config, dataset.sha256)
            for name in file.files:
                file[name]
    except Exception:  # a damaged archive can raise anything
        usable = False
    if not usable:
        forget_checkpoint(path)


def _watch(spec: dict[str, Any]) -> Callable[[Progress], None]:
    """Stops a run where its process was told to, or where the driver of a worker has died."""
    driver = spec.get("driver")

    def watch(_: Progress) -> None:
        if STOP.is_set() or (driver is not None and os.getppid() != driver):
            raise KeyboardInterrupt

    return watch


def main() -> None:
    """Serve until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the driver, which decides
    signal.signal(signal.SIGTERM, lambda *_: STOP.set())
    for line in sys.stdin:
        try:
            answer = {"outcome": run_one(json.loads(line))}
        except EnergynetError as error:
            answer = {"error": str(error)}
        except KeyboardInterrupt:
            break
        print(json.dumps(answer), flush=True)
