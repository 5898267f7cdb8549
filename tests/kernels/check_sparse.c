/* The routines of csrc/sparse.h against plain loops, on arrays of random sizes that end exactly
 * where their memory ends: made to run under sanitizers (check_sparse.sh). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../csrc/sparse.h"

static uint64_t state = 1;

static uint64_t draw(uint64_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
}

static void *room(int64_t n, size_t size)
{
    void *memory = malloc(n ? (size_t)n * size : 1);
    if (!memory)
        abort();
    return memory;
}

static void fail(const char *what, int64_t n)
{
    fprintf(stderr, "%s differs from the plain loop at n = %lld\n", what, (long long)n);
    exit(1);
}

/* Many equal values, zeros, infinities and numbers over all magnitudes, also below the normal ones
 * of float and of double. */
static double some_value(void)
{
    switch (draw(8)) {
    case 0:
        return 0.0;
    case 1:
        return 1.5;
    case 2:
        return INFINITY;
    case 3:
        return ldexp((double)draw(1000), -149);
    case 4:
        return ldexp((double)draw(1000), draw(2) ? -1074 : 1000);
    default:
        return ldexp((double)draw(1000), (int)draw(120) - 60);
    }
}

#define CHECK(real, suffix)                                                                       \
    static int falling_##suffix(const void *a, const void *b)                                     \
    {                                                                                             \
        real x = *(const real *)a, y = *(const real *)b;                                          \
        return (x < y) - (x > y);                                                                 \
    }                                                                                             \
    static void check_##suffix(int64_t n)                                                         \
    {                                                                                             \
        int weighted = (int)draw(2);                                                              \
        real *value = room(n, sizeof(real)), *all = room(9 * n, sizeof(real));                    \
        int64_t *weight = room(n, sizeof(int64_t)), total = 0;                                    \
        for (int64_t i = 0; i < n; i++) {                                                         \
            value[i] = (real)some_value();                                                        \
            weight[i] = weighted ? 1 + (int64_t)draw(9) : 1;                                      \
            for (int64_t m = 0; m < weight[i]; m++)                                               \
                all[total++] = value[i];                                                          \
        }                                                                                         \
        if (n > 0) {                                                                              \
            int64_t k = 1 + (int64_t)draw((uint64_t)total);                                       \
            if (draw(4) == 0)                                                                     \
                k = draw(2) ? 1 : total;                                                          \
            qsort(all, (size_t)total, sizeof(real), falling_##suffix);                            \
            if (en_kth_largest_##suffix(value, weighted ? weight : NULL, n, k) != all[k - 1])     \
                fail("kth_largest_" #suffix, n);                                                  \
        }                                                                                         \
        real *row = room(2 * n, sizeof(real)), *copy = room(2 * n, sizeof(real));                 \
        real *add = room(2 * n, sizeof(real)), factor = (real)0.7;                                \
        int32_t *index = room(n, sizeof(int32_t));                                                \
        for (int routine = 0; routine < 2; routine++) {                                           \
            for (int64_t j = 0; j < 2 * n; j++) {                                                 \
                copy[j] = row[j] = (real)draw(1000) / 7;                                          \
                add[j] = ((real)draw(1000) - 500) / 11;                                           \
            }                                                                                     \
            for (int64_t p = 0; p < n; p++) {                                                     \
                index[p] = (int32_t)(2 * p + (int64_t)draw(2));                                   \
                volatile real product = factor * add[routine ? index[p] : p];                     \
                copy[index[p]] += product;                                                        \
            }                                                                                     \
            double size = 0.0;                                                                    \
            for (int64_t p = 0; p < n; p++)                                                       \
                size += fabs((double)add[index[p]]);                                              \
            if (routine)                                                                          \
                size -= en_masked_add_##suffix(row, index, add, n, factor);                       \
            else                                                                                  \
                en_scatter_add_##suffix(row, index, add, n, factor);                              \
            if (routine && fabs(size) > 1e-9)                                                     \
                fail("sum of masked_add_" #suffix, n);                                            \
            if (n > 0 && memcmp(row, copy, (size_t)(2 * n) * sizeof(real)) != 0)                  \
                fail(routine ? "masked_add_" #suffix : "scatter_add_" #suffix, n);                \
        }                                                                                         \
        free(value), free(all), free(weight), free(row), free(copy), free(add), free(index);      \
    }

#define CHECK_ROWS(real, suffix)                                                                  \
    static void check_rows_##suffix(int64_t n)                                                    \
    {                                                                                             \
        enum { WIDTH = EN_ROW_BYTES / (int)sizeof(real) };                                        \
        int64_t rows = 1 + (int64_t)draw(40), stride = WIDTH + (int64_t)draw(3);                  \
        int64_t size = (EN_TOGETHER - 1) * stride + WIDTH;                                        \
        real *row = room(rows * WIDTH, sizeof(real)), *start = room(WIDTH, sizeof(real));         \
        real *factor = room(EN_TOGETHER * n, sizeof(real));                                       \
        real *sums = room(size, sizeof(real)), *copy = room(size, sizeof(real));                  \
        int32_t *offset = room(EN_TOGETHER * n, sizeof(int32_t));                                 \
        for (int64_t j = 0; j < rows * WIDTH; j++)                                                \
            row[j] = ((real)draw(1000) - 500) / 11;                                               \
        for (int64_t j = 0; j < WIDTH; j++)                                                       \
            start[j] = (real)draw(1000) / 7;                                                      \
        for (int64_t p = 0; p < EN_TOGETHER * n; p++) {                                           \
            offset[p] = (int32_t)draw((uint64_t)rows) * WIDTH;                                    \
            factor[p] = ((real)draw(1000) - 500) / 13;                                            \
        }                                                                                         \
        for (int32_t bytes = 16; bytes <= en_vector_bytes(); bytes *= 2) {                        \
            for (int64_t j = 0; j < size; j++)                                                    \
                sums[j] = copy[j] = (real)draw(1000);                                             \
            for (int64_t i = 0; i < EN_TOGETHER; i++)                                             \
                for (int64_t j = 0; j < WIDTH; j++) {                                             \
                    real total = start[j];                                                        \
                    for (int64_t p = i; p < EN_TOGETHER * n; p += EN_TOGETHER) {                  \
                        volatile real product = factor[p] * row[offset[p] + j];                   \
                        total += product;                                                         \
                    }                                                                             \
                    copy[i * stride + j] = total;                                                 \
                }                                                                                 \
            en_add_rows_##suffix(sums, stride, start, row, offset, factor, n, bytes);             \
            if (memcmp(sums, copy, (size_t)size * sizeof(real)) != 0)                             \
                fail("add_rows_" #suffix, n);                                                     \
        }                                                                                         \
        free(row), free(start), free(factor), free(sums), free(copy), free(offset);               \
    }

#define CHECK_DOTS(real, suffix)                                                                  \
    static void check_dots_##suffix(int64_t n)                                                    \
    {                                                                                             \
        int64_t stride = n + (int64_t)draw(3), size = (EN_TOGETHER - 1) * stride + n;             \
        real *a = room(size, sizeof(real)), *w = room(n, sizeof(real));                           \
        for (int64_t j = 0; j < size; j++)                                                        \
            a[j] = ((real)draw(1000) - 500) / 11;                                                 \
        for (int64_t j = 0; j < n; j++)                                                           \
            w[j] = ((real)draw(1000) - 500) / 13;                                                 \
        for (int32_t bytes = 16; bytes <= en_vector_bytes(); bytes *= 2) {                        \
            real sums[EN_TOGETHER];                                                               \
            en_dots_##suffix(sums, a, stride, w, n, bytes);                                       \
            for (int i = 0; i < EN_TOGETHER; i++) {                                               \
                real lanes[EN_LANES];                                                             \
                for (int lane = 0; lane < EN_LANES; lane++) {                                     \
                    lanes[lane] = 0;                                                              \
                    for (int64_t j = lane; j < n; j += EN_LANES) {                                \
                        volatile real product = a[i * stride + j] * w[j];                         \
                        lanes[lane] += product;                                                   \
                    }                                                                             \
                }                                                                                 \
                for (int half = EN_LANES / 2; half >= 4; half /= 2)                               \
                    for (int lane = 0; lane < half; lane++)                                       \
                        lanes[lane] += lanes[lane + half];                                        \
                if (sums[i] != (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]))                     \
                    fail("dots_" #suffix, n);                                                     \
            }                                                                                     \
        }                                                                                         \
        free(a), free(w);                                                                         \
    }

#define CHECK_MARKED(real, suffix)                                                                \
    static void check_marked_##suffix(int64_t n)                                                  \
    {                                                                                             \
        int64_t rows = 1 + (int64_t)draw(9), whole = (n + EN_LANES - 1) / EN_LANES * EN_LANES;    \
        int64_t words = whole / 32, count = (int64_t)draw(8), up = (n + 63) / 64 * 64;            \
        uint32_t *bits = room(rows * words, sizeof(uint32_t));                                    \
        memset(bits, 0, (size_t)(rows * words) * sizeof(uint32_t));                               \
        for (int64_t j = 0; j < rows * n; j++)                                                    \
            bits[j / (n ? n : 1) * words + j % n / 32] |= (uint32_t)draw(2) << j % n % 32;        \
        int64_t *row = room(count, sizeof(int64_t));                                              \
        real *s = room(count, sizeof(real)), *value = room(n, sizeof(real));                      \
        for (int64_t k = 0; k < count; k++) {                                                     \
            row[k] = (int64_t)draw((uint64_t)rows);                                               \
            s[k] = ((real)draw(1000) - 500) / 13;                                                 \
        }                                                                                         \
        double *power = room(whole, sizeof(double)), *sums = room(up, sizeof(double));            \
        double *totals = room(count, sizeof(double));                                             \
        for (int64_t j = 0; j < whole; j++)                                                       \
            power[j] = j < n ? (double)draw(1000) / 7 : 0;                                        \
        for (int64_t j = 0; j < n; j++)                                                           \
            value[j] = ((real)draw(1000) - 500) / 11;                                             \
        real *u = room(rows * n, sizeof(real)), *copy = room(rows * n, sizeof(real));             \
        for (int32_t bytes = 16; bytes <= en_vector_bytes(); bytes *= 2) {                        \
            for (int64_t j = 0; j < rows * n; j++)                                                \
                copy[j] = u[j] = draw(3) ? (real)draw(1000) / 7 : (real)-0.0;                     \
            en_sum_strokes_##suffix(sums, bits, words, row, s, count, n, bytes);                  \
            en_change_marked_##suffix(u, bits, words, row, s, count, value, n, bytes);            \
            en_sum_marked_f64(totals, bits, words, row, count, power, whole, bytes);              \
            for (int64_t j = 0; j < n; j++) {                                                     \
                double total = 0;                                                                 \
                for (int64_t k = 0; k < count; k++)                                               \
                    if (bits[words * row[k] + j / 32] >> j % 32 & 1) {                            \
                        volatile real product = s[k] * value[j];                                  \
                        copy[n * row[k] + j] += product;                                          \
                        total += s[k];                                                            \
                    }                                                                             \
                if (sums[j] != total)                                                             \
                    fail("sum_strokes_" #suffix, n);                                              \
            }                                                                                     \
            if (n > 0 && memcmp(u, copy, (size_t)(rows * n) * sizeof(real)) != 0)                 \
                fail("change_marked_" #suffix, n);                                                \
            for (int64_t k = 0; k < count; k++) {                                                 \
                double lanes[EN_LANES] = {0};                                                     \
                for (int64_t j = 0; j < n; j++)                                                   \
                    if (bits[words * row[k] + j / 32] >> j % 32 & 1)                              \
                        lanes[j % EN_LANES] += power[j];                                          \
                for (int half = EN_LANES / 2; half >= 4; half /= 2)                               \
                    for (int lane = 0; lane < half; lane++)                                       \
                        lanes[lane] += lanes[lane + half];                                        \
                if (totals[k] != (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]))                   \
                    fail("sum_marked", n);                                                        \
            }                                                                                     \
        }                                                                                         \
        free(bits), free(row), free(s), free(value), free(power), free(sums), free(totals);       \
        free(u), free(copy);                                                                      \
    }

#define CHECK_CHANGES(real, suffix)                                                               \
    static void check_changes_##suffix(int64_t n)                                                 \
    {                                                                                             \
        int64_t rows = 1 + (int64_t)draw(30), count = (int64_t)draw((uint64_t)rows + 1);          \
        int64_t stride = n + (int64_t)draw(3), size = stride * (rows - 1) + n;                    \
        int64_t *row = room(rows, sizeof(int64_t));                                               \
        real *number[4], *value = room(n, sizeof(real));                                          \
        real *u = room(size, sizeof(real)), *v = room(size, sizeof(real));                        \
        real *copy = room(size, sizeof(real)), *copy2 = room(size, sizeof(real));                 \
        for (int64_t k = 0; k < rows; k++)                                                        \
            row[k] = k;                                                                           \
        for (int64_t k = 0; k < count; k++) {                                                     \
            int64_t other = k + (int64_t)draw((uint64_t)(rows - k)), swap = row[k];               \
            row[k] = row[other], row[other] = swap;                                               \
        }                                                                                         \
        for (int i = 0; i < 4; i++) {                                                             \
            number[i] = room(count, sizeof(real));                                                \
            for (int64_t k = 0; k < count; k++)                                                   \
                number[i][k] = ((real)draw(1000) - (i % 2 ? 500 : 0)) / 13;                       \
        }                                                                                         \
        for (int64_t k = 0; k < count; k++) /* the first limit is not below the second */         \
            number[0][k] = draw(4) ? number[2][k] + (real)draw(9) : (real)INFINITY;               \
        for (int64_t j = 0; j < n; j++)                                                           \
            value[j] = draw(5) ? ((real)draw(2000) - 1000) / 13 : (real)-0.0;                     \
        for (int32_t bytes = 16; bytes <= en_vector_bytes(); bytes *= 2) {                        \
            for (int64_t j = 0; j < size; j++)                                                    \
                copy2[j] = copy[j] = u[j] = v[j] = draw(3) ? (real)draw(1000) / 7 : (real)-0.0;   \
            en_change_rows_##suffix(u, stride, row, number[1], count, value, n, bytes);           \
            en_change_prefixes_##suffix(v, stride, row, number[0], number[1], number[2],          \
                                        number[3], count, value, n, bytes);                       \
            for (int64_t k = 0; k < count; k++)                                                   \
                for (int64_t j = 0; j < n; j++) {                                                 \
                    double large = fabs((double)value[j]);                                        \
                    real by = large >= number[0][k]   ? number[1][k]                              \
                              : large >= number[2][k] ? number[3][k]                              \
                                                      : 0;                                        \
                    volatile real product = by * value[j], all = number[1][k] * value[j];         \
                    copy2[stride * row[k] + j] += product;                                        \
                    copy[stride * row[k] + j] += all;                                             \
                }                                                                                 \
            if (size > 0 && memcmp(u, copy, (size_t)size * sizeof(real)) != 0)                    \
                fail("change_rows_" #suffix, n);                                                  \
            if (size > 0 && memcmp(v, copy2, (size_t)size * sizeof(real)) != 0)                   \
                fail("change_prefixes_" #suffix, n);                                              \
        }                                                                                         \
        for (int i = 0; i < 4; i++)                                                               \
            free(number[i]);                                                                      \
        free(row), free(value), free(u), free(v), free(copy), free(copy2);                        \
    }

CHECK(float, f32)
CHECK(double, f64)
CHECK_DOTS(float, f32)
CHECK_DOTS(double, f64)
CHECK_MARKED(float, f32)
CHECK_MARKED(double, f64)
CHECK_ROWS(float, f32)
CHECK_ROWS(double, f64)
CHECK_CHANGES(float, f32)
CHECK_CHANGES(double, f64)

int main(void)
{
    int64_t rounds = 0;
    for (int64_t n = 0; n < 300; n++, rounds++) {
        check_f32(n), check_f64(n);
        check_rows_f32(n), check_rows_f64(n), check_dots_f32(n), check_dots_f64(n);
        check_marked_f32(n), check_marked_f64(n);
        check_changes_f32(n), check_changes_f64(n);
    }
    for (; rounds < 2000; rounds++)
        check_f32((int64_t)draw(3000)), check_f64((int64_t)draw(3000));
    printf("%lld rounds agree\n", (long long)rounds);
    return 0;
}
