/* The routines of csrc/sparse.h against plain loops, on arrays of random sizes that end exactly
 * where their memory ends: made to run under sanitizers (check_sparse.sh). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../csrc/sparse.h"

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

CHECK(float, f32)
CHECK(double, f64)

int main(void)
{
    int64_t rounds = 0;
    for (int64_t n = 0; n < 300; n++, rounds++)
        check_f32(n), check_f64(n);
    for (; rounds < 2000; rounds++)
        check_f32((int64_t)draw(3000)), check_f64((int64_t)draw(3000));
    printf("%lld rounds agree\n", (long long)rounds);
    return 0;
}
