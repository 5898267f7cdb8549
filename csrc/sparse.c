#include "sparse.h"

#include <math.h>
#include <string.h>

#if defined(__GNUC__) && defined(__x86_64__)
#define VECTORS_OF_32_AND_64
#define BY_VECTORS(function, ...)                              \
    (vector_bytes == 64   ? NAME(function##_64)(__VA_ARGS__)   \
     : vector_bytes == 32 ? NAME(function##_32)(__VA_ARGS__)   \
                          : NAME(function##_16)(__VA_ARGS__))
#else
#define BY_VECTORS(function, ...) ((void)vector_bytes, NAME(function##_16)(__VA_ARGS__))
#endif

#define REAL float
#define BITS uint32_t
#define NAME(function) function##_f32
#include "sparse_template.h"
#undef REAL
#undef BITS
#undef NAME

#define REAL double
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
