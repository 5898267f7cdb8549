"""Files that a grid names. A run depends on what such a file holds, not on its path."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from energynet.config import TrainingConfig
from energynet.errors import ConfigError, FileError
from energynet.rules.base import Rule
from energynet.rules.given import GivenMask, MaskFile
from energynet.support import checks
from energynet.support.contents import content_of
from energynet.support.files import resolved
from energynet.training.network import Network
from energynet.training.start import check_activation, start_arrays

Arrays = dict[str, np.ndarray]


class Held(Protocol):
    """The content of a file, once it is read."""

    def arrays(self, dtype: str) -> Arrays:
        """The arrays of the file, in the form that a run with this dtype works with."""

    def check(self, config: TrainingConfig) -> None:
        """Raise ConfigError if a run with this config cannot use the file."""


class _Start(NamedTuple):
    network: Network

    def arrays(self, dtype: str) -> Arrays:
        return start_arrays(self.network, dtype)

    def check(self, config: TrainingConfig) -> None:
        check_activation(config, self.network.activation)


READERS: dict[str, Callable[[Path], Held]] = {"start": lambda path: _Start(Network.load(path))}
FILES = (*READERS, "mask")  # fields that name files; a mask is read as a rule


class NamedFile(str):
    """The absolute path of a file, with the content that it had when the grid was made."""

    held: Held
    known: dict[str, str]

    def digits(self, dtype: str) -> str:
        """The 16 digits by which the arrays for a dtype are known; see `content_of`."""
        if dtype not in self.known:
            self.known[dtype] = content_of(self.held.arrays(dtype).values())
        return self.known[dtype]


def named_file(field: str, value: Any, folder: Path | None = None) -> str:
    """Read the file that a field names; an empty text if it names none.

    A path is relative to `folder` if that is given, else to the current folder. Raises
    ConfigError, FileError.
    """
    if isinstance(value, NamedFile | MaskFile):
        return value
    if field == "mask":
        if isinstance(value, GivenMask):
            return MaskFile.of(value)
        return MaskFile.of((folder or Path()) / checks.path(field, value))
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
    """A table of a grid's file in which each path, relative to `folder`, became a read file."""
    read = {}
    for field in {*FILES} & values.keys():
        several = values[field] if isinstance(values[field], list) else [values[field]]
        read[field] = [named_file(field, value, folder) for value in several]
    return {**values, **read}


def mask_axis(rule: Rule) -> dict[str, MaskFile]:
    """The value of the field `mask` for a rule that was given as an object."""
    return {"mask": MaskFile.of(rule)} if isinstance(rule, GivenMask) else {}


def check_masks_have_files(blocks: Iterable[Mapping[str, Any]]) -> None:
    """Raise ConfigError for blocks with a mask that was not read from a file."""
    if any("" in block.get("mask", ()) for block in blocks):
        raise ConfigError(
            "a grid can be written as TOML only if each 'mask' is the path of a file, got arrays"
        )
