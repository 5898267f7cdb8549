"""Files that a grid names: what they hold decides their runs, not where they are."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from energynet.config import TrainingConfig
from energynet.errors import FileError
from energynet.support import checks
from energynet.support.contents import content_of
from energynet.support.files import resolved
from energynet.training.network import Network
from energynet.training.start import check_activation, start_arrays

Arrays = dict[str, np.ndarray]


class Held(Protocol):
    """What a file holds."""

    def arrays(self, dtype: str) -> Arrays:
        """The arrays that a run in that dtype works with."""

    def check(self, config: TrainingConfig) -> None:
        """Raise ConfigError if a config cannot have them."""


class _Start(NamedTuple):
    network: Network

    def arrays(self, dtype: str) -> Arrays:
        return start_arrays(self.network, dtype)

    def check(self, config: TrainingConfig) -> None:
        check_activation(config, self.network.activation)


READERS: dict[str, Callable[[Path], Held]] = {"start": lambda path: _Start(Network.load(path))}


class NamedFile(str):
    """The whole path of a file, with what it held when the grid was made."""

    held: Held
    known: dict[str, str]

    def digits(self, dtype: str) -> str:
        """The name by content of the arrays for a dtype."""
        if dtype not in self.known:
            self.known[dtype] = content_of(self.held.arrays(dtype).values())
        return self.known[dtype]


def named_file(field: str, value: Any, folder: Path | None = None) -> str:
    """The file that a field names, read; or an empty text for none.

    A path is relative to `folder`, else to the current one. Raises ConfigError, FileError.
    """
    if isinstance(value, NamedFile):
        return value
    if value is None or (isinstance(value, str) and value in ("", "none")):
        return ""
    path = resolved((folder or Path()) / checks.path(field, value))
    file = NamedFile(path)
    try:
        file.held, file.known = READERS[field](path), {}
    except FileError as error:
        raise FileError(f"{field}: {error}") from error
    return file


def with_files(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A table of a grid's file, the files that it names read; paths are relative to `folder`."""
    read = {}
    for field in READERS.keys() & values.keys():
        several = values[field] if isinstance(values[field], list) else [values[field]]
        read[field] = [named_file(field, value, folder) for value in several]
    return {**values, **read}
