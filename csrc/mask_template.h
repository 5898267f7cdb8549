/* Included by sparse_template.h once for each width of vectors: BYTES, TARGET, and WIDE(function).
 *
 * 32 columns are a word of bits. A vector of columns looks at its part of a word through LANE(v),
 * which holds in each lane the bit that belongs to it; PAIRS, for doubles, holds it twice, so that
 * 32-bit comparisons, which every processor has, serve both. ADD_MARKED_...(old, bits, lane, value) adds
 * `value` in the lanes whose bit is set; the others keep their bits. */

typedef REAL WIDE(reals) __attribute__((vector_size(BYTES), aligned(sizeof(REAL))));
typedef double WIDE(doubles) __attribute__((vector_size(BYTES), aligned(sizeof(double))));
typedef uint32_t WIDE(marks) __attribute__((vector_size(BYTES), aligned(sizeof(uint32_t))));

#define SPREAD(word) ((word) | (WIDE(marks)){0})
#define LANE(table, v) (((const WIDE(marks) *)(table))[v])
#if BYTES == 64 /* processors with these vectors have instructions that change marked lanes alone */
#define ADD_MARKED_DOUBLES(sum, bits, lane, value)                                                \
    (WIDE(doubles)) _mm512_mask_add_pd(                                                           \
        (__m512d)(sum), _mm512_test_epi64_mask((__m512i)(bits), (__m512i)(lane)), (__m512d)(sum), \
        (__m512d)(value))
#define ADD_MARKED_REALS(old, bits, lane, value)                                                  \
    ((WIDE(reals))MASK_ADD((old), MASK_TEST((__m512i)(bits), (__m512i)(lane)), (old), \
                           (value)))
#else /* +0 is added to the other sums: none of them is -0, which that would change */
#define MARKED(bits, lane) (((bits) & (lane)) == (lane))
#define ADD_MARKED_DOUBLES(sum, bits, lane, value)                                                \
    ((sum) + (WIDE(doubles))((WIDE(marks))(value) & (WIDE(marks))MARKED(bits, lane)))
#define ADD_MARKED_REALS(old, bits, lane, value)                                                  \
    ((WIDE(reals))((WIDE(marks))(old) ^                                                           \
                   (((WIDE(marks))(old) ^ (WIDE(marks))((old) + (value))) &                       \
                    (WIDE(marks))MARKED(bits, lane))))
#endif

/* The sums of `vectors` vectors of units, from `first` on, stay in registers over all rows. */
TARGET static inline __attribute__((always_inline)) void
WIDE(sum_some)(double *sums, const uint32_t *bits, int64_t words, const int64_t *row,
               const REAL *s, int64_t count, int64_t first, int vectors)
{
    enum { LANES = BYTES / 8, IN_WORD = 32 / LANES };
    WIDE(doubles) sum[8];
    for (int v = 0; v < vectors; v++)
        sum[v] = (WIDE(doubles)){0};
    const uint32_t *word = bits + first / 32;
    const WIDE(marks) *lane = &LANE(PAIRS, first / LANES % IN_WORD);
    for (int64_t k = 0; k < count; k++) {
        WIDE(doubles) added = (double)s[k] - (WIDE(doubles)){0};
        for (int v = 0; v < vectors; v++) {
            WIDE(marks) marked = SPREAD(word[words * row[k] + v / IN_WORD]);
            sum[v] = ADD_MARKED_DOUBLES(sum[v], marked, lane[v % IN_WORD], added);
        }
    }
    memcpy(sums + first, sum, (size_t)vectors * BYTES);
}

/* Eight vectors are two words, one word or the half of one. Two of 64 bytes do for ten output units. */
TARGET static void WIDE(sum_strokes)(double *sums, const uint32_t *bits, int64_t words,
                                     const int64_t *row, const REAL *s, int64_t count, int64_t n)
{
    int64_t pair = 2 * BYTES / 8;
    for (int64_t first = 0; first < n; first += 4 * pair)
        if (n - first > pair)
            WIDE(sum_some)(sums, bits, words, row, s, count, first, 8);
        else
            WIDE(sum_some)(sums, bits, words, row, s, count, first, 2);
}

/* 32 columns at `row`. */
TARGET static inline void WIDE(change_word)(REAL *row, uint32_t word, const REAL *value,
                                            REAL factor)
{
    enum { LANES = BYTES / (int)sizeof(REAL) };
    WIDE(marks) marked = SPREAD(word);
    for (int v = 0; v < 32 / LANES; v++) {
        WIDE(reals) *at = (WIDE(reals) *)row + v, old = *at;
        WIDE(reals) product = factor * ((const WIDE(reals) *)value)[v];
        *at = ADD_MARKED_REALS(old, marked, LANE(REAL_LANES, v), product);
    }
}

TARGET static void WIDE(change_marked)(REAL *row, const uint32_t *bits, const REAL *value,
                                       REAL factor, int64_t n)
{
    int64_t whole = n / 32 * 32;
    for (int64_t j = 0; j < whole; j += 32, bits++)
        WIDE(change_word)(row + j, *bits, value + j, factor);
    if (whole < n) {
        REAL row_end[32] = {0}, value_end[32] = {0};
        size_t size = (size_t)(n - whole) * sizeof(REAL);
        memcpy(row_end, row + whole, size);
        memcpy(value_end, value + whole, size);
        WIDE(change_word)(row_end, *bits, value_end, factor);
        memcpy(row + whole, row_end, size);
    }
}

#ifdef MASK_SUMS /* once, not for each type of the weights: what is summed is double */
/* The two rows share the loads of `value`. A strip of the EN_LANES running sums of each stays in
 * registers over all columns. */
TARGET static void WIDE(sum_two_rows)(double *sums, const uint32_t *bits, int64_t first,
                                      int64_t second, const double *value, int64_t n)
{
    enum { LANES = BYTES / 8, IN_WORD = 32 / LANES, VECTORS = BYTES == 64 ? 8 : 4 };
    double total[2][EN_LANES];
    for (int strip = 0; strip < EN_LANES; strip += VECTORS * LANES) {
        WIDE(doubles) sum[2][VECTORS];
        for (int v = 0; v < VECTORS; v++)
            sum[0][v] = sum[1][v] = (WIDE(doubles)){0};
        const WIDE(marks) *lane = &LANE(PAIRS, strip / LANES % IN_WORD);
        for (int64_t j = strip; j < n; j += EN_LANES) /* `bits` and `value` go on to whole lanes */
            for (int v = 0; v < VECTORS; v++) {
                const uint32_t *word = bits + j / 32 + v / IN_WORD;
                WIDE(marks) one = SPREAD(word[first]);
                WIDE(marks) two = SPREAD(word[second]);
                WIDE(doubles) added = ((const WIDE(doubles) *)(value + j))[v];
                sum[0][v] = ADD_MARKED_DOUBLES(sum[0][v], one, lane[v % IN_WORD], added);
                sum[1][v] = ADD_MARKED_DOUBLES(sum[1][v], two, lane[v % IN_WORD], added);
            }
        memcpy(total[0] + strip, sum[0], sizeof sum[0]);
        memcpy(total[1] + strip, sum[1], sizeof sum[1]);
    }
    sums[0] = NAME(fold)(total[0]);
    sums[1] = NAME(fold)(total[1]);
}
#endif

#undef SPREAD
#undef LANE
#undef MARKED
#undef ADD_MARKED_DOUBLES
#undef ADD_MARKED_REALS
