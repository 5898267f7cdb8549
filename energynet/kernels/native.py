"""The C routines of csrc/sparse.h, callable from compiled code.

They are bound by the names of their exported symbols, which compiled code on disk can hold;
addresses could not be cached. Under NUMBA_DISABLE_JIT the checked Cython wrappers stand in.
"""

from typing import Any

import llvmlite.binding
from numba import types
from numba.extending import overload

import energynet.kernels._sparse as _sparse

llvmlite.binding.load_library_permanently(_sparse.__file__)


def _external(name: str, *arguments: str) -> dict[Any, Any]:
    """The float32 and float64 variants of a C function; its last parameter kind is the result."""
    variants = {}
    for suffix, real in (("f32", types.float32), ("f64", types.float64)):
        kinds: dict[str, Any] = {"real": real, "array": types.uintp, "size": types.int64}
        kinds |= {"double": types.float64, "nothing": types.void}
        *given, result = (kinds[argument] for argument in arguments)
        variants[real] = types.ExternalFunction(f"{name}_{suffix}", result(*given))
    return variants


_KTH_LARGEST = _external("en_kth_largest", "array", "array", "size", "size", "real")
_ADD = ("array", "array", "array", "size", "real")
_SCATTER_ADD = _external("en_scatter_add", *_ADD, "nothing")
_MASKED_ADD = _external("en_masked_add", *_ADD, "double")


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
