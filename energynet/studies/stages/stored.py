"""Runs of a study in a folder, made by sweeps."""

import sys
from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from energynet.analysis.runs import DATA
from energynet.config import TrainingConfig
from energynet.data.dataset import Dataset
from energynet.data.named import MNIST, load_named
from energynet.store.table import load_history, load_results
from energynet.support import checks
from energynet.support.checks import pluralize
from energynet.support.files import made_folder
from energynet.support.ticker import Forgiving
from energynet.sweeps.driver import sweep

if TYPE_CHECKING:
    import pandas as pd


class StoredRuns:
    """The `Runs` of `reproduce`: made by `sweep`, with its parameters, and stored in a folder."""

    def __init__(
        self,
        store: str | Path,
        executor: Executor | None = None,
        *,
        data: str | Path | Dataset = MNIST,
        workers: int | None = None,
        progress: bool = True,
    ) -> None:
        self.store, self.executor = checks.path("store", store), executor
        self.data, self.workers, self.progress = data, workers, progress

    def run(self, stage: str, configs: list[TrainingConfig]) -> None:
        """Make those runs, apart from the ones that are stored."""
        choosing = stage in ("exploration", "choice")
        then = "; confirmation with other seeds follows" if choosing else ""
        self.tell(f"{stage}: {pluralize(len(configs), 'run')}{then}")
        sweep(
            configs,
            self.store,
            self.executor,
            data=self.data,
            workers=self.workers,
            progress=self.progress,
        )

    def tell(self, words: str) -> None:
        """Say on stderr what is being done, with `progress`."""
        if self.progress and sys.stderr is not None:
            print(words, file=Forgiving(sys.stderr), flush=True)

    def table(self) -> "pd.DataFrame":
        """The tidy table of all that is stored of this data set."""
        if not self.store.is_dir():
            made_folder(self.store, "store")
        table = load_results(self.store)
        if DATA not in table:
            return table
        return table[table[DATA] == self._sha256].reset_index(drop=True)

    def history(self) -> "pd.DataFrame":
        """The learning curves of these runs."""
        ids = list(self.table()["id"])
        return load_history(self.store, ids)

    @cached_property
    def _sha256(self) -> str:
        data = self.data
        return (data if isinstance(data, Dataset) else load_named(data)).sha256
