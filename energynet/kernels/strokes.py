"""The strokes of an image: its pixels that differ from the background, and the bias unit.

`list_strokes` finds those of a training image in each step. The images of the test set are the
same in all tests: `list_images` lists their strokes once.
"""

from typing import NamedTuple

import numpy as np

from energynet.kernels.jit import inner, jit
from energynet.kernels.native import ROW_BYTES, TOGETHER
from energynet.kernels.state import BIAS_CODE, Images


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


class StrokeLists(NamedTuple):
    """Groups of TOGETHER images that have about as many strokes each.

    image      : int64 (groups, TOGETHER), -1 where the last group is not full
    start      : int64 (groups + 1,), where a group's strokes begin
    offset     : int32 (strokes, TOGETHER), where a stroke's row begins in the packed weights
    s          : real (strokes, TOGETHER), x - background; the bias comes last, with 1
    background : real, of the images

    An image with fewer strokes than its group has others that add -0, which changes no sum.
    """

    image: np.ndarray
    start: np.ndarray
    offset: np.ndarray
    s: np.ndarray
    background: np.floating


def list_images(images: Images) -> StrokeLists:
    """The strokes of all images."""
    n, n_in = len(images.label), max(images.codes.shape[1], images.values.shape[1])
    real = images.table.dtype
    scratch = (np.empty(n_in + 1, np.int64), np.empty(n_in + 1, real), np.empty(n_in + 1, np.int64))
    count = np.empty(n, np.int64)
    count_strokes(images, *scratch, count)
    groups = -(-n // TOGETHER)
    image = np.full((groups, TOGETHER), -1)
    image.reshape(-1)[:n] = np.argsort(count, kind="stable")
    start = np.zeros(groups + 1, np.int64)
    np.cumsum(np.where(image < 0, 0, count[image]).max(axis=1, initial=0), out=start[1:])
    width = ROW_BYTES // real.itemsize
    offset = np.full((start[-1], TOGETHER), (n_in + 1) * width, np.int32)
    s = np.full((start[-1], TOGETHER), -0.0, real)
    lists = StrokeLists(image, start, offset, s, images.background)
    fill_lists(images, *scratch, lists, width)
    return lists


@jit
def count_strokes(images, row, x, code, count):
    """count : int64 (n,), filled; the bias counts too. Scratch: see `list_strokes`."""
    for image in range(count.shape[0]):
        count[image] = list_strokes(images, image, row, x, code)


@jit
def fill_lists(images, row, x, code, lists, width):
    """Fill `offset` and `s` with the strokes of all images."""
    for group in range(lists.image.shape[0]):
        for i in range(TOGETHER):
            image = lists.image[group, i]
            if image >= 0:
                n = list_strokes(images, image, row, x, code)
                shift_strokes(x, images.background, x, n)
                for k in range(n):
                    lists.offset[lists.start[group] + k, i] = row[k] * width
                    lists.s[lists.start[group] + k, i] = x[k]
