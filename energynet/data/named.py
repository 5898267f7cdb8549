"""Data sets by name, as on the command line, in grids and in stored runs."""

from pathlib import Path

from energynet.data.dataset import Dataset, is_npz, load_idx, load_npz
from energynet.data.mnist import load_mnist
from energynet.errors import DataError
from energynet.support import checks

MNIST = "mnist"  # any other name is that of a folder or file


def load_named(name: str | Path) -> Dataset:
    """The data set of a name on the command line, in a grid, or in a run's spec.

    `name` is "mnist", a folder of IDX files, or an `.npz` file with x_train, y_train, x_test,
    y_test and, optionally, classes.

    Raises ConfigError, DataError or FileError in one sentence; warns as `Dataset.from_arrays` does.
    """
    if isinstance(name, str) and name == MNIST:
        return load_mnist()
    path = checks.path("data", name)
    if path.is_dir():
        return load_idx(path)
    if not path.exists():
        raise DataError(
            f"data {checks.quoted(str(path))} does not exist: use {MNIST}, a folder or an .npz file"
        )
    if not is_npz(path):
        raise DataError(f"data must be {MNIST}, a folder or an .npz file, got the file {path}")
    return load_npz(path)
