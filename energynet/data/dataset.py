"""Data sets made of arrays, folders of IDX files and `.npz` files."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from energynet.data.idx import NAMES, find_idx, read_idx, read_labels, write_idx
from energynet.errors import ConfigError, DataError
from energynet.support import arrays, checks
from energynet.support.checks import pluralize, quoted
from energynet.support.files import made_folder, written_whole
from energynet.support.npz import read_npz

_MOST_CLASSES = 2**20  # keeps a stray label from asking for a network of that size
_ARRAYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images and labels for training and test.

    The arrays are read-only. They are copies, unless nobody else can write to what was given, such
    as a memory-mapped file: a data set never changes.

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

    Warns
    -----
    DataWarning
        Floats that look like pixels that are not scaled: none is negative, the largest is above 2.
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
        train = arrays.pixels_of("x_train", self.x_train)
        test = arrays.pixels_of("x_test", self.x_test)
        if train.dtype != test.dtype:
            raise DataError(
                f"x_train and x_test must have one dtype, got {train.dtype} and {test.dtype}"
            )
        if train.shape[1] != test.shape[1]:
            raise DataError(
                "x_train and x_test must have the same number of pixels per image,"
                f" got {train.shape[1]} and {test.shape[1]}"
            )
        checked = {
            "x_train": train,
            "y_train": arrays.labels_of("y_train", self.y_train, len(train), classes),
            "x_test": test,
            "y_test": arrays.labels_of("y_test", self.y_test, len(test), classes),
            "classes": classes,
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        arrays.warn_of_scale(train)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Unpickled arrays are writable until they are told otherwise."""
        for name in _ARRAYS:
            state[name].flags.writeable = False
        self.__dict__.update(state)

    @classmethod
    def from_arrays(
        cls, x_train: Any, y_train: Any, x_test: Any, y_test: Any, classes: int | None = None
    ) -> "Dataset":
        """Make a data set of arrays; images are flattened.

        `classes` is by default the largest label of either part plus 1; a DataWarning tells which
        of the classes then have no image. Raises DataError.
        """
        if classes is not None:
            return cls(x_train, y_train, x_test, y_test, classes)
        most = max(arrays.largest_label("y_train", y_train), arrays.largest_label("y_test", y_test))
        dataset = cls(x_train, y_train, x_test, y_test, min(most + 1, _MOST_CLASSES))
        arrays.warn_of_holes(dataset._counts())
        return dataset

    @classmethod
    def load(cls, path: str | Path) -> "Dataset":
        """Read what `save` writes: an `.npz` file, or a folder of IDX files, as `load_idx` does.

        Any other program may write the file: it holds x_train, y_train, x_test, y_test and,
        optionally, classes. Raises ConfigError, DataError or FileError; warns as `from_arrays`
        does.
        """
        path = checks.path("path", path)
        if path.exists() and not path.is_dir() and not is_npz(path):
            raise DataError(f"path must be a folder or an .npz file, got the file {path}")
        return load_npz(path) if is_npz(path) else load_idx(path)

    def only(self, classes: Sequence[int]) -> "Dataset":
        """The images of some classes, with labels renumbered in the order given.

        `only([3, 1])` makes class 3 the class 0, and class 1 stays 1.

        Raises ConfigError for a class that no image has, or that is named twice; DataError if the
        training or the test set has no image of them.
        """
        chosen = arrays.chosen_classes(classes, self._counts())
        position = np.full(self.classes, -1)
        position[chosen] = np.arange(len(chosen))
        train, test = position[self.y_train], position[self.y_test]
        return Dataset(
            self.x_train[train >= 0],
            train[train >= 0],
            self.x_test[test >= 0],
            test[test >= 0],
            len(chosen),
        )

    def permuted(self, seed: int) -> "Dataset":
        """The same images with their pixels in another order, the same for all images.

        The order is drawn with integers alone: on every machine a seed gives the same one.

        Raises ConfigError unless `seed` is an integer >= 0.
        """
        key = np.random.SeedSequence(checks.integer("seed", seed, 0, 2**63 - 1)).generate_state(
            1, np.uint64
        )
        order = np.argsort(_mix(key, np.arange(self.n_in, dtype=np.uint64)))
        return Dataset(
            self.x_train[:, order],
            self.y_train,
            self.x_test[:, order],
            self.y_test,
            self.classes,
        )

    def save(self, path: str | Path) -> None:
        """Write the data set to an `.npz` file, or, by any other name, to a folder of IDX files.

        The file holds x_train, y_train, x_test, y_test and classes. The folder is made if it is
        new; images are written as squares if their number of pixels allows it, else as one row.

        Raises FileError if nothing can be written there, DataError if IDX files cannot hold the
        data: their pixels are uint8, their labels go from 0 to 255, and the largest label stands
        for the number of classes.
        """
        path = checks.path("path", path)
        parts = {name: getattr(self, name) for name in _ARRAYS}
        if is_npz(path):
            with written_whole(path) as file:
                np.savez(file, **parts, classes=self.classes)
            return
        instead = "save to an .npz file instead"
        if self.x_train.dtype != np.uint8 or self.classes > 256:
            got = f"{self.x_train.dtype} and {pluralize(self.classes, 'class')}"
            raise DataError(
                f"IDX files hold uint8 pixels and at most 256 classes, got {got}: {instead}"
            )
        if not self._counts()[-1]:
            raise DataError(
                f"IDX files need an image of the last class, {self.classes - 1}, to tell how many"
                f" classes there are: {instead}"
            )
        folder = made_folder(path, "path")
        side = math.isqrt(self.n_in)
        rows = side if side * side == self.n_in else 1
        for name, array in zip(NAMES, parts.values(), strict=True):
            images = array.ndim == 2
            write_idx(
                folder / name,
                array.reshape(len(array), rows, -1) if images else array.astype(np.uint8),
            )

    def _counts(self) -> np.ndarray:
        """How many images of both parts each class has."""
        labels = np.concatenate([self.y_train, self.y_test])
        return np.bincount(labels, minlength=self.classes)

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
            f" {pluralize(self.n_in, 'pixel')} ({self.x_train.dtype}),"
            f" {pluralize(self.classes, 'class')})"
        )


def _mix(key: np.ndarray, counter: np.ndarray) -> np.ndarray:
    """64 bits for each counter, different for different ones, as `energynet.kernels.draws.mix`."""
    z = key + np.uint64(0x9E3779B97F4A7C15) * (counter + np.uint64(1))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


@checks.arguments
def load_idx(folder: str | Path) -> Dataset:
    """Read a folder with the four IDX files of an MNIST-like data set, plain, gzip or xz.

    The names are those of MNIST: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
    `t10k-images-idx3-ubyte`, `t10k-labels-idx1-ubyte`. Also known are `train-images.idx3-ubyte`,
    names that begin with that of the data set and have `test` in the place of `t10k`, as those of
    EMNIST, and the labels of QMNIST, `...-labels-idx2-int`.

    Raises DataError if a file is missing or damaged, if the folder holds more than one data set, or
    if the parts do not fit together; ConfigError if `folder` is not a path. Warns as
    `Dataset.from_arrays` does.
    """
    folder = checks.path("folder", folder)
    if not folder.is_dir():
        raise DataError(f"the data folder {folder} does not exist")
    x_train, y_train, x_test, y_test = find_idx(folder)
    try:
        return Dataset.from_arrays(
            read_idx(x_train, dimensions=3),
            read_labels(y_train),
            read_idx(x_test, dimensions=3),
            read_labels(y_test),
        )
    except DataError as error:
        told = str(error)
        raise DataError(told if str(folder) in told else f"{folder}: {told}") from error


def load_npz(path: Path) -> Dataset:
    """Read a file that `Dataset.save` wrote, or another that holds its arrays by their names."""
    held = read_npz(path, "a data set")
    lacking = [name for name in _ARRAYS if name not in held]
    if lacking:
        there = ", ".join(held) or "nothing"
        raise DataError(
            f"{path} is not a data set: it must hold {', '.join(_ARRAYS)} (and may hold classes),"
            f" but it lacks {', '.join(lacking)}; it holds {quoted(there)}"
        )
    try:
        parts: dict[str, Any] = {name: held[name] for name in (*_ARRAYS, "classes") if name in held}
        return Dataset.from_arrays(**parts)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def is_npz(path: Path) -> bool:
    """Whether the path is, or would be, a file of arrays."""
    return path.suffix == ".npz" and not path.is_dir()
