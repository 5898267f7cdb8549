/* Included by sparse.c once for each type: REAL, its unsigned twin BITS, and NAME(function). */

static BITS NAME(bits)(REAL value)
{
    BITS pattern;
    memcpy(&pattern, &value, sizeof pattern);
    return pattern;
}

REAL NAME(en_kth_largest)(REAL *value, int64_t *weight, int64_t n, int64_t k)
{
    /* Patterns of values >= 0 are ordered as the values are. Eight bits at a time, from the first
     * that differs: find those of the k-th largest, keep only the values that have them. */
    BITS smallest = NAME(bits)(value[0]), largest = smallest;
    for (int64_t i = 1; i < n; i++) {
        BITS pattern = NAME(bits)(value[i]);
        smallest = pattern < smallest ? pattern : smallest;
        largest = pattern > largest ? pattern : largest;
    }
    int shift = 8 * (int)sizeof(REAL) - 8;
    while (shift > 0 && (smallest ^ largest) >> (shift + 7) == 0)
        shift--;
    while (n > 1) {
        int64_t count[256] = {0};
        for (int64_t i = 0; i < n; i++)
            count[(NAME(bits)(value[i]) >> shift) & 255] += weight ? weight[i] : 1;
        int digit = 255;
        while (digit > 0 && count[digit] < k)
            k -= count[digit--];
        int64_t kept = 0;
        for (int64_t i = 0; i < n; i++) {
            value[kept] = value[i];
            if (weight)
                weight[kept] = weight[i];
            kept += ((NAME(bits)(value[i]) >> shift) & 255) == (BITS)digit;
        }
        n = kept;
        if (shift == 0)
            break;
        shift = shift > 8 ? shift - 8 : 0;
    }
    return value[0];
}

void NAME(en_scatter_add)(REAL *row, const int32_t *index, const REAL *value, int64_t n,
                          REAL factor)
{
    for (int64_t p = 0; p < n; p++)
        row[index[p]] += factor * value[p];
}

double NAME(en_masked_add)(REAL *row, const int32_t *index, const REAL *value, int64_t n,
                           REAL factor)
{
    double sum[4] = {0.0, 0.0, 0.0, 0.0}; /* each addition waits for one of its own */
    int64_t whole = n / 4 * 4;
    for (int64_t p = 0; p < whole; p += 4)
        for (int64_t lane = 0; lane < 4; lane++) {
            REAL added = value[index[p + lane]];
            row[index[p + lane]] += factor * added;
            sum[lane] += fabs((double)added);
        }
    for (int64_t p = whole; p < n; p++) {
        REAL added = value[index[p]];
        row[index[p]] += factor * added;
        sum[0] += fabs((double)added);
    }
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/* Sum of EN_LANES running sums, by halves; they are used up. */
static REAL NAME(fold)(REAL *lanes)
{
    for (int half = EN_LANES / 2; half >= 4; half /= 2)
        for (int lane = 0; lane < half; lane++)
            lanes[lane] += lanes[lane + half];
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

#ifdef __GNUC__
/* 16 bytes come first, as the wider vectors leave the last columns to them; 64 and 32 do not depend on
 * each other. */
#define BYTES 16
#define TARGET
#define WIDE(function) NAME(function##_16)
#include "mask_template.h"
#include "row_template.h"
#include "vector_template.h"
#ifdef VECTORS_OF_32_AND_64
#define BYTES 64
#define TARGET __attribute__((target("avx512f")))
#define WIDE(function) NAME(function##_64)
#include "mask_template.h"
#include "row_template.h"
#include "vector_template.h"
#define BYTES 32
#define TARGET __attribute__((target("avx2")))
#define WIDE(function) NAME(function##_32)
#include "mask_template.h"
#include "row_template.h"
#include "vector_template.h"
#endif
#else
static void NAME(add_rows_16)(REAL *sums, int64_t stride, const REAL *start, const REAL *rows,
                              const int32_t *offset, const REAL *factor, int64_t n)
{
    for (int i = 0; i < EN_TOGETHER; i++)
        memcpy(sums + i * stride, start, EN_ROW_BYTES);
    for (int64_t p = 0; p < EN_TOGETHER * n; p++)
        for (int j = 0; j < EN_ROW_BYTES / (int)sizeof(REAL); j++)
            sums[p % EN_TOGETHER * stride + j] += factor[p] * rows[offset[p] + j];
}

static void NAME(dots_16)(REAL *sums, const REAL *a, int64_t stride, const REAL *w, int64_t n)
{
    for (int i = 0; i < EN_TOGETHER; i++) {
        REAL lanes[EN_LANES];
        for (int lane = 0; lane < EN_LANES; lane++)
            lanes[lane] = (REAL)-0.0;
        for (int64_t j = 0; j < n; j++)
            lanes[j % EN_LANES] += a[i * stride + j] * w[j];
        sums[i] = NAME(fold)(lanes);
    }
}

static void NAME(change_rows_16)(REAL *rows, int64_t stride, const int64_t *row, const REAL *factor,
                                 int64_t count, const REAL *value, int64_t n)
{
    for (int64_t k = 0; k < count; k++)
        for (int64_t j = 0; j < n; j++)
            rows[stride * row[k] + j] += factor[k] * value[j];
}

static void NAME(change_prefixes_16)(REAL *rows, int64_t stride, const int64_t *row,
                                     const REAL *limit_inner, const REAL *factor,
                                     const REAL *limit_outer, const REAL *rest, int64_t count,
                                     const REAL *value, int64_t n)
{
    for (int64_t k = 0; k < count; k++)
        for (int64_t j = 0; j < n; j++) {
            REAL size = value[j] < 0 ? -value[j] : value[j];
            REAL by = size >= limit_inner[k] ? factor[k] : size >= limit_outer[k] ? rest[k] : 0;
            rows[stride * row[k] + j] += by * value[j];
        }
}

#define IS_MARKED(bits, j) ((bits)[(j) / 32] >> (j) % 32 & 1)
static void NAME(sum_strokes_16)(double *sums, const uint32_t *bits, int64_t words,
                                 const int64_t *row, const REAL *s, int64_t count, int64_t n)
{
    for (int64_t j = 0; j < n; j++) {
        sums[j] = 0;
        for (int64_t k = 0; k < count; k++)
            if (IS_MARKED(bits + words * row[k], j))
                sums[j] += s[k];
    }
}

static void NAME(change_marked_16)(REAL *row, const uint32_t *bits, const REAL *value, REAL factor,
                                   int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        if (IS_MARKED(bits, j))
            row[j] += factor * value[j];
}

#ifdef MASK_SUMS
static void NAME(sum_two_rows_16)(double *sums, const uint32_t *bits, int64_t first,
                                  int64_t second, const double *value, int64_t n)
{
    for (int i = 0; i < 2; i++) {
        double lanes[EN_LANES] = {0};
        for (int64_t j = 0; j < n; j++)
            if (IS_MARKED(bits + (i ? second : first), j))
                lanes[j % EN_LANES] += value[j];
        sums[i] = NAME(fold)(lanes);
    }
}
#endif
#endif

void NAME(en_add_rows)(REAL *sums, int64_t stride, const REAL *start, const REAL *rows,
                       const int32_t *offset, const REAL *factor, int64_t n, int32_t vector_bytes)
{
    BY_VECTORS(add_rows, sums, stride, start, rows, offset, factor, n);
}

void NAME(en_dots)(REAL *sums, const REAL *a, int64_t stride, const REAL *w, int64_t n,
                   int32_t vector_bytes)
{
    BY_VECTORS(dots, sums, a, stride, w, n);
}

void NAME(en_change_rows)(REAL *rows, int64_t stride, const int64_t *row, const REAL *factor,
                          int64_t count, const REAL *value, int64_t n, int32_t vector_bytes)
{
    BY_VECTORS(change_rows, rows, stride, row, factor, count, value, n);
}

void NAME(en_change_prefixes)(REAL *rows, int64_t stride, const int64_t *row,
                              const REAL *limit_inner, const REAL *factor,
                              const REAL *limit_outer, const REAL *rest, int64_t count,
                              const REAL *value, int64_t n, int32_t vector_bytes)
{
    BY_VECTORS(change_prefixes, rows, stride, row, limit_inner, factor, limit_outer, rest, count,
               value, n);
}

void NAME(en_sum_strokes)(double *sums, const uint32_t *bits, int64_t words, const int64_t *row,
                          const REAL *s, int64_t count, int64_t n, int32_t vector_bytes)
{
    BY_VECTORS(sum_strokes, sums, bits, words, row, s, count, n);
}

void NAME(en_change_marked)(REAL *rows, const uint32_t *bits, int64_t words, const int64_t *row,
                            const REAL *s, int64_t count, const REAL *value, int64_t n,
                            int32_t vector_bytes)
{
    for (int64_t k = 0; k < count; k++)
        BY_VECTORS(change_marked, rows + n * row[k], bits + words * row[k], value, s[k], n);
}

#ifdef MASK_SUMS
void NAME(en_sum_marked)(double *sums, const uint32_t *bits, int64_t words, const int64_t *row,
                         int64_t count, const double *value, int64_t n, int32_t vector_bytes)
{
    for (int64_t k = 0; k + 1 < count; k += 2)
        BY_VECTORS(sum_two_rows, sums + k, bits, words * row[k], words * row[k + 1], value, n);
    if (count % 2 == 1) {
        double twice[2];
        int64_t last = words * row[count - 1];
        BY_VECTORS(sum_two_rows, twice, bits, last, last, value, n);
        sums[count - 1] = twice[0];
    }
}
#endif
