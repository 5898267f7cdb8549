"""Checked wrappers over sparse.h: partial selection, sparse updates, sums of sparse rows.

Reals are float32 or float64, of one type in each call. Indices of columns and offsets are int32, numbers of
rows int64. Arrays are contiguous; of those given as real[:, :] it is enough that each row is. Compiled kernels
call the C functions themselves through their exported symbols.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t

cdef extern from "sparse.h" nogil:
    float en_kth_largest_f32(float *, int64_t *, int64_t, int64_t)
    double en_kth_largest_f64(double *, int64_t *, int64_t, int64_t)
    void en_scatter_add_f32(float *, const int32_t *, const float *, int64_t, float)
    void en_scatter_add_f64(double *, const int32_t *, const double *, int64_t, double)
    double en_masked_add_f32(float *, const int32_t *, const float *, int64_t, float)
    double en_masked_add_f64(double *, const int32_t *, const double *, int64_t, double)
    void en_add_rows_f32(float *, int64_t, const float *, const float *, const int32_t *,
                         const float *, int64_t, int32_t)
    void en_add_rows_f64(double *, int64_t, const double *, const double *, const int32_t *,
                         const double *, int64_t, int32_t)
    void en_dots_f32(float *, const float *, int64_t, const float *, int64_t, int32_t)
    void en_dots_f64(double *, const double *, int64_t, const double *, int64_t, int32_t)
    void en_change_rows_f32(float *, int64_t, const int64_t *, const float *, int64_t,
                            const float *, int64_t, int32_t)
    void en_change_rows_f64(double *, int64_t, const int64_t *, const double *, int64_t,
                            const double *, int64_t, int32_t)
    void en_change_prefixes_f32(float *, int64_t, const int64_t *, const float *, const float *,
                                const float *, const float *, int64_t, const float *, int64_t,
                                int32_t)
    void en_change_prefixes_f64(double *, int64_t, const int64_t *, const double *,
                                const double *, const double *, const double *, int64_t,
                                const double *, int64_t, int32_t)
    void en_sum_strokes_f32(double *, const uint32_t *, int64_t, const int64_t *, const float *,
                            int64_t, int64_t, int32_t)
    void en_sum_strokes_f64(double *, const uint32_t *, int64_t, const int64_t *, const double *,
                            int64_t, int64_t, int32_t)
    void en_change_marked_f32(float *, const uint32_t *, int64_t, const int64_t *, const float *,
                              int64_t, const float *, int64_t, int32_t)
    void en_change_marked_f64(double *, const uint32_t *, int64_t, const int64_t *,
                              const double *, int64_t, const double *, int64_t, int32_t)
    void en_sum_marked_f64(double *, const uint32_t *, int64_t, const int64_t *, int64_t,
                           const double *, int64_t, int32_t)
    int32_t en_vector_bytes()
    enum: EN_TOGETHER
    enum: EN_ROW_BYTES
    enum: EN_LANES

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


def add_rows(
    real[:, :] sums,
    const real[::1] start,
    const real[:, ::1] rows,
    const int32_t[:, ::1] offset,
    const real[:, ::1] factor,
    int32_t vector_bytes = 0,
):
    """sums[i, j] = start[j] + the sum of factor[p, i] * rows.ravel()[offset[p, i] + j] in order.

    sums : (TOGETHER, width), filled, its rows contiguous; width = ROW_BYTES / size of a real
    start : (width,); rows : (m, width); offset : int32 (n, TOGETHER), each a multiple of width in [0, m width);
    factor : (n, TOGETHER)
    vector_bytes : 16, 32 or 64, at most VECTOR_BYTES, which 0 stands for; the sums never depend
                   on it

    Raises ValueError and IndexError.
    """
    cdef Py_ssize_t i, p, n = offset.shape[0], width = EN_ROW_BYTES // sizeof(real)
    if sums.shape[0] != EN_TOGETHER or sums.shape[1] != width:
        raise ValueError(
            f"sums must be ({EN_TOGETHER}, {width}), got ({sums.shape[0]}, {sums.shape[1]})"
        )
    if start.shape[0] != width or rows.shape[1] != width:
        raise ValueError(
            f"start and each of rows must hold {width} numbers,"
            f" got {start.shape[0]} and {rows.shape[1]}"
        )
    if sums.strides[1] != sizeof(real) or sums.strides[0] % sizeof(real):
        raise ValueError("the rows of sums must be contiguous")
    if offset.shape[1] != EN_TOGETHER or factor.shape[1] != EN_TOGETHER or factor.shape[0] != n:
        raise ValueError(
            f"offset and factor must be (n, {EN_TOGETHER}),"
            f" got ({offset.shape[0]}, {offset.shape[1]}) and ({factor.shape[0]}, {factor.shape[1]})"
        )
    vector_bytes = check_vector_bytes(vector_bytes)
    for p in range(n):
        for i in range(EN_TOGETHER):
            if offset[p, i] % width or not 0 <= offset[p, i] < rows.shape[0] * width:
                raise IndexError(
                    f"offset must be a multiple of {width} in [0, {rows.shape[0] * width}),"
                    f" got {offset[p, i]}"
                )
    if rows.shape[0] == 0 or n == 0:
        for i in range(EN_TOGETHER):
            sums[i, :] = start
        return
    cdef int64_t stride = sums.strides[0] // <Py_ssize_t>sizeof(real)
    if real is float:
        en_add_rows_f32(&sums[0, 0], stride, &start[0], &rows[0, 0], &offset[0, 0],
                        &factor[0, 0], n, vector_bytes)
    else:
        en_add_rows_f64(&sums[0, 0], stride, &start[0], &rows[0, 0], &offset[0, 0],
                        &factor[0, 0], n, vector_bytes)


def dots(real[::1] sums, const real[:, :] a, const real[::1] w, int32_t vector_bytes = 0):
    """sums[i] = sum over j of a[i, j] * w[j], in LANES running sums that are folded in halves.

    sums : (TOGETHER,), filled; a : (TOGETHER, n), its rows contiguous; w : (n,)
    vector_bytes : see add_rows

    Raises ValueError.
    """
    cdef Py_ssize_t n = w.shape[0]
    if sums.shape[0] != EN_TOGETHER or a.shape[0] != EN_TOGETHER or a.shape[1] != n:
        raise ValueError(
            f"sums must be ({EN_TOGETHER},) and a ({EN_TOGETHER}, {n}),"
            f" got ({sums.shape[0]},) and ({a.shape[0]}, {a.shape[1]})"
        )
    if a.strides[1] != sizeof(real) or a.strides[0] % sizeof(real):
        raise ValueError("the rows of a must be contiguous")
    vector_bytes = check_vector_bytes(vector_bytes)
    if n == 0:
        sums[:] = 0
        return
    cdef int64_t stride = a.strides[0] // <Py_ssize_t>sizeof(real)
    if real is float:
        en_dots_f32(&sums[0], &a[0, 0], stride, &w[0], n, vector_bytes)
    else:
        en_dots_f64(&sums[0], &a[0, 0], stride, &w[0], n, vector_bytes)


def change_rows(
    real[:, :] rows, const int64_t[::1] row, const real[::1] factor, const real[::1] value,
    int32_t vector_bytes = 0,
):
    """rows[row[k], j] += factor[k] * value[j]; no row twice.

    rows : (m, n), changed, each row contiguous; row : int64 (count,), each in [0, m);
    factor : (count,); value : (n,); vector_bytes : see add_rows

    Raises ValueError and IndexError.
    """
    cdef Py_ssize_t count = row.shape[0], n = value.shape[0]
    vector_bytes = check_vector_bytes(vector_bytes)
    cdef int64_t stride = check_rows(rows, row, value)
    check_factors(factor, count)
    if count == 0 or n == 0:
        return
    if real is float:
        en_change_rows_f32(&rows[0, 0], stride, &row[0], &factor[0], count, &value[0], n,
                           vector_bytes)
    else:
        en_change_rows_f64(&rows[0, 0], stride, &row[0], &factor[0], count, &value[0], n,
                           vector_bytes)


def change_prefixes(
    real[:, :] rows, const int64_t[::1] row, const real[::1] limit_inner, const real[::1] factor,
    const real[::1] limit_outer, const real[::1] rest, const real[::1] value,
    int32_t vector_bytes = 0,
):
    """rows[row[k], j] += by * value[j]; no row twice.

    by is factor[k] where |value[j]| >= limit_inner[k], else rest[k] where it is >= limit_outer[k],
    else 0.
    limit_inner, factor, limit_outer, rest : (count,); the others as for change_rows

    Raises ValueError and IndexError.
    """
    cdef Py_ssize_t count = row.shape[0], n = value.shape[0]
    vector_bytes = check_vector_bytes(vector_bytes)
    cdef int64_t stride = check_rows(rows, row, value)
    check_factors(limit_inner, count)
    check_factors(factor, count)
    check_factors(limit_outer, count)
    check_factors(rest, count)
    if count == 0 or n == 0:
        return
    if real is float:
        en_change_prefixes_f32(&rows[0, 0], stride, &row[0], &limit_inner[0], &factor[0],
                               &limit_outer[0], &rest[0], count, &value[0], n, vector_bytes)
    else:
        en_change_prefixes_f64(&rows[0, 0], stride, &row[0], &limit_inner[0], &factor[0],
                               &limit_outer[0], &rest[0], count, &value[0], n, vector_bytes)


def sum_strokes(
    double[::1] sums, const uint32_t[:, ::1] bits, const int64_t[::1] row, const real[::1] s,
    int64_t columns, int32_t vector_bytes = 0,
):
    """sums[j] = sum of s[k], in order, over those k whose row[k] has bit j, for j < columns.

    sums : (columns rounded up to LANES,), filled; bits : uint32 (rows, >= columns / 32), column j
    of row i is bit j % 32 of bits[i, j // 32], rows filled up with 0 to a multiple of LANES columns;
    row : int64 (n,), each in [0, rows); s : (n,); vector_bytes : see add_rows

    Raises ValueError and IndexError.
    """
    vector_bytes = check_vector_bytes(vector_bytes)
    check_bits(bits, row, s.shape[0], columns, sums.shape[0])
    if row.shape[0] == 0 or columns == 0:
        sums[:] = 0
        return
    if real is float:
        en_sum_strokes_f32(&sums[0], &bits[0, 0], bits.shape[1], &row[0], &s[0], row.shape[0],
                           columns, vector_bytes)
    else:
        en_sum_strokes_f64(&sums[0], &bits[0, 0], bits.shape[1], &row[0], &s[0], row.shape[0],
                           columns, vector_bytes)


def change_marked(
    real[:, ::1] rows, const uint32_t[:, ::1] bits, const int64_t[::1] row, const real[::1] s,
    const real[::1] value, int32_t vector_bytes = 0,
):
    """rows[row[k], j] += s[k] * value[j] where row[k] has bit j; the others keep their bits.

    rows : (m, n), changed; value : (n,); bits, row, s, vector_bytes : see sum_strokes

    Raises ValueError and IndexError.
    """
    vector_bytes = check_vector_bytes(vector_bytes)
    check_bits(bits, row, s.shape[0], value.shape[0], bits.shape[1] * 32)
    if rows.shape[0] != bits.shape[0] or rows.shape[1] != value.shape[0]:
        raise ValueError(
            f"rows must be ({bits.shape[0]}, {value.shape[0]}),"
            f" got ({rows.shape[0]}, {rows.shape[1]})"
        )
    if row.shape[0] == 0 or value.shape[0] == 0:
        return
    if real is float:
        en_change_marked_f32(&rows[0, 0], &bits[0, 0], bits.shape[1], &row[0], &s[0],
                             row.shape[0], &value[0], value.shape[0], vector_bytes)
    else:
        en_change_marked_f64(&rows[0, 0], &bits[0, 0], bits.shape[1], &row[0], &s[0],
                             row.shape[0], &value[0], value.shape[0], vector_bytes)


def sum_marked(
    double[::1] sums, const uint32_t[:, ::1] bits, const int64_t[::1] row,
    const double[::1] value, int32_t vector_bytes = 0,
):
    """sums[k] = sum of value[j] over the bits j of row[k], in LANES running sums.

    sums : (n,), filled; value : (columns of bits,); bits, row, vector_bytes : see sum_strokes

    Raises ValueError and IndexError.
    """
    vector_bytes = check_vector_bytes(vector_bytes)
    check_bits(bits, row, sums.shape[0], value.shape[0], value.shape[0])
    if row.shape[0] == 0:
        return
    if value.shape[0] == 0:
        sums[:] = 0
        return
    en_sum_marked_f64(&sums[0], &bits[0, 0], bits.shape[1], &row[0], row.shape[0], &value[0],
                      value.shape[0], vector_bytes)


TOGETHER, ROW_BYTES, LANES = EN_TOGETHER, EN_ROW_BYTES, EN_LANES
VECTOR_BYTES = en_vector_bytes()


cdef int32_t check_vector_bytes(int32_t vector_bytes) except -1:
    if vector_bytes == 0:
        return VECTOR_BYTES
    if vector_bytes not in (16, 32, 64) or vector_bytes > VECTOR_BYTES:
        raise ValueError(
            f"vector_bytes must be 16, 32 or 64 and at most {VECTOR_BYTES}, got {vector_bytes}"
        )
    return vector_bytes


cdef int check_index(const int32_t[::1] index, Py_ssize_t size) except -1:
    cdef Py_ssize_t p
    for p in range(index.shape[0]):
        if not 0 <= index[p] < size:
            raise IndexError(f"index must be in [0, {size}), got {index[p]}")
    return 0


cdef int64_t check_rows(
    real[:, :] rows, const int64_t[::1] row, const real[::1] value
) except -1:
    """The distance of two rows, whose columns are those of value; each of row is one of them."""
    cdef Py_ssize_t k
    if rows.shape[1] != value.shape[0]:
        raise ValueError(f"value must hold {rows.shape[1]} numbers, got {value.shape[0]}")
    if rows.strides[1] != sizeof(real) or rows.strides[0] % sizeof(real) or rows.strides[0] < 0:
        raise ValueError("each of rows must be contiguous")
    for k in range(row.shape[0]):
        if not 0 <= row[k] < rows.shape[0]:
            raise IndexError(f"row must be in [0, {rows.shape[0]}), got {row[k]}")
    return rows.strides[0] // <Py_ssize_t>sizeof(real)


cdef int check_factors(const real[::1] factor, Py_ssize_t count) except -1:
    if factor.shape[0] != count:
        raise ValueError(f"row and its factors must be as many, got {count} and {factor.shape[0]}")
    return 0


cdef int check_bits(
    const uint32_t[:, ::1] bits, const int64_t[::1] row, Py_ssize_t n, Py_ssize_t columns,
    Py_ssize_t room,
) except -1:
    """Whether each of n rows is one of bits, and `columns` fit into bits and, in whole LANES, into
    `room`."""
    cdef Py_ssize_t k, whole = (columns + EN_LANES - 1) // EN_LANES * EN_LANES
    if columns < 0 or whole > 32 * bits.shape[1] or whole > room or bits.shape[1] * 32 % EN_LANES:
        raise ValueError(
            f"{columns} columns need room for {whole}, but there is room for {room}"
            f" and the rows of bits hold {32 * bits.shape[1]}"
        )
    if row.shape[0] != n:
        raise ValueError(f"row must hold {n} numbers, got {row.shape[0]}")
    for k in range(n):
        if not 0 <= row[k] < bits.shape[0]:
            raise IndexError(f"row must be in [0, {bits.shape[0]}), got {row[k]}")
    return 0
