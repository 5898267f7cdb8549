"""Memory for the arrays that kernels stream."""

import math

import numpy as np

_LINE = 64  # bytes of a cache line


def aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array, not yet filled, that begins with a cache line.

    Vectors that straddle two lines cost a step of `all` a tenth of its time, evaluation a fifth.
    """
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start : start + size].view(dtype).reshape(shape)
