"""A trained network: its weights, its predictions, its file."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from energynet.config import ACTIVATIONS
from energynet.errors import DataError, FileError
from energynet.support import checks
from energynet.support.arrays import as_array, check_pixel_type, frozen
from energynet.support.checks import pluralize, quoted
from energynet.support.files import written_whole
from energynet.support.npz import read_npz

_FORMAT = 1
_WHAT = "a network saved by energynet"


@checks.arguments
@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """A network with one hidden layer.

    The weights are read-only. They are copies, unless nobody else can write to what was given.

    Attributes
    ----------
    w1 : float32 or float64, (n_in + 1, nh)
        Weights from pixels to hidden units; the last row holds the biases.
    w2 : same type, (nh + 1, n_out)
        Weights from hidden to output units; the last row holds the biases.
    mean : float
        Subtracted from pixels, after uint8 was divided by 255.
    background : float
        A value of x that many pixels share. It makes evaluation faster; the outputs are right with
        any.
    activation : str
        Activation function of the hidden units, as in `TrainingConfig`.

    Raises
    ------
    DataError
        Weights that do not fit together, or a mean or background that is not finite.
    ConfigError
        An unknown activation.
    """

    w1: np.ndarray
    w2: np.ndarray
    mean: float
    background: float = 0.0
    activation: str = "leaky_relu"

    def __post_init__(self) -> None:
        for name in ("w1", "w2"):
            array = getattr(self, name)
            real = isinstance(array, np.ndarray) and array.dtype in (np.float32, np.float64)
            if not real or array.ndim != 2 or array.size == 0:
                raise DataError(
                    f"{name} must be a matrix of float32 or float64, got {quoted(array)}"
                )
        fits = self.w1.shape[1] + 1 == self.w2.shape[0] and len(self.w1) > 1
        if not fits or self.w1.dtype != self.w2.dtype:
            raise DataError(
                "w1 and w2 must have one type and shapes (n_in + 1, nh) and (nh + 1, n_out), got"
                f" {self.w1.dtype} {self.w1.shape} and {self.w2.dtype} {self.w2.shape}"
            )
        checks.choice("activation", self.activation, ACTIVATIONS)
        for name in ("mean", "background"):
            value = checks.number(name, getattr(self, name), "a finite number", above=-math.inf)
            object.__setattr__(self, name, value)
        for name in ("w1", "w2"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Unpickled arrays are writable until they are told otherwise."""
        for name in ("w1", "w2"):
            state[name].flags.writeable = False
        self.__dict__.update(state)

    def outputs(self, images: Any, threads: int = 1) -> np.ndarray:
        """Outputs for images, uint8 or floats (n, ...), flattened: (n, n_out) in the weights' type.

        They are the net inputs of the output units: a softmax is not applied.

        Raises DataError if the images do not have n_in pixels, ConfigError for bad threads.
        """
        return self._evaluate(images, threads)[0]

    def predict(self, images: Any, threads: int = 1) -> np.ndarray:
        """Classes of images, int32 (n,): the largest output, of equal ones the lowest class.

        Raises DataError if the images do not have n_in pixels, ConfigError for bad threads.
        """
        return self._evaluate(images, threads)[1]

    def save(self, path: str | Path) -> None:
        """Write the network to an `.npz` file, whole or not at all; raises FileError."""
        with written_whole(checks.path("path", path)) as file:
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
        path = checks.path("path", path)
        arrays = read_npz(path, _WHAT)
        try:
            if (number := int(arrays.pop("format"))) != _FORMAT:
                raise ValueError(f"its format is {number}, known is {_FORMAT}")
            values = {name: checks.unwrap(array) for name, array in arrays.items()}
            return cls(**values)
        except (ValueError, KeyError, TypeError) as error:
            raise FileError(f"{path} is not {_WHAT}: {checks.error_text(error)}") from error

    def __repr__(self) -> str:
        n_in, nh = self.w1.shape[0] - 1, self.w1.shape[1]
        pixels, outputs = pluralize(n_in, "pixel"), pluralize(self.w2.shape[1], "output")
        return f"Network({pixels}, {nh} hidden, {outputs}, {self.w1.dtype})"

    def _evaluate(self, images: Any, threads: int) -> tuple[np.ndarray, np.ndarray]:
        from energynet.kernels import state
        from energynet.kernels.activation import activation_of
        from energynet.training.evaluation import evaluate_images
        from energynet.training.images import encode_pixels

        threads = checks.integer("threads", threads, 1, 2**16)
        pixels = as_array("images", images)
        n_in, dtype = self.w1.shape[0] - 1, self.w1.dtype
        check_pixel_type("images", pixels)
        if pixels.ndim < 2:
            raise DataError(f"images must be an array (n, pixels), got shape {pixels.shape}")
        size = math.prod(pixels.shape[1:])
        if size != n_in:
            raise DataError(f"images must have {n_in} pixels, got {size}")
        pixels = np.ascontiguousarray(pixels).reshape(len(pixels), n_in)
        labels = np.zeros(len(pixels), np.int32)
        encoded = encode_pixels(pixels, labels, self.mean, self.background, dtype)
        r = np.add.reduce(self.w1[:-1], axis=0, dtype=np.float64)
        w2 = np.ascontiguousarray(self.w2.T)
        # A read-only array would be of another compiled type.
        w1 = np.require(self.w1, requirements=["C", "W"])
        weights = state.Weights(w1, np.zeros_like(r), r, w2)
        activation = activation_of(self.activation, dtype)
        return evaluate_images(weights, encoded, activation, threads)


def view_of(
    w1: np.ndarray, w2: np.ndarray, mean: float, background: float, activation: str
) -> Network:
    """A network on weights that change as long as a run goes on: read-only, but not copied.

    Parameters are those of `Network`; nothing is checked.
    """
    network = Network.__new__(Network)
    network.__dict__.update(mean=mean, background=background, activation=activation)
    for name, array in (("w1", w1), ("w2", w2)):
        network.__dict__[name] = read_only = array.view()
        read_only.flags.writeable = False
    return network
