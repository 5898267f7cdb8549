"""The rule with a mask that the user gives: its synapses change. Configs name it by its content."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from energynet.errors import ConfigError, FileError
from energynet.rules.base import Counts, Named, Shape
from energynet.support import checks
from energynet.support.arrays import frozen
from energynet.support.checks import quoted
from energynet.support.contents import content, content_of
from energynet.support.files import resolved, written_whole
from energynet.support.npz import read_npz

_WHAT = "a mask with the arrays hidden and output"


class _Known:
    """Equal masks are equal rules, whether or not their arrays are at hand."""

    mask: str
    name: ClassVar[str] = "fixed-given"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.mask == other.mask

    def __hash__(self) -> int:
        return hash(self.mask)


@checks.arguments
@dataclass(frozen=True, eq=False, repr=False)
class GivenMask(_Known):
    """The synapses of a given mask change; the others never do.

    Two rules are equal if their masks are. The arrays are read-only. They are copies, unless nobody
    else can write to what was given.

    Parameters
    ----------
    hidden : bool, (n_in + 1, nh)
        True for each synapse onto a hidden unit that changes, in the shape of `Network.w1`: the
        last row holds the biases.
    output : bool, (nh + 1, n_out)
        The same for the output layer, in the shape of `Network.w2`.

    Attributes
    ----------
    mask : str
        16 hexadecimal digits of SHA-256 over shapes, types and values.

    Raises
    ------
    ConfigError
        Arrays of another type or of shapes that do not fit together, or without any True.
    """

    hidden: np.ndarray
    output: np.ndarray
    mask: str = field(init=False)
    names: ClassVar[tuple[Named, ...]] = (
        Named(
            *("fixed-given", "given synapses", "the synapses of two masks that a file holds"),
            *(("mask",), {}),
        ),
    )

    def __post_init__(self) -> None:
        for name, rows in (("hidden", "(n_in + 1, nh)"), ("output", "(nh + 1, n_out)")):
            array = getattr(self, name)
            fits = isinstance(array, np.ndarray) and array.dtype == bool
            if not fits or array.ndim != 2 or array.size == 0:
                raise ConfigError(f"{name} must be a bool array {rows}, got {_described(array)}")
            object.__setattr__(self, name, frozen(array))
        if self.hidden.shape[1] + 1 != self.output.shape[0] or len(self.hidden) < 2:
            raise ConfigError(
                "hidden and output must have the shapes (n_in + 1, nh) and (nh + 1, n_out), got"
                f" {self.hidden.shape} and {self.output.shape}"
            )
        if not (self.hidden.any() or self.output.any()):
            raise ConfigError("hidden and output must have at least one True, got none")
        object.__setattr__(self, "mask", content_of((self.hidden, self.output)))

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Unpickled arrays are writable until they are told otherwise."""
        for name in ("hidden", "output"):
            state[name].flags.writeable = False
        self.__dict__.update(state)

    def __repr__(self) -> str:
        return f"GivenMask({self.mask}: {self.plastic:,d} of {self.shape.synapses:,d} synapses)"

    @property
    def shape(self) -> Shape:
        """The size of the network that the mask is for."""
        (rows, hidden), n_out = self.hidden.shape, self.output.shape[1]
        return Shape(rows - 1, hidden, n_out)

    @property
    def plastic(self) -> int:
        """How many synapses change."""
        return int(np.count_nonzero(self.hidden) + np.count_nonzero(self.output))

    def counts(self, shape: Shape) -> Counts:
        """The size of the mask; raises ConfigError if it is for a network of another size."""
        if shape != self.shape:
            raise ConfigError(
                "mask must have the shapes of the network's weights, hidden"
                f" {(shape.n_in + 1, shape.hidden)} and output {(shape.hidden + 1, shape.n_out)},"
                f" got {self.hidden.shape} and {self.output.shape}"
            )
        return Counts(update="mask", units=shape.hidden, plastic=self.plastic)

    def save(self, path: str | Path) -> None:
        """Write the mask to an `.npz` file, whole or not at all; raises FileError."""
        with written_whole(checks.path("path", path)) as file:
            np.savez_compressed(file, hidden=self.hidden, output=self.output)

    @classmethod
    def load(cls, path: str | Path) -> "GivenMask":
        """Read a mask from an `.npz` file with the bool arrays `hidden` and `output`.

        Raises FileError for a file that cannot be read or holds anything else.
        """
        path = checks.path("mask", path)
        arrays = read_npz(path, _WHAT)
        try:
            return cls(arrays["hidden"], arrays["output"])
        except (ConfigError, KeyError) as error:
            raise FileError(f"{path} is not {_WHAT}: {checks.error_text(error)}") from error


class MaskFile(str):
    """The path of a mask's file and the rule that it held when it was read.

    The path is empty for a mask that was given as arrays.
    """

    rule: GivenMask

    @classmethod
    def of(cls, value: Any) -> "MaskFile":
        """The file of that path, read, or a rule without a file; raises ConfigError, FileError."""
        if isinstance(value, MaskFile):
            return value
        rule = value if isinstance(value, GivenMask) else GivenMask.load(value)
        file = cls("" if rule is value else resolved(checks.path("mask", value)))
        file.rule = rule
        return file


@dataclass(frozen=True, eq=False)
class NamedMask(_Known):
    """A given mask by its digits alone, as configs on disk and tables hold it.

    It has the identity of the mask, but cannot train.
    """

    mask: str

    def __post_init__(self) -> None:
        if not content("mask", self.mask):
            raise ConfigError("mask must be given for rule fixed-given: its 16 hexadecimal digits")

    def counts(self, shape: Shape) -> Counts:  # noqa: ARG002
        """Raises ConfigError: the arrays are not at hand."""
        raise ConfigError(
            f"mask {self.mask} is known by its digits alone and cannot train: give its arrays, as"
            " GivenMask(hidden, output)"
        )


def _described(value: Any) -> str:
    """Type and shape of an array, or the value itself."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return quoted(value)
