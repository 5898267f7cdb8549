/* Included by sparse_template.h once for each width of vectors: BYTES, TARGET, and WIDE(function).
 *
 * One sum waits for each of its additions; several do not wait for each other. So many images are
 * taken at a time that their sums fill eight vectors. */

typedef REAL WIDE(vector) __attribute__((vector_size(BYTES), aligned(sizeof(REAL))));

TARGET static void WIDE(add_rows)(REAL *sums, int64_t stride, const REAL *start, const REAL *rows,
                                  const int32_t *offset, const REAL *factor, int64_t n)
{
    enum { IMAGES = BYTES / 16, VECTORS = EN_ROW_BYTES / BYTES };
    for (int first = 0; first < EN_TOGETHER; first += IMAGES) {
        WIDE(vector) sum[IMAGES][VECTORS];
        for (int i = 0; i < IMAGES; i++)
            memcpy(sum[i], start, EN_ROW_BYTES);
        for (int64_t p = first; p < EN_TOGETHER * n; p += EN_TOGETHER)
            for (int i = 0; i < IMAGES; i++) {
                const WIDE(vector) *row = (const WIDE(vector) *)(rows + offset[p + i]);
                for (int v = 0; v < VECTORS; v++)
                    sum[i][v] += factor[p + i] * row[v];
            }
        for (int i = 0; i < IMAGES; i++)
            memcpy(sums + (first + i) * stride, sum[i], EN_ROW_BYTES);
    }
}

TARGET static void WIDE(dots)(REAL *sums, const REAL *a, int64_t stride, const REAL *w, int64_t n)
{
    enum {
        IMAGES = BYTES / 16,
        VECTORS = EN_ROW_BYTES / BYTES,
        WIDTH = EN_ROW_BYTES / (int)sizeof(REAL)
    };
    for (int first = 0; first < EN_TOGETHER; first += IMAGES, a += IMAGES * stride) {
        REAL lanes[IMAGES][EN_LANES];
        for (int lane = 0; lane < EN_LANES; lane += WIDTH) {
            WIDE(vector) sum[IMAGES][VECTORS];
            for (int i = 0; i < IMAGES; i++)
                for (int v = 0; v < VECTORS; v++)
                    sum[i][v] = -(WIDE(vector)){0}; /* -0 changes nothing that is added to it */
            int64_t at = lane;
            for (; at + WIDTH <= n; at += EN_LANES) {
                const WIDE(vector) *weight = (const WIDE(vector) *)(w + at);
                for (int i = 0; i < IMAGES; i++) {
                    const WIDE(vector) *activity = (const WIDE(vector) *)(a + i * stride + at);
                    for (int v = 0; v < VECTORS; v++)
                        sum[i][v] += activity[v] * weight[v];
                }
            }
            for (int i = 0; i < IMAGES; i++) {
                memcpy(lanes[i] + lane, sum[i], EN_ROW_BYTES);
                for (int64_t j = at; j < n; j++)
                    lanes[i][lane + (j - at)] += a[i * stride + j] * w[j];
            }
        }
        for (int i = 0; i < IMAGES; i++)
            sums[first + i] = NAME(fold)(lanes[i]);
    }
}

#undef BYTES
#undef TARGET
#undef WIDE
