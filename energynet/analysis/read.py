"""Tables of results: of a folder of runs, or exported, with the learning curves beside them."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from energynet.errors import DataError, FileError

if TYPE_CHECKING:
    import pandas as pd


def read_results(path: Path) -> "tuple[pd.DataFrame, pd.DataFrame | None]":
    """The tidy table of a folder of runs or of a CSV table, and the learning curves if known.

    Raises FileError, and DataError if there are no runs in it.
    """
    if path.is_dir():
        package = import_module("energynet")
        table, history = package.load_results(path), package.load_history(path)
    else:
        table, history = read_table(path)
    if table.empty:
        raise DataError(f"{path} holds no runs")
    return table, history


def read_table(path: Path) -> "tuple[pd.DataFrame, pd.DataFrame | None]":
    """A CSV table of results, and the learning curves of `NAME_history.csv[.xz]` beside it.

    Raises FileError.
    """
    if not path.is_file():
        raise FileError(f"{path} is neither a folder of runs nor a table of results")
    names = [f"{path.name.split('.')[0]}_history{ending}" for ending in (".csv", ".csv.xz")]
    beside = [path.with_name(name) for name in names]
    history = next((file for file in beside if file.is_file()), None)
    return _read(path), None if history is None else _read(history)


def _read(path: Path) -> "pd.DataFrame":
    import lzma

    import pandas as pd

    try:
        return pd.read_csv(path, dtype={"id": str}, low_memory=False)
    except (OSError, ValueError, EOFError, lzma.LZMAError) as error:
        raise FileError(f"{path} cannot be read as a table of results: {error}") from error
