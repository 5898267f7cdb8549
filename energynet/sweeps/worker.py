"""One run of a sweep, wherever it is computed; and the local worker of a sweep.

The worker reads a run as a line of JSON from what was its stdin, and answers with lines of JSON on
what was its stdout. It never imports the user's main module, so a sweep may stand in any script or
notebook.
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
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from energynet.config import TrainingConfig
from energynet.data.dataset import Dataset
from energynet.data.named import load_named
from energynet.errors import DataError, DataWarning, EnergynetError, FileError
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.rules.given import GivenMask, NamedMask
from energynet.store.folder import DONE, STOPPED, Store, forget_checkpoint
from energynet.support.npz import read_npz
from energynet.support.provenance import now, provenance
from energynet.training.loop import Progress, train
from energynet.training.network import Network
from energynet.training.warm import load_kernels

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

    Raises FileError if the result cannot be written, KeyboardInterrupt if the run was stopped.
    """
    store, identity = Store(spec["store"]), spec["id"]
    watch = _watch(spec, store)
    watch(None)
    outcome = store.outcome(identity)
    if outcome in DONE or (outcome == "failed" and not spec["retry"]):
        return str(outcome)
    config = TrainingConfig.from_dict(spec["config"])
    if isinstance(config.rule, NamedMask):
        config = replace(config, rule=GivenMask(**store.kept(config.rule.mask)))
    dataset = load_data(spec["data"], spec["data_sha256"])
    start = None
    if config.start:
        kept = store.kept(config.start)
        start = Network(kept["w1"], kept["w2"], mean=0.0, activation=config.activation)
    began = now()
    store.begin(identity, config, dataset.sha256)
    path = store.checkpoint(identity)
    _drop_foreign(path, config, dataset)
    try:
        result = train(config, dataset, threads=1, checkpoint=path, start=start, progress=watch)
    except OSError as error:  # of the machine, not of this run: others would meet it, too
        raise error if isinstance(error, FileError) else FileError(str(error)) from error
    except KeyboardInterrupt:
        store.leave(identity)
        raise
    except Exception as error:
        if _is_leaving(spec) or _is_stopped(spec):  # perhaps it failed for that reason
            store.leave(identity)
            raise KeyboardInterrupt from error
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
    """Remove a checkpoint that is damaged or of another numerics version: the run starts over."""
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


def _is_leaving(spec: dict[str, Any]) -> bool:
    """Whether this process is to end, or its driver has died."""
    return _terminated.is_set() or ("driver" in spec and os.getppid() != spec["driver"])


def _is_stopped(spec: dict[str, Any]) -> bool:
    """Whether the sweep of a run was stopped."""
    return "stop" in spec and os.path.exists(spec["stop"])  # noqa: PTH110 (a stat and nothing else)


def _watch(spec: dict[str, Any], store: Store) -> Callable[[Progress | None], None]:
    """Gives signs of life, and ends a run that is stopped by KeyboardInterrupt."""
    looked = -math.inf
    signed = time.monotonic()

    def watch(_: Progress | None) -> None:
        nonlocal looked, signed
        if time.monotonic() - signed >= _SIGN:
            signed = time.monotonic()
            store.still_running(spec["id"])
        if _is_leaving(spec):
            raise KeyboardInterrupt
        if time.monotonic() - looked >= _LOOK:
            looked = time.monotonic()
            if _is_stopped(spec):
                raise KeyboardInterrupt

    return watch


def main() -> None:
    """Serve until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the driver, which decides
    signal.signal(signal.SIGTERM, lambda *_: _terminated.set())
    warnings.simplefilter("ignore", DataWarning)  # the sweep itself has given it
    runs, answers = _private_streams()
    for line in runs:
        spec = json.loads(line)

        def tell(word: str = spec["word"], **answer: Any) -> None:
            # On a line of its own, also after something else that was printed without an end.
            print(f"\n{json.dumps(answer | {'word': word})}", file=answers, flush=True)

        try:
            _load_kernels(spec["kernels"], tell)
            tell(outcome=run_one(spec))
        except EnergynetError as error:
            tell(error=str(error))
        except KeyboardInterrupt:
            break


def _private_streams() -> tuple[TextIO, TextIO]:
    """What were stdin and stdout, for the protocol alone.

    Custom rules and whatever they import then read nothing, and what they print is seen on stderr.
    Nor do the processes that they start hold on to the protocol.
    """
    nothing = os.open(os.devnull, os.O_RDWR)  # becomes stderr if there is none
    runs = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    if nothing > 2:
        os.close(nothing)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    return runs, answers


def _load_kernels(names: list[str], tell: Callable[..., None]) -> None:
    """Compile or load what a run needs, and say so: other workers may wait for it."""
    from energynet.kernels.jit import CACHE

    if CACHE is None:
        tell(cached=False)
    for name in names:
        with suppress(Exception):  # the run meets it again, and is recorded as failed
            load_kernels(name)
        tell(loaded=name)
