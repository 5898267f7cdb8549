"""Many runs, each stored when it finishes: the same call resumes what was stopped."""

import logging
import signal
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from energynet.config import TrainingConfig
from energynet.data.dataset import Dataset
from energynet.data.named import MNIST, load_named
from energynet.errors import ConfigError, EnergynetError, FileError
from energynet.kernels.numerics import NUMERICS_VERSION
from energynet.rules.base import Shape
from energynet.rules.given import GivenMask
from energynet.rules.importing import check_importable
from energynet.store.folder import DONE, STOP_PREFIX, STOPPED, Store, run_id
from energynet.store.table import failures, load_results
from energynet.support import checks
from energynet.support.files import made_folder, resolved
from energynet.support.provenance import provenance
from energynet.support.signals import ENDING, handling, interrupting
from energynet.sweeps.estimates import load_of, longest_first
from energynet.sweeps.pool import Pool, Report, drain
from energynet.sweeps.progress import SweepProgress
from energynet.training.start import check_shape
from energynet.training.threads import usable_cores
from energynet.training.warm import kernels_of

if TYPE_CHECKING:
    import pandas as pd

_LOG = logging.getLogger("energynet")
_GRACE = 1.5  # seconds that runs of an executor have for stopping


@checks.arguments
def sweep(
    grid: Iterable[TrainingConfig],
    store: str | Path,
    executor: Executor | None = None,
    *,
    data: str | Path | Dataset | None = None,
    workers: int | None = None,
    shard: tuple[int, int] | None = None,
    retry_failed: bool = False,
    progress: bool = True,
) -> "pd.DataFrame":
    """Do all runs of a grid that are not stored yet; each takes one thread.

    Parameters
    ----------
    grid : Grid, or configs
    store : path
        The folder of runs. Killed at any moment, the same call resumes. It may be read-only if
        all runs are stored.
    executor : concurrent.futures.Executor or None
        Who does the runs: a thread pool, Dask's `Client.get_executor()`, ... None starts local
        processes, which are replaced when they die.
    data : "mnist", path, Dataset or None
        A path is that of a folder of IDX files, or of an `.npz` file as `Dataset.save` writes it.
        None takes the data that the grid's file names, else MNIST. Workers load it themselves.
    workers : int or None
        Local processes; None takes one for each usable core. They share what they compile.
    shard : (I, N) or None
        Do the I-th of N parts of the grid, I in 1 ... N.
    retry_failed : bool
        Do failed runs again.
    progress : bool
        Show a bar on a terminal or in a notebook, else a line every 30 s, on stderr.

    Returns
    -------
    DataFrame
        The stored runs of the grid, one row each, as `load_results` gives them. A warning names
        each run that failed, and why.

    Raises
    ------
    ConfigError, DataError, FileError
        Before any work starts; FileError also if a result cannot be written.
    EnergynetError
        The executor broke, or a local process cannot be started. The same call resumes.
    KeyboardInterrupt
        After Ctrl-C, SIGTERM or SIGHUP; runs under way have saved where they stand.
    """
    checks.flag("retry_failed", retry_failed)
    checks.flag("progress", progress)
    count = usable_cores() if workers is None else checks.integer("workers", workers, 1, 4096)
    check_executor(executor)
    data = data if data is not None else getattr(grid, "data", None) or MNIST
    folder = checks.path("store", store)
    opened = Store(folder, must_exist=folder.is_dir())
    plan = SweepPlan(grid, opened, data, retry_failed, shard)
    if plan.todo or not folder.is_dir():  # a finished sweep may be read-only
        _make(opened, data)
        for arrays in plan.arrays.values():
            opened.keep(arrays)
        for rule in {plan.configs[spec["id"]].rule for spec in plan.todo}:
            if isinstance(rule, GivenMask):  # specs name it by its digits
                opened.keep({"hidden": rule.hidden, "output": rule.output})
    _say_what_starts_anew(plan, opened)
    shown = SweepProgress(
        {spec["id"]: plan.configs[spec["id"]] for spec in plan.todo},
        len(plan.configs) - len(plan.todo),
        count,
        sys.stderr if progress else None,
        plan.load,
    )
    if plan.todo:
        with interrupting():
            try:
                shown.start()
                if executor is None:
                    _run_locally(plan, opened, min(count, len(plan.todo)), shown)
                else:
                    _run_with(executor, plan, opened, shown)
            except KeyboardInterrupt:
                shown.close()
                stored = f"{shown.done:,d} of {checks.pluralize(shown.total, 'run')} stored"
                shown.tell(f"stopped with {stored}")
                raise
            finally:
                shown.close()
    table = load_results(opened.root)
    table = table[table["id"].isin(plan.configs.keys())].reset_index(drop=True)
    for line in failures(table):
        _LOG.warning("%s", line)
    return table


class SweepPlan:
    """The runs of a grid by id, the longest first, and which of them are to do."""

    def __init__(
        self,
        grid: Iterable[TrainingConfig],
        store: Store,
        data: str | Path | Dataset = MNIST,
        retry_failed: bool = False,
        shard: tuple[int, int] | None = None,
    ) -> None:
        configs = longest_first(_configs(grid))
        for rule in {config.rule for config in configs}:
            check_importable(rule)
        if shard is not None:
            part, parts = _pair(shard)
            checks.integer("the number of parts in shard", parts, 1, 10**6)
            checks.integer("the part in shard", part, 1, parts)
            configs = configs[part - 1 :: parts]
        name, dataset = _named(data, store)
        for config in configs:
            if isinstance(config.rule, GivenMask):
                config.rule.counts(Shape(dataset.n_in, config.hidden, dataset.classes))
        self.load = load_of(dataset)
        self.data_sha256 = dataset.sha256
        self.configs = {run_id(config, dataset.sha256): config for config in configs}
        self.outcomes = store.outcomes(self.configs)
        finished = (*DONE, "skipped") if retry_failed else (*DONE, "skipped", "failed")
        self.todo: list[dict[str, Any]] = [
            {
                "id": identity,
                "config": config.to_dict(),
                "data": name,
                "data_sha256": dataset.sha256,
                "store": str(resolved(store.root)),
                "retry": retry_failed,
                "kernels": kernels_of(config),
            }
            for identity, config in self.configs.items()
            if self.outcomes[identity] not in finished
        ]
        self.arrays = _arrays(grid, [self.configs[s["id"]] for s in self.todo], store, dataset)


def _arrays(
    grid: Any, configs: Iterable[TrainingConfig], store: Store, dataset: Dataset
) -> dict[str, dict[str, np.ndarray]]:
    """What the configs name by content: from the grid's files, or from the store.

    Raises ConfigError if neither has it, or if it does not fit.
    """
    held = getattr(grid, "arrays", {})
    found: dict[str, dict[str, np.ndarray]] = {}
    for config in configs:
        if not (digits := config.start):
            continue
        if digits not in found:
            try:
                found[digits] = held[digits] if digits in held else store.kept(digits)
            except FileError as error:
                raise ConfigError(
                    "'start' must be a network that the grid names by a file, or one that the"
                    f" folder '{store.root}' keeps, got {digits}"
                ) from error
        check_shape(found[digits], Shape(dataset.n_in, config.hidden, dataset.classes))
    return found


def _say_what_starts_anew(plan: SweepPlan, store: Store) -> None:
    """Warn of runs that are stored with a smaller `max_steps`: these keep no checkpoint."""
    if not plan.todo:
        return
    table = load_results(store.root)
    ended = table[table["outcome"] == "exhausted"]
    # The column is left out if all runs have the default.
    ids, limits = set(ended["id"]), {*ended.get("max_steps", [TrainingConfig.max_steps])}
    anew = 0
    for config in (plan.configs[spec["id"]] for spec in plan.todo):
        shorter = (replace(config, max_steps=int(n)) for n in limits if n < config.max_steps)
        anew += any(run_id(other, plan.data_sha256) in ids for other in shorter)
    if anew:
        _LOG.warning(
            "%s in '%s' ended at a smaller max_steps: with the larger one they start at step 0",
            checks.pluralize(anew, "run"),
            store.root,
        )


def _configs(grid: Any) -> Iterable[TrainingConfig]:
    """The configs, once all are looked at."""
    configs = tuple(grid) if isinstance(grid, Iterable) and not isinstance(grid, str) else (grid,)
    for config in configs:
        if not isinstance(config, TrainingConfig):
            raise ConfigError(f"grid must be a Grid, or configs, got {checks.quoted(config)}")
    return configs


def _pair(shard: Any) -> tuple[int, int]:
    if not isinstance(shard, tuple | list) or len(shard) != 2:
        raise ConfigError(f"shard must be (I, N) with I in 1 ... N, got {checks.quoted(shard)}")
    return shard[0], shard[1]


def _named(data: str | Path | Dataset, store: Store) -> tuple[str, Dataset]:
    """The data set, and a name by which workers can load it."""
    if isinstance(data, Dataset):
        return str(_saved(data, store)), data
    embedded = isinstance(data, str) and data == MNIST
    name = MNIST if embedded else str(resolved(checks.path("data", data)))
    return name, load_named(data)


def _saved(data: Dataset, store: Store) -> Path:
    return store.root.resolve() / f"data-{data.sha256[:16]}.npz"


def _make(store: Store, data: str | Path | Dataset) -> None:
    """Make the folder of a store, and save a data set in it that has no other name."""
    made_folder(store.root, "store")
    if isinstance(data, Dataset) and not (path := _saved(data, store)).exists():
        data.save(path)


def _run_locally(plan: SweepPlan, store: Store, workers: int, shown: SweepProgress) -> None:
    pool = Pool(plan.todo)
    missing = {spec["id"] for spec in plan.todo}
    begun = set()

    def take(report: Report) -> None:
        if report.error:
            raise EnergynetError(f"{report.error}; the same command resumes from what is stored")
        identity = report.spec["id"]
        if report.died:
            _give_up(plan, store, identity, report.died)
        if report.died or report.outcome:
            missing.discard(identity)
            shown.end(identity, report.outcome or "failed")
        elif report.ready:
            shown.ready(identity)
        else:
            begun.add(identity)
            shown.begin(identity, report.compiles)

    try:
        pool.start(workers)
        while missing:
            drain(pool.reports, 0.5, take)
            shown.tick(shown.running)
    finally:
        try:
            _stop(pool)
        finally:
            for identity in begun & missing:  # also if a worker had no time to say so
                store.leave(identity)


def _stop(pool: Pool) -> None:
    """End the workers: in good order, or at once if there is another Ctrl-C meanwhile."""
    try:
        pool.stop()
    except KeyboardInterrupt:
        pool.stop(patience=0.0)
        raise


def check_executor(executor: Any) -> None:
    """Raise ConfigError for something that takes no work."""
    if not (executor is None or callable(getattr(executor, "submit", None))):
        raise ConfigError(f"executor must have submit(), or be None, got {checks.quoted(executor)}")


def _run_with(executor: Executor, plan: SweepPlan, store: Store, shown: SweepProgress) -> None:
    from energynet.sweeps.worker import run_elsewhere

    stop = store.root.resolve() / f"{STOP_PREFIX}{uuid4().hex}"
    futures: dict[Future[str], str] = {}
    asked = threading.Event()

    def note(*_: Any) -> None:
        """The first signal is obeyed between two calls: during a call, an executor may hold locks
        that others wait for. The second one interrupts."""
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    with handling(note, signal.SIGINT, *ENDING):
        try:
            for spec in plan.todo:
                if asked.is_set():
                    raise KeyboardInterrupt
                try:
                    future = executor.submit(run_elsewhere, spec | {"stop": str(stop)})
                except RuntimeError as error:  # it is broken, or was shut down
                    raise _broken(error) from error
                futures[future] = spec["id"]
            left = set(futures)
            while left:
                if asked.is_set():
                    raise KeyboardInterrupt
                finished, left = wait(left, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in finished:
                    identity = futures[future]
                    shown.end(identity, _answer(future, identity, plan, store))
                # Dask does not tell which runs are under way.
                shown.tick(sum(future.running() for future in left) or None)
        finally:
            _stop_elsewhere(futures, stop)


def _answer(future: "Future[str]", identity: str, plan: SweepPlan, store: Store) -> str:
    """The outcome of a run; one that kills Dask's workers several times is given up."""
    try:
        outcome = future.result()
    except EnergynetError:
        raise
    except Exception as error:
        if type(error).__name__ != "KilledWorker":  # of distributed, which need not be installed
            raise _broken(error) from error
        _give_up(plan, store, identity, f"the workers that had it died: {error}")
        return "failed"
    if outcome == STOPPED:
        raise KeyboardInterrupt
    return outcome


def _broken(error: Exception) -> EnergynetError:
    return EnergynetError(
        f"the executor broke ({type(error).__name__}: {error});"
        " the same call resumes from what is stored"
    )


def _stop_elsewhere(futures: "Iterable[Future[str]]", stop: Path) -> None:
    """Tell the runs that are left to save and stop; the file stays while any may not have heard."""
    left = [future for future in futures if not future.done()]
    if not left:
        return
    with suppress(OSError):
        stop.touch()
    _, deaf = wait(left, timeout=_GRACE)
    for future in deaf:
        future.cancel()
    if not deaf:
        stop.unlink(missing_ok=True)


def _give_up(plan: SweepPlan, store: Store, identity: str, reason: str) -> None:
    origin = {"data_sha256": plan.data_sha256, "numerics": NUMERICS_VERSION}
    store.give_up(identity, plan.configs[identity], "failed", reason, origin | provenance())
