"""Fixed masks, drawn or given, in the forms that the kernels take."""

import numpy as np

from energynet.config import TrainingConfig
from energynet.kernels import state
from energynet.kernels.draws import draw_layer
from energynet.kernels.rules.mask import BITS_FROM
from energynet.kernels.sums import LANES
from energynet.rules.base import Counts, Shape
from energynet.rules.given import GivenMask
from energynet.training.streams import stream_keys

MASK = "mask"  # the update that has a mask
# Row i of a layer has the plastic columns second[first[i]:first[i + 1]].
_Lists = tuple[np.ndarray, np.ndarray]


def mask_of(config: TrainingConfig, shape: Shape, counts: Counts) -> state.Mask:
    """The mask of a run, drawn or given; empty for a rule without one."""
    none, no_columns = np.empty(0, np.int64), np.empty(0, np.int32)
    if counts.update != MASK:
        return _packed((none, no_columns), (none, no_columns), shape)
    if isinstance(config.rule, GivenMask):
        given = config.rule
        return _packed(_listed_rows(given.hidden), _listed_rows(given.output.T), shape)
    key = stream_keys(config.seed)["mask"]
    n1, n2 = shape.synapses_hidden, shape.synapses_output
    together = counts.k_output == 0
    population, chosen = (n1 + n2 if together else n1), counts.k_hidden
    hidden = _draw_rows(key, 0, (shape.n_in + 1, shape.hidden), population, chosen)
    chosen = counts.k_hidden - len(hidden[1]) if together else counts.k_output
    output = _draw_rows(key, n1, (shape.n_out, shape.hidden + 1), n2, chosen)
    return _packed(hidden, output, shape)


def _listed_rows(rows: np.ndarray) -> _Lists:
    """A bool matrix as `_draw_rows` gives one."""
    columns = [np.flatnonzero(row).astype(np.int32) for row in rows]
    return np.cumsum([0, *map(len, columns)], dtype=np.int64), np.concatenate(columns)


def _packed(hidden: _Lists, output: _Lists, shape: Shape) -> state.Mask:
    """A mask of those synapses of u and w_out, in the forms that its density asks for."""
    start, column = hidden
    pixels = np.zeros(shape.hidden, np.int64)
    for i in range(len(start) - 2):  # the last row is not a pixel
        pixels[column[start[i] : start[i + 1]]] += 1
    dense = len(column) >= BITS_FROM * shape.synapses_hidden
    dense_output = len(output[1]) >= BITS_FROM * shape.synapses_output
    plastic = _matrix(output, shape.hidden + 1, dense_output)
    return state.Mask(
        start_hidden=start,
        hidden=column[:0].copy() if dense else column,
        bits=_bits(_matrix(hidden, shape.hidden, dense)),
        start_output=output[0],
        output=output[1][:0].copy() if dense_output else output[1],
        output_bits=_bits(plastic),
        unit_bits=_bits(plastic.T),
        all_units=np.arange(shape.hidden + 1),
        pixels=pixels,
    )


def _matrix(lists: _Lists, columns: int, wanted: bool) -> np.ndarray:
    """Lists as bool (rows, columns); without rows if not wanted."""
    start, column = lists
    plastic = np.zeros((len(start) - 1 if wanted else 0, columns), bool)
    for i in range(len(plastic)):
        plastic[i, column[start[i] : start[i + 1]]] = True
    return plastic


def _bits(plastic: np.ndarray) -> np.ndarray:
    """`Mask.bits` of a bool matrix."""
    rows, columns = plastic.shape
    padding = np.zeros((rows, whole_lanes(columns) - columns), bool)
    packed = np.packbits(np.hstack((plastic, padding)), axis=1, bitorder="little")
    return np.ascontiguousarray(packed).view("<u4").astype(np.uint32)


def whole_lanes(columns: int) -> int:
    """The number of columns, rounded up to whole lanes."""
    return -(-columns // LANES) * LANES


def _draw_rows(
    key: np.uint64, first: int, size: tuple[int, int], population: int, needed: int
) -> _Lists:
    start = np.empty(size[0] + 1, np.int64)
    column = np.empty(min(needed, size[0] * size[1]), np.int32)
    taken = draw_layer(key, first, size[1], population, needed, start, column)
    return start, column[:taken].copy()
