"""Tables of results: of a folder of runs, or exported, with the learning curves next to them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from energynet.errors import DataError, FileError
from energynet.store import table
from energynet.store.exchange import FORMATS, check_columns, read_table
from energynet.store.schema import CURVE
from energynet.store.table import checked_ids
from energynet.support import checks

if TYPE_CHECKING:
    import pandas as pd


@checks.arguments
def load_results(store: str | Path) -> "pd.DataFrame":
    """All results of a folder of runs, in order of their ids, or of a table that was exported.

    Parameters
    ----------
    store : path
        The folder of runs, or a file .csv, .csv.xz, .parquet (needs pyarrow) or .sqlite.

    Returns
    -------
    DataFrame
        One row per run: id, hidden, rule, fraction, output_fraction, seed, outcome (reached,
        exhausted, diverged, failed or skipped), steps, learning_steps, accuracy, best_accuracy,
        synapses, plastic_synapses, m0, m1, m0_layer1, m0_layer2, m1_layer1, m1_layer2, m0_direct,
        m1_direct, `m_alpha_0.5` ... if asked for, `cost_maintenance` ... if a custom rule has that
        cost, train_seconds, evaluate_seconds, cpu_seconds; then each field of the config that
        differs from its default in some run, then provenance. `output_balanced` tells whether
        "balanced" chose `output_fraction`, `learning_rate_auto` whether "auto" chose
        `learning_rate`. M0 counts updates, M1 and M_alpha are sums of |dw| in units of the weights.

    Raises
    ------
    FileError
        There is no such folder or file, or the file is not a table. A result in a folder that
        cannot be read is reported, and left out.
    """
    path = _existing(store)
    return table.load_results(path) if path.is_dir() else read_table(path)


@checks.arguments
def load_history(store: str | Path, ids: Iterable[str] | None = None) -> "pd.DataFrame":
    """The learning curves of a folder of runs, or of a table of them that was exported.

    Parameters
    ----------
    store : path
        The folder of runs, or a file .csv, .csv.xz, .parquet (needs pyarrow) or .sqlite.
    ids : list of str, optional
        Ids of runs; the curves of all runs if None.

    Returns
    -------
    DataFrame
        A row for each test of a run: id, step (int64), accuracy (float64), m0 (int64), m1 (float64,
        in units of the weights).

    Raises
    ------
    FileError, ConfigError
        As for `load_results`, or the table holds no learning curves; ids are not a list of ids.
    """
    path = _existing(store)
    if path.is_dir():
        return table.load_history(path, ids)
    curves = read_table(path)
    check_columns(curves, CURVE, path, "learning curves")
    return curves if ids is None else curves[curves["id"].isin(checked_ids(ids))]


def read_results(path: Path) -> "tuple[pd.DataFrame, pd.DataFrame | None]":
    """The tidy table of a folder of runs or of an exported table, and the learning curves if known.

    The learning curves of an exported table are looked for in the same folder, under `NAME_history`
    and any ending that tables may have. Raises FileError, and DataError if there are no runs in it.
    """
    results = load_results(path)
    if results.empty:
        raise DataError(f"{path} holds no runs")
    curves = path if path.is_dir() else _beside(path)
    return results, None if curves is None else load_history(curves)


def _existing(store: str | Path) -> Path:
    path = checks.path("store", store)
    if not path.exists():
        raise FileError(f"{path} is neither a folder of runs nor a table of results")
    return path


def _beside(path: Path) -> Path | None:
    """The learning curves beside an exported table, if they are there."""
    name = path.name.removesuffix(next(filter(path.name.endswith, FORMATS)))
    beside = (path.with_name(f"{name}_history{ending}") for ending in FORMATS)
    return next((file for file in beside if file.is_file()), None)
