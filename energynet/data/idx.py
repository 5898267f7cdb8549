"""Reader and writer of IDX files, the format of MNIST; read plain, gzip or xz.

Format: two zero bytes, a type byte (8 = unsigned byte), the number of dimensions, each size as a
big-endian 32-bit integer, then the values. Source: the MNIST page of LeCun, Cortes and Burges.
"""

import gzip
import math
import re
import zlib
from pathlib import Path

import numpy as np

from energynet.errors import DataError, FileError
from energynet.support.checks import error_text, pluralize
from energynet.support.files import read_xz, written_whole

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
SUFFIXES = ("", ".gz", ".xz")
_UNSIGNED_BYTE = 8
_TYPES = {_UNSIGNED_BYTE: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
# Also `train-images.idx3-ubyte`, `emnist-letters-test-labels-idx1-ubyte.gz`, and the labels of
# QMNIST, `qmnist-train-labels-idx2-int`.
_NAME = re.compile(
    r"(?P<set>.+-)?(?P<part>train|t10k|test)-(?P<what>images|labels)"
    r"(?P<dot>[-.])idx[123]-(ubyte|int)(?P<suffix>\.gz|\.xz)?"
)
_MOST_SHOWN = 8  # names of files in a message


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Read one IDX file, whatever its name, plain, gzip or xz.

    Returns a read-only array with `dimensions` axes in the type that the file names.

    Raises DataError if the file is missing, truncated, too long, or no such IDX file.
    """
    try:
        content = memoryview(_unpacked(path))
    except (OSError, EOFError, zlib.error, MemoryError) as error:
        raise DataError(f"{path} cannot be read: {error_text(error)}") from error
    except FileError as error:
        raise DataError(str(error)) from error
    dtype, sizes = _header(bytes(content[: 4 * (dimensions + 1)]), path, dimensions)
    body, count = content[4 * (dimensions + 1) :], math.prod(sizes)
    if len(body) < count * dtype.itemsize:
        raise DataError(
            f"{path} is truncated: its header announces {count} values, only {len(body)} bytes"
            " follow"
        )
    if len(body) > count * dtype.itemsize:
        raise DataError(f"{path} is too long: its header announces {count} values, more follow")
    values = np.frombuffer(body, dtype).astype(dtype.newbyteorder("="), copy=False)
    values.flags.writeable = False
    return values.reshape(sizes)


def read_labels(path: Path) -> np.ndarray:
    """The labels in an IDX file of one dimension, or in a label file of QMNIST.

    A label file of QMNIST holds eight integers per image; the first one is the class. Raises
    DataError.
    """
    if "idx2" not in path.name:
        return read_idx(path, dimensions=1)
    values = read_idx(path, dimensions=2)
    if values.dtype != np.int32 or values.shape[1] != 8:
        raise DataError(
            f"{path} must hold 8 values of int32 per image, as the labels of QMNIST do, got"
            f" {values.shape[1]} of {values.dtype}"
        )
    return values[:, 0]


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write a uint8 array as an IDX file, whole or not at all; raises FileError."""
    sizes = np.array(array.shape, ">u4").tobytes()
    with written_whole(path) as file:
        file.write(bytes((0, 0, _UNSIGNED_BYTE, array.ndim)) + sizes)
        file.write(np.ascontiguousarray(array).data)


def find_idx(folder: Path) -> tuple[Path, ...]:
    """The files of the one data set in `folder`, in the order of NAMES.

    Raises DataError if the folder holds none, or more than one.
    """
    try:
        there = sorted(path.name for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error_text(error)}") from error
    sets: dict[str, dict[str, str]] = {}
    for found in sorted(filter(None, map(_NAME.fullmatch, there)), key=_preference):
        part = "train" if found["part"] == "train" else "t10k"
        files = sets.setdefault(found["set"] or "", {})
        files.setdefault(f"{part}-{found['what']}", found[0])
    roles = [name.rpartition("-idx")[0] for name in NAMES]
    whole = [files for files in sets.values() if len(files) == len(NAMES)]
    if len(whole) > 1:
        names = _listed([files[roles[0]] for files in whole])
        raise DataError(
            f"{folder} holds {len(whole)} data sets, with the training images {names}:"
            " put each data set into a folder that holds no other"
        )
    if not whole:
        best = max(sets.values(), key=len, default={})
        lacking = next(name for name, role in zip(NAMES, roles, strict=True) if role not in best)
        raise DataError(
            f"{folder} holds no {lacking} (plain, .gz or .xz); it holds {_listed(there)}"
        )
    return tuple(folder / whole[0][role] for role in roles)


def _preference(found: re.Match[str]) -> tuple[bool, bool, int]:
    """Sort key of files with the same role: names of MNIST first, then unpacked files first."""
    return found["part"] == "test", found["dot"] == ".", SUFFIXES.index(found["suffix"] or "")


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_SHOWN
    told = ", ".join(names[:_MOST_SHOWN]) or "no files"
    return f"{told} and {pluralize(more, 'more file')}" if more > 0 else told


def _unpacked(path: Path) -> bytes:
    """The content of a file; it is unpacked if its first bytes, not its name, tell gzip or xz."""
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content)
    return read_xz(path) if content.startswith(b"\xfd7zXZ\0") else content


def _header(head: bytes, path: Path, dimensions: int) -> tuple[np.dtype, tuple[int, ...]]:
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES:
        start = head[:4].hex() or "nothing"
        raise DataError(f"{path} is not an IDX file: it starts with {start}")
    dtype = np.dtype(_TYPES[head[2]])
    if head[3] != dimensions:
        raise DataError(
            f"{path} must hold values in {pluralize(dimensions, 'dimension')}, but it holds"
            f" {dtype.name} in {head[3]}"
        )
    if len(head) < 4 * (dimensions + 1):
        raise DataError(f"{path} is truncated: it ends inside its header")
    return dtype, tuple(int(size) for size in np.frombuffer(head[4:], dtype=">u4"))
