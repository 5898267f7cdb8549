/* Partial selection, sparse in-place weight updates and sums of sparse rows, in plain C.
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

/* The next two work on EN_TOGETHER images i at once. vector_bytes: 16, 32 or 64, at most
 * en_vector_bytes(); the results are the same for each. */
enum { EN_TOGETHER = 4, EN_ROW_BYTES = 256, EN_LANES = 128 };

/* Net inputs of as many units j as EN_ROW_BYTES hold:
 *     sums[stride * i + j] = start[j],
 *     sums[stride * i + j] += factor[EN_TOGETHER * p + i] * rows[offset[EN_TOGETHER * p + i] + j]
 * for p < n, in this order. */
EN_API void en_add_rows_f32(float *sums, int64_t stride, const float *start, const float *rows,
                            const int32_t *offset, const float *factor, int64_t n,
                            int32_t vector_bytes);
EN_API void en_add_rows_f64(double *sums, int64_t stride, const double *start, const double *rows,
                            const int32_t *offset, const double *factor, int64_t n,
                            int32_t vector_bytes);

/* sums[i] = sum over j < n of a[stride * i + j] * w[j]. EN_LANES running sums take every
 * EN_LANES-th unit and are then folded in halves. */
EN_API void en_dots_f32(float *sums, const float *a, int64_t stride, const float *w, int64_t n,
                        int32_t vector_bytes);
EN_API void en_dots_f64(double *sums, const double *a, int64_t stride, const double *w, int64_t n,
                        int32_t vector_bytes);

/* rows[stride * row[k] + j] += factor[k] * value[j] for k < count and j < n; the rows differ. */
EN_API void en_change_rows_f32(float *rows, int64_t stride, const int64_t *row,
                               const float *factor, int64_t count, const float *value, int64_t n,
                               int32_t vector_bytes);
EN_API void en_change_rows_f64(double *rows, int64_t stride, const int64_t *row,
                               const double *factor, int64_t count, const double *value, int64_t n,
                               int32_t vector_bytes);

/* The same with a factor that depends on the size of value[j]: factor[k] where it is at least
 * limit_inner[k], else rest[k] where it is at least limit_outer[k], else +0. */
EN_API void en_change_prefixes_f32(float *rows, int64_t stride, const int64_t *row,
                                   const float *limit_inner, const float *factor,
                                   const float *limit_outer, const float *rest,
                                   int64_t count, const float *value, int64_t n,
                                   int32_t vector_bytes);
EN_API void en_change_prefixes_f64(double *rows, int64_t stride, const int64_t *row,
                                   const double *limit_inner, const double *factor,
                                   const double *limit_outer, const double *rest,
                                   int64_t count, const double *value, int64_t n,
                                   int32_t vector_bytes);

/* A fixed mask as bits: column j of row i is bit j % 32 of bits[words * i + j / 32]. Rows are filled
 * up with 0 to a multiple of EN_LANES columns. For vector_bytes see above.
 *
 * sums[j] = sum of s[k] over those k < count, in their order, whose row[k] has bit j; j < n. sums has
 * room for n rounded up to a multiple of 64; the wrappers ask for whole EN_LANES, as the rows of bits have. */
EN_API void en_sum_strokes_f32(double *sums, const uint32_t *bits, int64_t words,
                               const int64_t *row, const float *s, int64_t count, int64_t n,
                               int32_t vector_bytes);
EN_API void en_sum_strokes_f64(double *sums, const uint32_t *bits, int64_t words,
                               const int64_t *row, const double *s, int64_t count, int64_t n,
                               int32_t vector_bytes);

/* rows[n * row[k] + j] += s[k] * value[j] for k < count where row[k] has bit j; the others keep their
 * bits. */
EN_API void en_change_marked_f32(float *rows, const uint32_t *bits, int64_t words,
                                 const int64_t *row, const float *s, int64_t count,
                                 const float *value, int64_t n, int32_t vector_bytes);
EN_API void en_change_marked_f64(double *rows, const uint32_t *bits, int64_t words,
                                 const int64_t *row, const double *s, int64_t count,
                                 const double *value, int64_t n, int32_t vector_bytes);

/* sums[k] = sum of value[j] over the bits j of row[k], k < count: EN_LANES running sums take every
 * EN_LANES-th column and are then folded in halves. value, none of it -0, has room for n rounded up
 * to a multiple of EN_LANES, finite there. */
EN_API void en_sum_marked_f64(double *sums, const uint32_t *bits, int64_t words,
                              const int64_t *row, int64_t count, const double *value, int64_t n,
                              int32_t vector_bytes);

/* The widest vectors of this processor that they can use. */
EN_API int32_t en_vector_bytes(void);

#endif
