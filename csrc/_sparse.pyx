"""Checked wrappers over sparse.h: partial selection and sparse in-place updates.

All arrays are one-dimensional and contiguous, float32 or float64, one type a call; indices are
int32. Compiled kernels call the C functions themselves through their exported symbols.
"""

from libc.stdint cimport int32_t, int64_t

cdef extern from "sparse.h" nogil:
    float en_kth_largest_f32(float *, int64_t *, int64_t, int64_t)
    double en_kth_largest_f64(double *, int64_t *, int64_t, int64_t)
    void en_scatter_add_f32(float *, const int32_t *, const float *, int64_t, float)
    void en_scatter_add_f64(double *, const int32_t *, const double *, int64_t, double)
    double en_masked_add_f32(float *, const int32_t *, const float *, int64_t, float)
    double en_masked_add_f64(double *, const int32_t *, const double *, int64_t, double)

ctypedef fused real:
    float
    double


def kth_largest(real[::1] value, int64_t[::1] weight, int64_t k):
    """The k-th largest value, value i counting weight[i] times; both arrays are reordered.

    value  : (n,), n >= 1, each >= 0 and not NaN
    weight : int64 (n,), each >= 1; an empty array stands for ones
    k      : in [1, sum of weights]

    Raises ValueError.
    """
    cdef Py_ssize_t i, n = value.shape[0]
    cdef bint weighted = weight.shape[0] > 0
    cdef int64_t total = 0
    if weighted and weight.shape[0] != n:
        raise ValueError(f"weight must be empty or hold {n} numbers, got {weight.shape[0]}")
    for i in range(n):
        if not value[i] >= 0:
            raise ValueError(f"value must be >= 0 and not NaN, got {value[i]}")
        if weighted and weight[i] < 1:
            raise ValueError(f"weight must be >= 1, got {weight[i]}")
        total += weight[i] if weighted else 1
    if not 1 <= k <= total:
        raise ValueError(f"k must be in [1, {total}], got {k}")
    cdef int64_t *weights = &weight[0] if weighted else NULL
    if real is float:
        return en_kth_largest_f32(&value[0], weights, n, k)
    else:
        return en_kth_largest_f64(&value[0], weights, n, k)


def scatter_add(real[::1] row, const int32_t[::1] index, const real[::1] value, real factor):
    """row[index[p]] += factor * value[p], in place; the indices must differ.

    row : (m,), changed; index : int32 (n,), each in [0, m); value : (n,)

    Raises ValueError and IndexError.
    """
    cdef Py_ssize_t n = index.shape[0]
    if value.shape[0] != n:
        raise ValueError(f"value must hold {n} numbers, got {value.shape[0]}")
    check_index(index, row.shape[0])
    if n == 0:
        return
    if real is float:
        en_scatter_add_f32(&row[0], &index[0], &value[0], n, factor)
    else:
        en_scatter_add_f64(&row[0], &index[0], &value[0], n, factor)


def masked_add(real[::1] row, const int32_t[::1] index, const real[::1] value, real factor):
    """row[index[p]] += factor * value[index[p]], in place; the indices must differ.

    row : (m,), changed; index : int32 (n,), each in [0, m); value : (m,)

    Returns the sum of |value[index[p]]| in float64.

    Raises ValueError and IndexError.
    """
    cdef Py_ssize_t n = index.shape[0]
    if value.shape[0] != row.shape[0]:
        raise ValueError(f"value must hold {row.shape[0]} numbers, got {value.shape[0]}")
    check_index(index, row.shape[0])
    if n == 0:
        return 0.0
    if real is float:
        return en_masked_add_f32(&row[0], &index[0], &value[0], n, factor)
    else:
        return en_masked_add_f64(&row[0], &index[0], &value[0], n, factor)


cdef int check_index(const int32_t[::1] index, Py_ssize_t size) except -1:
    cdef Py_ssize_t p
    for p in range(index.shape[0]):
        if not 0 <= index[p] < size:
            raise IndexError(f"index must be in [0, {size}), got {index[p]}")
    return 0
