"""Reader of `.npz` files that runs no code and unpacks no more than a file of its size may hold."""

import math
import sys
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from energynet.errors import FileError
from energynet.support.checks import error_text
from energynet.support.files import most_unpacked


def read_npz(path: Path, what: str) -> dict[str, np.ndarray]:
    """All arrays of a file that `numpy.savez` or `savez_compressed` wrote, read-only; no objects.

    It may hold 64 MiB, or 100 times its size if that is more. `what` says in the message what the
    file should be. Raises FileError.
    """
    try:
        if path.exists() and not path.is_file():
            raise FileError(f"{path} cannot be read: it is not a file")
        with path.open("rb") as stream, zipfile.ZipFile(stream) as file:
            members = file.infolist()
            if sum(member.file_size for member in members) > (most := most_unpacked(path)):
                raise ValueError(f"it would unpack to more than {most:,} bytes")
            arrays = {}
            for member in members:
                with file.open(member) as content:
                    name = member.filename.removesuffix(".npy")
                    arrays[name] = _array(content, member.file_size)
    except (FileError, MemoryError):
        raise
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error_text(error)}") from error
    except Exception as error:  # a damaged archive can raise anything
        raise FileError(f"{path} is not {what}: {error_text(error)}") from error
    return arrays


def _array(content: IO[bytes], size: int) -> np.ndarray:
    """One array, read once its header has announced as many bytes as there are."""
    version = np.lib.format.read_magic(content)
    header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = header(content)
    fits = math.prod(shape) * dtype.itemsize == size - content.tell()
    if dtype.hasobject or not fits or any(length > size for length in shape):
        raise ValueError("an array in it has another size than it announces")
    content.seek(0)
    array: np.ndarray = np.lib.format.read_array(content, allow_pickle=False)
    if not _has_sound_values(array):
        raise ValueError("a text in it is invalid")
    array.flags.writeable = False
    return array


def _has_sound_values(array: np.ndarray) -> bool:
    """Whether texts are of characters that exist: others break strings; records hold numbers."""
    if array.dtype.fields is not None:
        return all(field[0].kind in "biuf" for field in array.dtype.fields.values())
    if array.dtype.kind != "U":
        return True
    codes = np.frombuffer(array.tobytes(), np.dtype("u4").newbyteorder(array.dtype.byteorder))
    return not codes.size or int(codes.max()) <= sys.maxunicode
