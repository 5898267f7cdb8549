"""Classes and outputs for many images, by a network whose background is folded (v = 0)."""

import numpy as np

from energynet.kernels._jit import jit
from energynet.kernels.activation import activate
from energynet.kernels.forward import add_rows, list_strokes, shift_strokes
from energynet.kernels.state import Batch
from energynet.kernels.sums import LANES, dot

BATCH = 64  # images whose strokes and activities stay in the second cache level
UNITS = 256  # hidden units whose weights do: 785 x 256 x 4 bytes = 0.8 MB at most


def allocate(n_in: int, nh: int, dtype: np.dtype) -> Batch:
    """Room for a batch of images."""
    return Batch(
        row=np.empty((BATCH, n_in + 1), np.int64),
        code=np.empty(n_in + 1, np.int64),
        x=np.empty(n_in + 1, dtype),
        s=np.empty((BATCH, n_in + 1), dtype),
        strokes=np.empty(BATCH, np.int64),
        a=np.empty((BATCH, nh + 1), dtype),
        h=np.empty(UNITS, dtype),
        lanes=np.empty(LANES, dtype),
    )


@jit
def evaluate(network, images, activation, batch, start, stop, output, predicted):
    """Outputs and classes of the images start ... stop - 1; of equal outputs the lowest class wins.

    output : real (n, n_out), predicted : int32 (n,), both filled in the rows start ... stop - 1.
    """
    u, w2 = network.u, network.w2
    nh = u.shape[1]
    row, s, count, a, h = batch.row, batch.s, batch.strokes, batch.a, batch.h
    background = np.float64(images.background)
    for first in range(start, stop, BATCH):
        size = min(BATCH, stop - first)
        for b in range(size):
            count[b] = list_strokes(images, first + b, row[b], batch.x, batch.code)
            shift_strokes(batch.x, images.background, s[b], count[b])
        for unit in range(0, nh, UNITS):
            part = h[: min(UNITS, nh - unit)]
            for b in range(size):
                for j in range(part.shape[0]):
                    part[j] = background * network.r[unit + j]
                add_rows(part, u, unit, row[b], s[b], count[b])
                activate(part, a[b, unit:], activation.kind, activation.slope)
        for b in range(size):
            a[b, nh] = 1
            for o in range(w2.shape[0]):
                output[first + b, o] = dot(a[b], w2[o], batch.lanes)
            predicted[first + b] = np.argmax(output[first + b])
