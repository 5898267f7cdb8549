"""Which training image comes at which step, and what images look like to a dense program."""

import numpy as np

import energynet as en

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_LOW = np.uint64(0xFFFFFFFF)


def image_numbers(order_key: int, first: int, count: int, images: int) -> np.ndarray:
    """Numbers of the training images of the steps first ... first + count - 1, int64 (count,).

    SplitMix64 of the step, bounded by multiply-shift: what `energynet.kernels.draws` computes.
    """
    counter = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    z = np.full(count, order_key, np.uint64) + _GOLDEN * counter  # arrays of integers wrap around
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    z ^= z >> np.uint64(31)
    n, half = np.uint64(images), np.uint64(32)
    return (((z >> half) * n + (((z & _LOW) * n) >> half)) >> half).astype(np.int64)


def inputs(pixels: np.ndarray, mean: float) -> np.ndarray:
    """x of all images, float32 (images, n_in + 1): centred pixels, and the bias unit's 1 last."""
    scale = 255 if pixels.dtype == np.uint8 else 1
    x = np.ones((len(pixels), pixels.shape[1] + 1), np.float32)
    np.multiply(pixels, np.float32(1 / scale), out=x[:, :-1], casting="unsafe")
    x[:, :-1] -= np.float32(mean)
    return x


def training_inputs(dataset: en.Dataset) -> np.ndarray:
    """x of all training images."""
    return inputs(dataset.x_train, dataset.mean)
