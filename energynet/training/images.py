"""Images as the kernels read them: codes and a table of x values, or the x values themselves."""

import numpy as np

from energynet.data.dataset import Dataset
from energynet.errors import DataError
from energynet.kernels.state import BIAS_CODE, CODES, Images

_SAMPLED = 1000  # training images that decide on the background
_TOGETHER = 1000  # images that are in float64 at a time
_DOMINANT = 0.25  # share of their pixels that it must have


def encode_dataset(dataset: Dataset, center: bool, dtype: np.dtype) -> tuple[Images, Images]:
    """Training and test images with x = pixel - mean (or x = pixel), in dtype.

    uint8 pixels are divided by 255. The background is the most frequent x of the first 1,000
    training images if at least a quarter of their pixels have it, else 0. Raises DataError if an x
    overflows.
    """
    mean = dataset.mean if center else 0.0
    train = encode_pixels(dataset.x_train, dataset.y_train, mean, 0.0, dtype)
    background = _dominant_value(train)
    test = encode_pixels(dataset.x_test, dataset.y_test, mean, background, dtype)
    code = test.background_code
    return train._replace(background=dtype.type(background), background_code=code), test


def encode_pixels(
    pixels: np.ndarray, labels: np.ndarray, mean: float, background: float, dtype: np.dtype
) -> Images:
    """Images of that mean and background; pixels : uint8 or floats, (n, n_in)."""
    n_in = pixels.shape[1]
    if pixels.dtype == np.uint8:
        codes, values = pixels, np.empty((0, n_in), dtype)
        table = np.append(np.arange(BIAS_CODE) / 255 - mean, 1.0).astype(dtype)
        same = np.flatnonzero(table[:-1] == dtype.type(background))
        code = int(same[0]) if len(same) else -1
    else:
        codes, values = np.empty((0, n_in), np.uint8), _subtract(pixels, mean, dtype)
        table, code = np.zeros(CODES, dtype), -1
    by_size = np.argsort(-np.abs(table), kind="stable")
    codes, values, labels = map(_read_only, (codes, values, labels))
    return Images(codes, values, table, by_size, labels, dtype.type(background), code)


def _read_only(array: np.ndarray) -> np.ndarray:
    """A view as mapped files give it: what may be written to is another type to the compiler."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def _subtract(pixels: np.ndarray, mean: float, dtype: np.dtype) -> np.ndarray:
    values = np.empty(pixels.shape, dtype)
    with np.errstate(over="ignore"):
        for start in range(0, len(pixels), _TOGETHER):
            part = pixels[start : start + _TOGETHER]
            values[start : start + _TOGETHER] = np.subtract(part, mean, dtype=np.float64)
    if not np.isfinite(values).all():
        raise DataError(f"pixels must fit into {dtype}, but at least one is NaN or overflows")
    return values


def _dominant_value(images: Images) -> float:
    if len(images.codes):
        counts = np.bincount(images.codes[:_SAMPLED].reshape(-1), minlength=CODES)
        values = images.table
    else:
        values, counts = np.unique(images.values[:_SAMPLED], return_counts=True)
    most = int(counts.argmax())
    return float(values[most]) if counts[most] >= _DOMINANT * counts.sum() else 0.0
