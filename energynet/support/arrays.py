"""Arrays that users give: images and labels, checked, and kept so that nobody can change them."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from energynet.errors import ConfigError, DataError, DataWarning
from energynet.support import checks
from energynet.support.checks import quoted

_LARGE = 2.0  # floats above are hardly pixels between 0 and 1


def frozen(values: Any, dtype: Any = None) -> np.ndarray:
    """The values as a read-only array in C order; a copy if anybody else could write to them."""
    array = np.asarray(values)
    owner: Any = array
    while isinstance(owner, np.ndarray) and not owner.flags.writeable:
        owner = owner.base
    other_type = dtype is not None and array.dtype != dtype
    if isinstance(owner, np.ndarray) or other_type or not array.flags.c_contiguous:
        array = np.array(array, dtype, order="C")
    array.flags.writeable = False
    return array.view()


def as_array(name: str, values: Any) -> np.ndarray:
    """The values as an array; raises DataError if that is impossible."""
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:  # rows of different lengths
        raise DataError(f"{name} must be an array, got {quoted(values)}") from error


def check_pixel_type(name: str, array: np.ndarray) -> None:
    """Raise DataError unless it is uint8, float32 or float64."""
    if array.dtype in (np.uint8, np.float32, np.float64):
        return
    hint = ""
    if array.dtype.kind in "biuf":
        hint = ": convert it with .astype(np.float32), or .astype(np.uint8) if it holds 0 to 255"
    raise DataError(f"{name} must be uint8, float32 or float64, got {array.dtype}{hint}")


def pixels_of(name: str, values: Any) -> np.ndarray:
    """Images as a read-only matrix, one row per image; raises DataError."""
    array = as_array(name, values)
    check_pixel_type(name, array)
    if array.ndim < 2 or array.size == 0:
        raise DataError(
            f"{name} must be a non-empty array (images, pixels), got shape {array.shape}"
        )
    if array.dtype != np.uint8 and not np.isfinite(array).all():
        raise DataError(f"{name} must be finite, but it contains NaN or infinity")
    return frozen(array).reshape(len(array), -1)


def labels_of(name: str, values: Any, count: int, classes: int) -> np.ndarray:
    """Labels in [0, classes), one per image, as read-only int32; raises DataError."""
    array = as_array(name, values)
    if array.dtype.kind not in "iu":
        raise DataError(f"{name} must be integers, got {array.dtype}")
    if array.shape != (count,):
        raise DataError(f"{name} must hold one label for each of {count} images, got {array.shape}")
    lowest, highest = int(array.min()), int(array.max())
    if lowest < 0 or highest >= classes:
        wrong = lowest if lowest < 0 else highest
        raise DataError(f"{name} must be labels in [0, {classes - 1}], got {wrong}")
    return frozen(array, np.int32)


def largest_label(name: str, labels: Any) -> int:
    """The largest label, 0 for what holds none: all else about labels is checked later."""
    array = as_array(name, labels)
    return max(0, int(array.max())) if array.dtype.kind in "iu" and array.size else 0


def chosen_classes(classes: Any, counts: np.ndarray) -> list[int]:
    """Classes as integers; raises ConfigError unless each has images and is named once."""
    several = isinstance(classes, Sequence) and not isinstance(classes, str | bytes)
    if not (several or getattr(classes, "ndim", 0) == 1) or not len(classes):
        raise ConfigError(f"classes must be a list of at least one class, got {quoted(classes)}")
    chosen = [checks.integer("classes", value, 0, len(counts) - 1) for value in classes]
    for place, value in enumerate(chosen):
        if not counts[value]:
            raise ConfigError(f"classes must be those of images, but no image has class {value}")
        if value in chosen[:place]:
            raise ConfigError(f"classes must name each class once, got {value} again")
    return chosen


def warn_of_holes(counts: np.ndarray) -> None:
    """Tell which classes have no image; `counts` is how many each class has."""
    absent, present = np.flatnonzero(counts == 0), np.flatnonzero(counts)
    if len(absent):
        warnings.warn(
            f"the labels go up to {len(counts) - 1}, but no image has the label {_few(absent)}:"
            " output units without any image would be trained and counted;"
            f" Dataset.only([{_few(present)}]) renumbers the labels, and classes={len(counts)}"
            " keeps them",
            DataWarning,
            stacklevel=3,
        )


def warn_of_scale(pixels: np.ndarray) -> None:
    """Tell that floats are not scaled, if they look like pixels that should be.

    Standardised data may be as large: they have negative values, which pixels have not.
    """
    if pixels.dtype != np.uint8 and pixels.max() > _LARGE and pixels.min() >= 0:
        warnings.warn(
            f"x_train holds floats up to {pixels.max():g}, which are taken as they are: divide"
            " pixels by their largest possible value, 255 for 8 bits, or give them as uint8",
            DataWarning,
            stacklevel=4,
        )


def _few(numbers: np.ndarray) -> str:
    """Some numbers in few words."""
    if len(numbers) > 12:
        return f"{numbers[0]}, {numbers[1]}, ... {numbers[-1]}"
    return ", ".join(map(str, numbers))
