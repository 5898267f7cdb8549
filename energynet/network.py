"""A trained network: its weights, its predictions, its file."""

import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from energynet import checks
from energynet.config import ACTIVATIONS
from energynet.errors import DataError, FileError
from energynet.files import written_whole

_FORMAT = 1
_PART = 512  # images that one thread evaluates at a time


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """A network with one hidden layer.

    Attributes
    ----------
    w1 : float32 or float64, (n_in + 1, nh)
        Weights from pixels to hidden units; the last row holds the biases.
    w2 : same type, (nh + 1, n_out)
        Weights from hidden to output units; the last row holds the biases.
    mean : float
        Subtracted from pixels, after uint8 was divided by 255.
    background : float
        The x value that most pixels share: computed once for all of them.
    activation : str
        Of the hidden units, as in `TrainingConfig`.
    """

    w1: np.ndarray
    w2: np.ndarray
    mean: float
    background: float
    activation: str = "leaky_relu"

    def outputs(self, images: Any, threads: int = 1) -> np.ndarray:
        """Outputs for images, uint8 or floats (n, ...), flattened: (n, n_out) in the weights' type.

        They are the net inputs of the output units: a softmax is not applied.

        Raises DataError if the images do not have n_in pixels.
        """
        return self._evaluate(images, threads)[0]

    def predict(self, images: Any, threads: int = 1) -> np.ndarray:
        """Classes of images, int32 (n,): the largest output, of equal ones the lowest class.

        Raises DataError if the images do not have n_in pixels.
        """
        return self._evaluate(images, threads)[1]

    def save(self, path: str | Path) -> None:
        """Write the network to an `.npz` file, whole or not at all; raises FileError."""
        with written_whole(Path(path)) as file:
            np.savez(
                file,
                format=_FORMAT,
                w1=self.w1,
                w2=self.w2,
                mean=self.mean,
                background=self.background,
                activation=self.activation,
            )

    @classmethod
    def load(cls, path: str | Path) -> "Network":
        """Read a network that `save` wrote; raises FileError for anything else."""
        arrays = read_npz(Path(path), "a network saved by energynet")
        try:
            network = cls(
                w1=arrays["w1"],
                w2=arrays["w2"],
                mean=float(arrays["mean"]),
                background=float(arrays["background"]),
                activation=checks.choice("activation", str(arrays["activation"]), ACTIVATIONS),
            )
            fits = network.w1.shape[1] + 1 == network.w2.shape[0]
            floats = network.w1.dtype in (np.float32, np.float64)
            if not (fits and floats and network.w1.dtype == network.w2.dtype):
                raise ValueError("its weights do not fit together")
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise FileError(f"{path} is not a network saved by energynet: {error}") from error
        return network

    def __repr__(self) -> str:
        n_in, nh = self.w1.shape[0] - 1, self.w1.shape[1]
        return f"Network({n_in} pixels, {nh} hidden, {self.w2.shape[1]} outputs, {self.w1.dtype})"

    def _evaluate(self, images: Any, threads: int) -> tuple[np.ndarray, np.ndarray]:
        from energynet.encode import encode_pixels
        from energynet.kernels import state
        from energynet.kernels.activation import activation_of

        pixels = np.asarray(images)
        n_in, dtype = self.w1.shape[0] - 1, self.w1.dtype
        if pixels.dtype not in (np.uint8, np.float32, np.float64) or pixels.ndim < 2:
            raise DataError(
                "images must be uint8, float32 or float64, (n, pixels),"
                f" got {pixels.dtype} of shape {pixels.shape}"
            )
        pixels = np.ascontiguousarray(pixels).reshape(len(pixels), -1)
        if pixels.shape[1] != n_in:
            raise DataError(f"images must have {n_in} pixels, got {pixels.shape[1]}")
        labels = np.zeros(len(pixels), np.int32)
        encoded = encode_pixels(pixels, labels, self.mean, self.background, dtype)
        r = np.add.reduce(self.w1[:-1], axis=0, dtype=np.float64)
        w2 = np.ascontiguousarray(self.w2.T)
        weights = state.Network(np.ascontiguousarray(self.w1), np.zeros_like(r), r, w2)
        activation = activation_of(self.activation, dtype)
        return evaluate_images(weights, encoded, activation, threads)


def evaluate_images(
    network: Any, images: Any, activation: Any, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (n, n_out) and classes int32 (n,) by the kernels' network, whose v must be 0.

    Images are shared out over threads; each is evaluated alone, so the bits never depend on them.
    """
    from energynet.kernels.evaluate import allocate, evaluate

    n, dtype = len(images.label), network.u.dtype
    output = np.empty((n, len(network.w2)), dtype)
    predicted = np.empty(n, np.int32)

    def part(start: int) -> None:
        stop = min(start + _PART, n)
        batch = allocate(network.u.shape[0] - 1, network.u.shape[1], dtype)
        evaluate(network, images, activation, batch, start, stop, output, predicted)

    if threads == 1:
        for start in range(0, n, _PART):
            part(start)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, range(0, n, _PART)))
    return output, predicted


def read_npz(path: Path, what: str) -> dict[str, np.ndarray]:
    """All arrays of an `.npz` file of this package's format; raises FileError."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if int(arrays["format"]) != _FORMAT:
            raise ValueError(f"its format is {arrays['format']}, known is {_FORMAT}")
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}") from error
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        EOFError,
        zlib.error,
        zipfile.BadZipFile,
        NotImplementedError,
    ) as error:
        raise FileError(f"{path} is not {what}: {error}") from error
    return arrays
