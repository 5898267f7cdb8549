"""Reader of `.npz` files that runs no code."""

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from energynet.errors import FileError
from energynet.support.checks import error_text


def read_npz(path: Path, what: str) -> dict[str, np.ndarray]:
    """All arrays of a file that `numpy.savez` or `savez_compressed` wrote, read-only; no objects.

    `what` says in the message what the file should be. Raises FileError.
    """
    try:
        if path.exists() and not path.is_file():
            raise FileError(f"{path} cannot be read: it is not a file")
        with path.open("rb") as stream, zipfile.ZipFile(stream) as file:
            arrays = {}
            for member in file.infolist():
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
    """One array, if its header announces as many bytes as there are."""
    version = np.lib.format.read_magic(content)
    header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = header(content)
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != size - content.tell():
        raise ValueError("an array in it has another size than it announces")
    content.seek(0)
    array: np.ndarray = np.lib.format.read_array(content, allow_pickle=False)
    array.flags.writeable = False
    return array
