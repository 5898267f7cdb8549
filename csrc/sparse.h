/* Partial selection and sparse in-place weight updates, in plain C.
 *
 * No allocation, no Python. The caller owns all buffers and vouches for all sizes and indices;
 * checked wrappers are in _sparse.pyx. Every product is rounded before it is added (the build sets
 * -ffp-contract=off), so that compiled loops elsewhere that evaluate the same expression get the
 * same bits.
 */
#ifndef ENERGYNET_SPARSE_H
#define ENERGYNET_SPARSE_H

#include <stdint.h>

#if defined(_WIN32)
#define EN_API __declspec(dllexport)
#else
#define EN_API __attribute__((visibility("default")))
#endif

/* The k-th largest of n values that are >= 0 (+0, not -0) and not NaN, value i counting weight[i]
 * times (once where weight is NULL). 1 <= k <= sum of weights. Both arrays are reordered.
 * Radix selection over the bit pattern: O(n), whatever the values. */
EN_API float en_kth_largest_f32(float *value, int64_t *weight, int64_t n, int64_t k);
EN_API double en_kth_largest_f64(double *value, int64_t *weight, int64_t n, int64_t k);

/* row[index[p]] += factor * value[p] for p < n; the indices differ. */
EN_API void en_scatter_add_f32(float *row, const int32_t *index, const float *value, int64_t n,
                               float factor);
EN_API void en_scatter_add_f64(double *row, const int32_t *index, const double *value, int64_t n,
                               double factor);

/* row[index[p]] += factor * value[index[p]] for p < n; the indices differ. Returns the sum of
 * |value[index[p]]|, taken in four running sums: of p = 0, 4, ..., of 1, 5, ..., and so on. */
EN_API double en_masked_add_f32(float *row, const int32_t *index, const float *value, int64_t n,
                                float factor);
EN_API double en_masked_add_f64(double *row, const int32_t *index, const double *value, int64_t n,
                                double factor);

#endif
