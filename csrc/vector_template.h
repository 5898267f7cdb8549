/* Included by sparse_template.h once for each width of vectors: BYTES, TARGET, and WIDE(function).
 *
 * One sum waits for each of its additions; several do not wait for each other. So many images are
 * taken at a time that their sums fill half of the registers: the other half holds what is added.
 * Vectors of 64 bytes have 32 registers, and take whole rows at a time; the others have 16, and
 * take a row in two parts. */

typedef REAL WIDE(vector) __attribute__((vector_size(BYTES), aligned(sizeof(REAL))));

TARGET static void WIDE(add_rows)(REAL *sums, int64_t stride, const REAL *start, const REAL *rows,
                                  const int32_t *offset, const REAL *factor, int64_t n)
{
    enum {
        IMAGES = BYTES / 16,
        PART_BYTES = BYTES == 64 ? EN_ROW_BYTES : EN_ROW_BYTES / 2,
        VECTORS = PART_BYTES / BYTES,
        ROW = EN_ROW_BYTES / (int)sizeof(REAL),
        PART = PART_BYTES / (int)sizeof(REAL)
    };
    for (int first = 0; first < EN_TOGETHER; first += IMAGES)
        for (int part = 0; part < ROW; part += PART) {
            WIDE(vector) sum[IMAGES][VECTORS];
            for (int i = 0; i < IMAGES; i++)
                memcpy(sum[i], start + part, PART_BYTES);
            for (int64_t p = first; p < EN_TOGETHER * n; p += EN_TOGETHER)
                for (int i = 0; i < IMAGES; i++) {
                    const WIDE(vector) *row = (const WIDE(vector) *)(rows + offset[p + i] + part);
                    for (int v = 0; v < VECTORS; v++)
                        sum[i][v] += factor[p + i] * row[v];
                }
            for (int i = 0; i < IMAGES; i++)
                memcpy(sums + (first + i) * stride + part, sum[i], PART_BYTES);
        }
}

TARGET static void WIDE(dots)(REAL *sums, const REAL *a, int64_t stride, const REAL *w, int64_t n)
{
    enum {
        IMAGES = BYTES / 16,
        VECTORS = 128 / BYTES, /* eight sums in registers */
        WIDTH = 128 / (int)sizeof(REAL)
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
                memcpy(lanes[i] + lane, sum[i], 128);
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
