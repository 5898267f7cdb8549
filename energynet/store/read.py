"""Tables of results: of a folder of runs, or exported, with the learning curves beside them."""

from pathlib import Path
from typing import TYPE_CHECKING

from energynet.errors import DataError, FileError
from energynet.store.exchange import FORMATS, read_table
from energynet.store.table import load_history, load_results

if TYPE_CHECKING:
    import pandas as pd


def read_results(path: Path) -> "tuple[pd.DataFrame, pd.DataFrame | None]":
    """The tidy table of a folder of runs or of an exported table, and the learning curves if known.

    Of an exported table these are looked for beside it, under `NAME_history` and any ending that
    tables may have. Raises FileError, and DataError if there are no runs in it.
    """
    history = None
    if path.is_dir():
        table, history = load_results(path), load_history(path)
    elif not path.is_file():
        raise FileError(f"{path} is neither a folder of runs nor a table of results")
    else:
        table = read_table(path)
        name = path.name.removesuffix(next(filter(path.name.endswith, FORMATS)))
        names = [f"{name}_history{ending}" for ending in FORMATS]
        beside = (path.with_name(name) for name in names)
        found = next((file for file in beside if file.is_file()), None)
        history = None if found is None else read_table(found)
    if table.empty:
        raise DataError(f"{path} holds no runs")
    return table, history
