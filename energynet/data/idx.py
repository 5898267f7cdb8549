"""Reader of IDX files, the format of MNIST: plain, gzip or xz.

Format: two zero bytes, a type byte (8 = unsigned byte), the number of dimensions, each size as a
big-endian 32-bit integer, then the values. Source: the MNIST page of LeCun, Cortes and Burges.
"""

import gzip
import math
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from energynet.errors import DataError
from energynet.support.checks import reason
from energynet.support.files import most_unpacked

SUFFIXES = ("", ".gz", ".xz")
_UNSIGNED_BYTE = 8
_BLOCK = 1 << 20


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Read one IDX file of unsigned bytes.

    Returns a uint8 array with `dimensions` axes. Memory grows with the bytes really found, never
    with the sizes that the header claims; a packed file may hold 64 MiB, or 100 times its size.

    Raises DataError if the file is missing, truncated, too long, or no such IDX file.
    """
    try:
        with _opener(path)() as file:
            sizes = _header(file, path, dimensions)
            _check_size(path, math.prod(sizes))
            body = _body(file, path, math.prod(sizes))
    except (OSError, EOFError, zlib.error, MemoryError) as error:
        raise DataError(f"{path} cannot be read: {reason(error)}") from error
    return np.frombuffer(body, dtype=np.uint8).reshape(sizes)


def find_idx(folder: Path, name: str) -> Path:
    """The file of that name in `folder`: plain, `.gz` or `.xz`. Raises DataError without one."""
    for suffix in SUFFIXES:
        path = folder / (name + suffix)
        if path.is_file():
            return path
    raise DataError(f"{folder} holds no {name} (plain, .gz or .xz)")


def _opener(path: Path) -> Callable[[], AbstractContextManager[BinaryIO]]:
    if path.suffix == ".gz":
        return lambda: cast(AbstractContextManager[BinaryIO], gzip.open(path, "rb"))
    if path.suffix == ".xz":
        return lambda: _open_xz(path)
    return lambda: path.open("rb")


def _open_xz(path: Path) -> AbstractContextManager[BinaryIO]:
    try:
        import lzma
    except ImportError as error:
        raise DataError(
            f"{path} cannot be read: this Python was built without the lzma module"
        ) from error

    class XzFile(lzma.LZMAFile):
        def read(self, size: int | None = -1) -> bytes:
            try:
                return super().read(size)
            except lzma.LZMAError as error:
                raise OSError(str(error)) from error

    return cast(AbstractContextManager[BinaryIO], XzFile(path))


def _header(file: BinaryIO, path: Path, dimensions: int) -> tuple[int, ...]:
    head = file.read(4 + 4 * dimensions)
    magic = bytes((0, 0, _UNSIGNED_BYTE, dimensions))
    if head[:4] != magic:
        raise DataError(
            f"{path} is not an IDX file of unsigned bytes with {dimensions} dimension"
            f"{'s' * (dimensions > 1)}: it starts with {head[:4].hex() or 'nothing'},"
            f" not {magic.hex()}"
        )
    if len(head) < 4 + 4 * dimensions:
        raise DataError(f"{path} is truncated: it ends inside its header")
    sizes = np.frombuffer(head, dtype=">u4", offset=4)
    return tuple(int(size) for size in sizes)


def _check_size(path: Path, expected: int) -> None:
    if path.suffix and expected > (most := most_unpacked(path)):
        raise DataError(
            f"{path} announces {expected} values, but a packed file of its size may hold {most}"
        )


def _body(file: BinaryIO, path: Path, expected: int) -> bytearray:
    body = bytearray()
    while block := file.read(min(_BLOCK, expected + 1 - len(body))):
        body += block
    if len(body) != expected:
        what = "truncated" if len(body) < expected else "too long"
        found = f"only {len(body)} follow" if len(body) < expected else "more follow"
        raise DataError(f"{path} is {what}: its header announces {expected} values, {found}")
    return body
