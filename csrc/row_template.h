/* Included by sparse_template.h once for each width of vectors: BYTES, TARGET, and WIDE(function).
 *
 * Rows change eight at a time, or four if the factor depends on the column: what they share is loaded
 * once for all of them, and several streams keep more of the memory's lines under way than one. The
 * last columns, too few for a vector, are left to vectors of 16 bytes, which come first. */

typedef REAL WIDE(part) __attribute__((vector_size(BYTES), aligned(sizeof(REAL))));
typedef BITS WIDE(pattern) __attribute__((vector_size(BYTES), aligned(sizeof(REAL))));

#define ALL_LANES(value) ((value) - (WIDE(part)){0})
#if BYTES == 64
#define AT_LEAST(size, limit, yes, no) \
    ((WIDE(part))MASK_BLEND(MASK_COMPARE((size), (limit), _CMP_GE_OQ), (no), (yes)))
#else
#define AT_LEAST(size, limit, yes, no)                                                         \
    ((WIDE(part))(((WIDE(pattern))(yes) & (WIDE(pattern))((size) >= (limit))) |                \
                  ((WIDE(pattern))(no) & ~(WIDE(pattern))((size) >= (limit)))))
#endif

TARGET static inline __attribute__((always_inline)) void
WIDE(change_some)(REAL *rows, int64_t stride, const int64_t *row, const REAL *factor,
                  const REAL *value, int64_t n, int together)
{
    enum { WIDTH = BYTES / (int)sizeof(REAL) };
    REAL *at[8];
    WIDE(part) wide[8];
    int64_t j = 0;
    for (int i = 0; i < together; i++) {
        at[i] = rows + stride * row[i];
        wide[i] = ALL_LANES(factor[i]);
    }
    for (; j + WIDTH <= n; j += WIDTH) {
        WIDE(part) shared = *(const WIDE(part) *)(value + j);
        for (int i = 0; i < together; i++)
            *(WIDE(part) *)(at[i] + j) += wide[i] * shared;
    }
#if BYTES > 16
    NAME(change_some_16)(rows + j, stride, row, factor, value + j, n - j, together);
#else
    for (; j < n; j++)
        for (int i = 0; i < together; i++)
            at[i][j] += factor[i] * value[j];
#endif
}

TARGET static void WIDE(change_rows)(REAL *rows, int64_t stride, const int64_t *row,
                                     const REAL *factor, int64_t count, const REAL *value,
                                     int64_t n)
{
    int64_t k = 0;
    for (; k + 8 <= count; k += 8)
        WIDE(change_some)(rows, stride, row + k, factor + k, value, n, 8);
    for (; k + 2 <= count; k += 2)
        WIDE(change_some)(rows, stride, row + k, factor + k, value, n, 2);
    for (; k < count; k++)
        WIDE(change_some)(rows, stride, row + k, factor + k, value, n, 1);
}

TARGET static inline __attribute__((always_inline)) void
WIDE(change_some_prefixes)(REAL *rows, int64_t stride, const int64_t *row,
                           const REAL *limit_inner, const REAL *factor,
                           const REAL *limit_outer, const REAL *rest,
                           const REAL *value, int64_t n, int together)
{
    enum { WIDTH = BYTES / (int)sizeof(REAL) };
    const WIDE(pattern) size_bits = ~(WIDE(pattern))-(WIDE(part)){0};
    REAL *at[4];
    WIDE(part) limits[4][2], factors[4][2];
    int64_t j = 0;
    for (int i = 0; i < together; i++) {
        at[i] = rows + stride * row[i];
        limits[i][0] = ALL_LANES(limit_inner[i]), limits[i][1] = ALL_LANES(limit_outer[i]);
        factors[i][0] = ALL_LANES(factor[i]), factors[i][1] = ALL_LANES(rest[i]);
    }
    for (; j + WIDTH <= n; j += WIDTH) {
        WIDE(part) shared = *(const WIDE(part) *)(value + j);
        WIDE(part) size = (WIDE(part))((WIDE(pattern))shared & size_bits);
        for (int i = 0; i < together; i++) {
            WIDE(part) by = AT_LEAST(size, limits[i][1], factors[i][1], (WIDE(part)){0});
            by = AT_LEAST(size, limits[i][0], factors[i][0], by);
            *(WIDE(part) *)(at[i] + j) += by * shared;
        }
    }
#if BYTES > 16
    NAME(change_some_prefixes_16)(rows + j, stride, row, limit_inner, factor, limit_outer, rest,
                                  value + j, n - j, together);
#else
    for (; j < n; j++) /* a column in each lane: branches on the sizes would be mispredicted */
        for (int i = 0; i < together; i++) {
            WIDE(part) size = ALL_LANES(value[j] < 0 ? -value[j] : value[j]);
            WIDE(part) by = AT_LEAST(size, limits[i][1], factors[i][1], (WIDE(part)){0});
            by = AT_LEAST(size, limits[i][0], factors[i][0], by);
            at[i][j] += by[0] * value[j];
        }
#endif
}

TARGET static void WIDE(change_prefixes)(REAL *rows, int64_t stride, const int64_t *row,
                                         const REAL *limit_inner, const REAL *factor,
                                         const REAL *limit_outer, const REAL *rest, int64_t count,
                                         const REAL *value, int64_t n)
{
    int64_t k = 0;
    for (; k + 4 <= count; k += 4)
        WIDE(change_some_prefixes)(rows, stride, row + k, limit_inner + k, factor + k,
                                   limit_outer + k, rest + k, value, n, 4);
    for (; k < count; k++)
        WIDE(change_some_prefixes)(rows, stride, row + k, limit_inner + k, factor + k,
                                   limit_outer + k, rest + k, value, n, 1);
}

#undef ALL_LANES
#undef AT_LEAST
