"""The embedded MNIST: its files, and their copy in the cache."""

import hashlib
import math
from pathlib import Path

import numpy as np

from energynet.data.dataset import Dataset
from energynet.data.idx import read_idx
from energynet.errors import DataError, FileError
from energynet.support.files import cache_folder, written_whole

# Its `Dataset.sha256`.
MNIST_SHA256 = "61d8d505e928c7e7373793833ec4c19948ac93f206ef0e76c7325e453c455839"
_FOLDER = Path(__file__).parent
_FILES_SHA256 = {
    "train-images-idx3-ubyte.xz": "037499b299a624dbc1fbbc308c6f8e085ec08df9e241f7296a73ace16d7355e4",  # noqa: E501
    "train-labels-idx1-ubyte.xz": "0b691ea7422403e7bd1bfc7f2ac58334416a723a3d2941e5352eba5099dd3280",  # noqa: E501
    "t10k-images-idx3-ubyte.xz": "31f8666c3e0dee34c8f6c14aefae6b7b8e72c2efc030a9e4a857d8ccea2fa970",
    "t10k-labels-idx1-ubyte.xz": "415b72b2ab3860ef01e17a0991178c2a62102b84a9ac8a6f2d0caf48f2f66f09",
}
_BYTES_SHA256 = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"
_SHAPES = ((60_000, 784), (60_000,), (10_000, 784), (10_000,))


def load_mnist() -> Dataset:
    """The embedded MNIST data set: 60,000 training and 10,000 test images of 784 pixels.

    The files are decoded once into a cache folder and memory-mapped from there, so many processes
    share one copy. Without a writable cache they are decoded in memory each time.

    Raises DataError if the embedded files are damaged.
    """
    folder = cache_folder("mnist")
    if folder is None:
        return _split(_decoded())
    path = folder / f"{_BYTES_SHA256[:16]}.npy"
    cached = _mapped(path)
    if cached is None:
        decoded = _decoded()
        try:
            with written_whole(path) as file:
                np.save(file, decoded)
        except FileError:  # a full disk must not keep anyone from working
            return _split(decoded)
        cached = _mapped(path)
        if cached is None:
            return _split(decoded)
    return _split(cached)


def _decoded() -> np.ndarray:
    """The bytes of all four files behind each other, uint8."""
    for name, expected in _FILES_SHA256.items():
        if hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest() != expected:
            raise DataError(f"the embedded {name} is damaged: install energynet again")
    parts = [
        read_idx(_FOLDER / name, dimensions=3 if "images" in name else 1).reshape(-1)
        for name in _FILES_SHA256
    ]
    everything = np.concatenate(parts)
    everything.flags.writeable = False
    return everything


def _mapped(path: Path) -> np.ndarray | None:
    """The cached bytes, or None if they are missing or damaged."""
    try:
        cached = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    intact = hashlib.sha256(cached.data).hexdigest() == _BYTES_SHA256
    return cached if intact else None


def _split(everything: np.ndarray) -> Dataset:
    parts, start = [], 0
    for shape in _SHAPES:
        stop = start + math.prod(shape)
        parts.append(everything[start:stop].reshape(shape))
        start = stop
    x_train, y_train, x_test, y_test = parts
    return Dataset.from_arrays(x_train, y_train, x_test, y_test, classes=10)
