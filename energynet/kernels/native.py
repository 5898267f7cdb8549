"""The C routines of csrc/sparse.h, callable from compiled code.

They are bound by the names of their exported symbols, which compiled code on disk can hold;
addresses could not be cached. Under NUMBA_DISABLE_JIT the checked Cython wrappers stand in.
"""

from typing import Any

import llvmlite.binding
import numpy as np
from numba import types
from numba.extending import overload

import energynet.kernels._sparse as _sparse

llvmlite.binding.load_library_permanently(_sparse.__file__)


def _external(name: str, *arguments: str) -> dict[Any, Any]:
    """The float32 and float64 variants of a C function; the last kind is that of its result."""
    variants = {}
    for suffix, real in (("f32", types.float32), ("f64", types.float64)):
        kinds: dict[str, Any] = {"real": real, "array": types.uintp, "size": types.int64}
        kinds |= {"double": types.float64, "nothing": types.void, "bytes": types.int32}
        *given, result = (kinds[argument] for argument in arguments)
        variants[real] = types.ExternalFunction(f"{name}_{suffix}", result(*given))
    return variants


_KTH_LARGEST = _external("en_kth_largest", "array", "array", "size", "size", "real")
_ADD = ("array", "array", "array", "size", "real")
_SCATTER_ADD = _external("en_scatter_add", *_ADD, "nothing")
_MASKED_ADD = _external("en_masked_add", *_ADD, "double")
_ROWS = ("array", "size", "array", "array", "array", "array", "size", "bytes")
_ADD_ROWS = _external("en_add_rows", *_ROWS, "nothing")
_DOTS = _external("en_dots", "array", "array", "size", "array", "size", "bytes", "nothing")
_TO_ROWS = ("array", "size", "array")  # the first row, the distance of two rows, which of them
_ADDED = ("size", "array", "size", "bytes")
_CHANGE_ROWS = _external("en_change_rows", *_TO_ROWS, "array", *_ADDED, "nothing")
_CHANGE_PREFIXES = _external("en_change_prefixes", *_TO_ROWS, *4 * ("array",), *_ADDED, "nothing")
_BITS = ("array", "size", "array")  # a mask's bits, the words of a row, the rows in question
_SUM_STROKES = _external(
    "en_sum_strokes", "array", *_BITS, "array", "size", "size", "bytes", "nothing"
)
_CHANGED = ("array", "size", "array", "size", "bytes")
_CHANGE_MARKED = _external("en_change_marked", "array", *_BITS, *_CHANGED, "nothing")
_SUM_MARKED = _external(
    "en_sum_marked", "array", *_BITS, "size", "array", "size", "bytes", "nothing"
)

TOGETHER, ROW_BYTES = _sparse.TOGETHER, _sparse.ROW_BYTES
VECTOR_BYTES = _sparse.VECTOR_BYTES  # of this machine: never a constant of code cached on disk


def kth_largest(value, weight, k):
    """The k-th largest of value, real (n,) >= 0, each counted weight, int64 (n,), times.

    An empty weight stands for ones. Both arrays are reordered.
    """
    return _sparse.kth_largest(value, weight, k)


def scatter_add(row, index, value, factor):
    """row[index[p]] += factor * value[p]; index : int32 (n,), value : real (n,)."""
    _sparse.scatter_add(row, index, value, factor)


def masked_add(row, index, value, factor):
    """row[index[p]] += factor * value[index[p]]; index : int32 (n,), value : real, as row.

    Returns the sum of |value[index[p]]|, float64.
    """
    return _sparse.masked_add(row, index, value, factor)


def add_rows(sums, start, rows, offset, factor, vector_bytes):
    """sums[i, j] = start[j] + the sum of factor[p, i] * rows.ravel()[offset[p, i] + j] in order.

    sums : real (TOGETHER, width), filled, each row contiguous; start : real (width,); rows : real
    (m, width), where a row has ROW_BYTES; offset : int32 (n, TOGETHER), factor : real (n, TOGETHER)
    """
    _sparse.add_rows(sums, start, rows, offset, factor, vector_bytes)


def dots(sums, a, w, vector_bytes):
    """sums[i] = sum over j of a[i, j] * w[j], added as `sums.dot_block` does.

    The sign of a zero may differ if there are fewer than LANES columns: if every product is -0, the
    sum is -0 here and 0 there. Outputs are the same, as the sums are added to a 0.

    sums : real (TOGETHER,), filled; a : real (TOGETHER, n), each row contiguous; w : real (n,)
    """
    _sparse.dots(sums, a, w, vector_bytes)


def change_rows(rows, row, factor, value, vector_bytes):
    """rows[row[k], j] += factor[k] * value[j]; no row twice.

    rows : real (m, n), each row contiguous; row : int64 (count,); factor : real (count,);
    value : real (n,)
    """
    _sparse.change_rows(rows, row, factor, value, vector_bytes)


def change_prefixes(rows, row, limit_inner, factor, limit_outer, rest, value, vector_bytes):
    """rows[row[k], j] += by * value[j]; no row twice.

    by is factor[k] where |value[j]| >= limit_inner[k], else rest[k] where it is >= limit_outer[k],
    else 0.
    limit_inner, factor, limit_outer, rest : real (count,); the others as above
    """
    _sparse.change_prefixes(rows, row, limit_inner, factor, limit_outer, rest, value, vector_bytes)


def sum_strokes(sums, bits, row, s, columns, vector_bytes):
    """sums[j] = sum of s[k], in order, over those k whose row[k] has bit j, for j < columns.

    sums : float64 (columns rounded up to LANES,); bits : uint32 (rows, words), as `state.Mask`'s,
    each row contiguous; row : int64 (n,); s : real (n,)
    """
    _sparse.sum_strokes(sums, np.ascontiguousarray(bits), row, s, columns, vector_bytes)


def change_marked(rows, bits, row, s, value, vector_bytes):
    """rows[row[k], j] += s[k] * value[j] where row[k] has bit j; the others keep their bits.

    rows : real (m, n); value : real (n,); the rest as above
    """
    _sparse.change_marked(rows, bits, row, s, value, vector_bytes)


def sum_marked(sums, bits, row, value, vector_bytes):
    """sums[k] = sum of value[j] over the bits j of row[k], added as `sums.sum_abs` does.

    sums : float64 (n,); value : float64 (columns of bits,); the rest as above
    """
    _sparse.sum_marked(sums, bits, row, value, vector_bytes)


@overload(kth_largest)
def _kth_largest(value, weight, k):  # noqa: ARG001
    call = _KTH_LARGEST[value.dtype]

    def compiled(value, weight, k):
        weights = weight.ctypes.data if weight.shape[0] else 0
        return call(value.ctypes.data, weights, value.shape[0], k)

    return compiled


@overload(scatter_add)
def _scatter_add(row, index, value, factor):  # noqa: ARG001
    call = _SCATTER_ADD[row.dtype]

    def compiled(row, index, value, factor):
        call(row.ctypes.data, index.ctypes.data, value.ctypes.data, index.shape[0], factor)

    return compiled


@overload(masked_add)
def _masked_add(row, index, value, factor):  # noqa: ARG001
    call = _MASKED_ADD[row.dtype]

    def compiled(row, index, value, factor):
        return call(row.ctypes.data, index.ctypes.data, value.ctypes.data, index.shape[0], factor)

    return compiled


@overload(add_rows)
def _add_rows(sums, start, rows, offset, factor, vector_bytes):  # noqa: ARG001
    call = _ADD_ROWS[sums.dtype]

    def compiled(sums, start, rows, offset, factor, vector_bytes):
        call(
            sums.ctypes.data,
            sums.strides[0] // sums.itemsize,
            start.ctypes.data,
            rows.ctypes.data,
            offset.ctypes.data,
            factor.ctypes.data,
            offset.shape[0],
            vector_bytes,
        )

    return compiled


@overload(dots)
def _dots(sums, a, w, vector_bytes):  # noqa: ARG001
    call = _DOTS[sums.dtype]

    def compiled(sums, a, w, vector_bytes):
        stride = a.strides[0] // a.itemsize
        call(sums.ctypes.data, a.ctypes.data, stride, w.ctypes.data, w.shape[0], vector_bytes)

    return compiled


@overload(change_rows)
def _change_rows(rows, row, factor, value, vector_bytes):  # noqa: ARG001
    call = _CHANGE_ROWS[rows.dtype]

    def compiled(rows, row, factor, value, vector_bytes):
        call(
            rows.ctypes.data,
            rows.strides[0] // rows.itemsize,
            row.ctypes.data,
            factor.ctypes.data,
            row.shape[0],
            value.ctypes.data,
            value.shape[0],
            vector_bytes,
        )

    return compiled


@overload(change_prefixes)
def _change_prefixes(rows, row, limit_inner, factor, limit_outer, rest, value, vector_bytes):  # noqa: ARG001
    call = _CHANGE_PREFIXES[rows.dtype]

    def compiled(rows, row, limit_inner, factor, limit_outer, rest, value, vector_bytes):
        call(
            rows.ctypes.data,
            rows.strides[0] // rows.itemsize,
            row.ctypes.data,
            limit_inner.ctypes.data,
            factor.ctypes.data,
            limit_outer.ctypes.data,
            rest.ctypes.data,
            row.shape[0],
            value.ctypes.data,
            value.shape[0],
            vector_bytes,
        )

    return compiled


@overload(sum_strokes)
def _sum_strokes(sums, bits, row, s, columns, vector_bytes):  # noqa: ARG001
    call = _SUM_STROKES[s.dtype]

    def compiled(sums, bits, row, s, columns, vector_bytes):
        call(
            sums.ctypes.data,
            bits.ctypes.data,
            bits.strides[0] // bits.itemsize,
            row.ctypes.data,
            s.ctypes.data,
            row.shape[0],
            columns,
            vector_bytes,
        )

    return compiled


@overload(change_marked)
def _change_marked(rows, bits, row, s, value, vector_bytes):  # noqa: ARG001
    call = _CHANGE_MARKED[rows.dtype]

    def compiled(rows, bits, row, s, value, vector_bytes):
        call(
            rows.ctypes.data,
            bits.ctypes.data,
            bits.shape[1],
            row.ctypes.data,
            s.ctypes.data,
            row.shape[0],
            value.ctypes.data,
            value.shape[0],
            vector_bytes,
        )

    return compiled


@overload(sum_marked)
def _sum_marked(sums, bits, row, value, vector_bytes):  # noqa: ARG001
    call = _SUM_MARKED[types.float64]

    def compiled(sums, bits, row, value, vector_bytes):
        call(
            sums.ctypes.data,
            bits.ctypes.data,
            bits.shape[1],
            row.ctypes.data,
            row.shape[0],
            value.ctypes.data,
            value.shape[0],
            vector_bytes,
        )

    return compiled
