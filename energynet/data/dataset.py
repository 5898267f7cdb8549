"""Data sets: the embedded MNIST, folders of IDX files, arrays of one's own."""

import hashlib
import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from energynet.data.idx import find_idx, read_idx
from energynet.errors import ConfigError, DataError, FileError
from energynet.support import checks
from energynet.support.checks import counted, shown
from energynet.support.files import cache_folder, written_whole

_MNIST_FOLDER = Path(__file__).parent
_FILES_SHA256 = {
    "train-images-idx3-ubyte.xz": "037499b299a624dbc1fbbc308c6f8e085ec08df9e241f7296a73ace16d7355e4",  # noqa: E501
    "train-labels-idx1-ubyte.xz": "0b691ea7422403e7bd1bfc7f2ac58334416a723a3d2941e5352eba5099dd3280",  # noqa: E501
    "t10k-images-idx3-ubyte.xz": "31f8666c3e0dee34c8f6c14aefae6b7b8e72c2efc030a9e4a857d8ccea2fa970",
    "t10k-labels-idx1-ubyte.xz": "415b72b2ab3860ef01e17a0991178c2a62102b84a9ac8a6f2d0caf48f2f66f09",
}
_MNIST_BYTES_SHA256 = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"
MNIST = "mnist"  # its name wherever data are named; any other is that of a folder
# Its `Dataset.sha256`.
MNIST_SHA256 = "61d8d505e928c7e7373793833ec4c19948ac93f206ef0e76c7325e453c455839"
_MOST_CLASSES = 2**20  # keeps a stray label from asking for a network of that size
_MNIST_SHAPES = ((60_000, 784), (60_000,), (10_000, 784), (10_000,))


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images and labels for training and test.

    Attributes
    ----------
    x_train : uint8, float32 or float64, (n_train, n_in)
        Pixels. uint8 is divided by 255 where it is used, floats are taken as they are.
    y_train : int32, (n_train,)
        Labels in [0, classes).
    x_test : same type, (n_test, n_in)
        Pixels of the test set, on which the criterion is judged.
    y_test : int32, (n_test,)
        Its labels.
    classes : int
        Number of output neurons.

    Raises
    ------
    DataError
        Shapes, types or values that cannot be trained on.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: int

    def __post_init__(self) -> None:
        try:
            classes = checks.integer("classes", self.classes, 1, _MOST_CLASSES)
        except ConfigError as error:
            raise DataError(str(error)) from error
        train, test = _pixels("x_train", self.x_train), _pixels("x_test", self.x_test)
        if train.dtype != test.dtype:
            raise DataError(
                f"x_train and x_test must have one dtype, got {train.dtype} and {test.dtype}"
            )
        if train.shape[1] != test.shape[1]:
            raise DataError(
                "x_train and x_test must have the same number of pixels an image,"
                f" got {train.shape[1]} and {test.shape[1]}"
            )
        checked = {
            "x_train": train,
            "y_train": _labels("y_train", self.y_train, len(train), classes),
            "x_test": test,
            "y_test": _labels("y_test", self.y_test, len(test), classes),
            "classes": classes,
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_arrays(
        cls, x_train: Any, y_train: Any, x_test: Any, y_test: Any, classes: int | None = None
    ) -> "Dataset":
        """Make a data set of arrays; images are flattened.

        `classes` is by default the largest label of either part plus 1. Raises DataError.
        """
        if classes is not None:
            return cls(x_train, y_train, x_test, y_test, classes)
        dataset = cls(x_train, y_train, x_test, y_test, _MOST_CLASSES)
        most = max(dataset.y_train.max(), dataset.y_test.max())
        return replace(dataset, classes=int(most) + 1)

    @property
    def n_in(self) -> int:
        """Number of pixels of an image."""
        return int(self.x_train.shape[1])

    @cached_property
    def mean(self) -> float:
        """Mean over all pixels of the training set; uint8 pixels are divided by 255."""
        if self.x_train.dtype == np.uint8:
            return int(self.x_train.sum(dtype=np.uint64)) / (255 * self.x_train.size)
        # Row after row: this order of additions is the same on every processor.
        columns = np.add.reduce(self.x_train, axis=0, dtype=np.float64)
        return math.fsum(columns) / self.x_train.size

    @cached_property
    def sha256(self) -> str:
        """Hash of all arrays with their shapes and types, 64 hexadecimal digits."""
        digest = hashlib.sha256(f"classes {self.classes}".encode())
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            digest.update(f" {array.dtype.str} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def __repr__(self) -> str:
        return (
            f"Dataset({len(self.x_train)} training and {len(self.x_test)} test images of"
            f" {counted(self.n_in, 'pixel')} ({self.x_train.dtype}),"
            f" {counted(self.classes, 'class')})"
        )


def load_mnist() -> Dataset:
    """The embedded MNIST data set: 60,000 training and 10,000 test images of 784 pixels.

    The files are decoded once into a cache folder and memory-mapped from there, so many processes
    share one copy. Without a writable cache they are decoded in memory each time.

    Raises DataError if the embedded files are damaged.
    """
    folder = cache_folder("mnist")
    if folder is None:
        return _split_mnist(_decode_mnist())
    path = folder / f"{_MNIST_BYTES_SHA256[:16]}.npy"
    cached = _mapped_mnist(path)
    if cached is None:
        decoded = _decode_mnist()
        try:
            with written_whole(path) as file:
                np.save(file, decoded)
        except FileError:  # a full disk must not keep anyone from working
            return _split_mnist(decoded)
        cached = _mapped_mnist(path)
        if cached is None:
            return _split_mnist(decoded)
    return _split_mnist(cached)


def load_idx(folder: str | Path) -> Dataset:
    """Read a folder with the four IDX files of an MNIST-like data set, plain, `.gz` or `.xz`.

    The names are those of MNIST: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
    `t10k-images-idx3-ubyte`, `t10k-labels-idx1-ubyte`. Pixels are uint8.

    A packed file may hold 64 MiB, or 100 times its size where that is more.

    Raises DataError if a file is missing or damaged, or if the parts do not fit together;
    ConfigError if `folder` is no path.
    """
    folder = checks.path("folder", folder)
    if not folder.is_dir():
        raise DataError(f"the data folder {folder} does not exist")
    x_train = read_idx(find_idx(folder, "train-images-idx3-ubyte"), dimensions=3)
    y_train = read_idx(find_idx(folder, "train-labels-idx1-ubyte"), dimensions=1)
    x_test = read_idx(find_idx(folder, "t10k-images-idx3-ubyte"), dimensions=3)
    y_test = read_idx(find_idx(folder, "t10k-labels-idx1-ubyte"), dimensions=1)
    try:
        return Dataset.from_arrays(x_train, y_train, x_test, y_test)
    except DataError as error:
        raise DataError(f"{folder}: {error}") from error


def load_named(name: str) -> Dataset:
    """The data set of a name on the command line or in a run's spec: MNIST, or an IDX folder."""
    return load_mnist() if name == MNIST else load_idx(name)


def as_array(name: str, values: Any) -> np.ndarray:
    """The values as an array; raises DataError where they are none."""
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:  # rows of different lengths
        raise DataError(f"{name} must be an array, got {shown(values)}") from error


def _pixels(name: str, values: Any) -> np.ndarray:
    array = as_array(name, values)
    if array.dtype not in (np.uint8, np.float32, np.float64):
        raise DataError(f"{name} must be uint8, float32 or float64, got {array.dtype}")
    if array.ndim < 2 or array.size == 0:
        raise DataError(
            f"{name} must be a non-empty array (images, pixels), got shape {array.shape}"
        )
    array = np.ascontiguousarray(array).reshape(len(array), -1)
    if array.dtype != np.uint8 and not np.isfinite(array).all():
        raise DataError(f"{name} must be finite, but it contains NaN or infinity")
    return array


def _labels(name: str, values: Any, count: int, classes: int) -> np.ndarray:
    array = as_array(name, values)
    if array.dtype.kind not in "iu":
        raise DataError(f"{name} must be integers, got {array.dtype}")
    if array.shape != (count,):
        raise DataError(f"{name} must hold one label for each of {count} images, got {array.shape}")
    lowest, highest = int(array.min()), int(array.max())
    if lowest < 0 or highest >= classes:
        wrong = lowest if lowest < 0 else highest
        raise DataError(f"{name} must be labels in [0, {classes - 1}], got {wrong}")
    return np.ascontiguousarray(array, dtype=np.int32)


def _decode_mnist() -> np.ndarray:
    """The bytes of all four files behind each other, uint8."""
    for name, expected in _FILES_SHA256.items():
        if hashlib.sha256((_MNIST_FOLDER / name).read_bytes()).hexdigest() != expected:
            raise DataError(f"the embedded {name} is damaged: install energynet again")
    parts = [
        read_idx(_MNIST_FOLDER / name, dimensions=3 if "images" in name else 1).reshape(-1)
        for name in _FILES_SHA256
    ]
    return np.concatenate(parts)


def _mapped_mnist(path: Path) -> np.ndarray | None:
    """The cached bytes, or None where they are missing or damaged."""
    try:
        cached = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    intact = hashlib.sha256(cached.data).hexdigest() == _MNIST_BYTES_SHA256
    return cached if intact else None


def _split_mnist(everything: np.ndarray) -> Dataset:
    parts, start = [], 0
    for shape in _MNIST_SHAPES:
        stop = start + math.prod(shape)
        parts.append(everything[start:stop].reshape(shape))
        start = stop
    x_train, y_train, x_test, y_test = parts
    return Dataset.from_arrays(x_train, y_train, x_test, y_test, classes=10)
