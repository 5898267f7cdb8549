#include "sparse.h"

#include <math.h>
#include <string.h>

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
