"""The strokes of an image: its pixels that differ from the background, and the bias unit."""

import numpy as np

from energynet.kernels.jit import inner
from energynet.kernels.state import BIAS_CODE


@inner
def list_strokes(images, index, row, x, code):
    """List the pixels of image `index` that differ from the background, the bias unit last.

    row : int64 (n_in + 1,), x : real (n_in + 1,) and, for 8-bit images, code : int64 (n_in + 1,)
    are filled. Returns how far.
    """
    n_in = row.shape[0] - 1
    background = images.background
    count = 0
    if images.codes.shape[0] > 0:
        for pixel in range(n_in):
            c = np.int64(images.codes[index, pixel])
            row[count] = pixel
            code[count] = c
            count += images.table[c] != background
        for k in range(count):
            x[k] = images.table[code[k]]
    else:
        for pixel in range(n_in):
            value = images.values[index, pixel]
            row[count] = pixel
            x[count] = value
            count += value != background
    row[count] = n_in
    code[count] = BIAS_CODE
    x[count] = 1
    return count + 1


@inner
def shift_strokes(x, background, s, count):
    """s = x - background for the strokes, 1 for the bias. Returns their sum over the pixels."""
    total = 0.0
    for k in range(count - 1):
        s[k] = x[k] - background
        total += s[k]
    s[count - 1] = 1
    return total
