#include "sparse.h"

#include <math.h>
#include <string.h>

#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
#define VECTORS_OF_32_AND_64
#define BY_VECTORS(function, ...)                              \
    (vector_bytes == 64   ? NAME(function##_64)(__VA_ARGS__)   \
     : vector_bytes == 32 ? NAME(function##_32)(__VA_ARGS__)   \
                          : NAME(function##_16)(__VA_ARGS__))
#else
#define BY_VECTORS(function, ...) ((void)vector_bytes, NAME(function##_16)(__VA_ARGS__))
#endif

/* The bits of a word, lane by lane: of 32-bit lanes, and of pairs of them. */
#define BIT(b) (uint32_t)1 << (b)
#define TWO(b) BIT(b), BIT(b), BIT(b + 1), BIT(b + 1)
static const uint32_t SINGLES[32] = {
    BIT(0),  BIT(1),  BIT(2),  BIT(3),  BIT(4),  BIT(5),  BIT(6),  BIT(7),
    BIT(8),  BIT(9),  BIT(10), BIT(11), BIT(12), BIT(13), BIT(14), BIT(15),
    BIT(16), BIT(17), BIT(18), BIT(19), BIT(20), BIT(21), BIT(22), BIT(23),
    BIT(24), BIT(25), BIT(26), BIT(27), BIT(28), BIT(29), BIT(30), BIT(31)};
static const uint32_t PAIRS[64] = {
    TWO(0),  TWO(2),  TWO(4),  TWO(6),  TWO(8),  TWO(10), TWO(12), TWO(14),
    TWO(16), TWO(18), TWO(20), TWO(22), TWO(24), TWO(26), TWO(28), TWO(30)};

#define REAL float
#define REAL_LANES SINGLES
#define MASK_TEST _mm512_test_epi32_mask
#define MASK_ADD _mm512_mask_add_ps
#define MASK_COMPARE _mm512_cmp_ps_mask
#define MASK_BLEND _mm512_mask_blend_ps
#define BITS uint32_t
#define NAME(function) function##_f32
#include "sparse_template.h"
#undef REAL
#undef REAL_LANES
#undef MASK_TEST
#undef MASK_ADD
#undef MASK_COMPARE
#undef MASK_BLEND
#undef BITS
#undef NAME

#define REAL double
#define REAL_LANES PAIRS
#define MASK_TEST _mm512_test_epi64_mask
#define MASK_ADD _mm512_mask_add_pd
#define MASK_COMPARE _mm512_cmp_pd_mask
#define MASK_BLEND _mm512_mask_blend_pd
#define MASK_SUMS
#define BITS uint64_t
#define NAME(function) function##_f64
#include "sparse_template.h"

int32_t en_vector_bytes(void)
{
#ifdef VECTORS_OF_32_AND_64
    if (__builtin_cpu_supports("avx512f"))
        return 64;
    if (__builtin_cpu_supports("avx2"))
        return 32;
#endif
    return 16;
}
