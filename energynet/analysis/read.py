"""Tables of results that were exported, with the learning curves beside them."""

from pathlib import Path
from typing import TYPE_CHECKING

from energynet.errors import FileError

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: Path) -> "tuple[pd.DataFrame, pd.DataFrame | None]":
    """A CSV table of results, and the learning curves of `NAME_history.csv[.xz]` beside it.

    Raises FileError.
    """
    names = [f"{path.name.split('.')[0]}_history{ending}" for ending in (".csv", ".csv.xz")]
    beside = [path.with_name(name) for name in names]
    history = next((file for file in beside if file.is_file()), None)
    return _read(path), None if history is None else _read(history)


def _read(path: Path) -> "pd.DataFrame":
    import lzma

    import pandas as pd

    try:
        return pd.read_csv(path, dtype={"id": str})
    except (OSError, ValueError, EOFError, lzma.LZMAError) as error:
        raise FileError(f"{path} cannot be read as a table of results: {error}") from error
