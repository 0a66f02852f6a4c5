// Winograd F(4×4, 3×3): Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016, section 4.3.
// Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A over 6×6 patches d of the input and 4×4 tiles Y of the output.

INLINE void transform_input(const vr *d, int stride, vr *t, int out_stride) {  // Bᵀ
  vr d0 = d[0], d1 = d[stride], d2 = d[2 * stride], d3 = d[3 * stride], d4 = d[4 * stride], d5 = d[5 * stride];
  vr four = splat(4), five = splat(5), two = splat(2);
  vr even = d4 - four * d2, odd = d3 - four * d1;
  vr even2 = d4 - d2, odd2 = d3 - d1;
  t[0] = four * d0 - five * d2 + d4;
  t[out_stride] = even + odd;
  t[2 * out_stride] = even - odd;
  t[3 * out_stride] = even2 + two * odd2;
  t[4 * out_stride] = even2 - two * odd2;
  t[5 * out_stride] = four * d1 - five * d3 + d5;
}

INLINE void transform_output(const vr *m, int stride, vr *y, int out_stride) {  // Aᵀ
  vr sum = m[stride] + m[2 * stride], difference = m[stride] - m[2 * stride];
  vr sum2 = m[3 * stride] + m[4 * stride], difference2 = m[3 * stride] - m[4 * stride];
  y[0] = m[0] + sum + sum2;
  y[out_stride] = difference + splat(2) * difference2;
  y[2 * out_stride] = sum + splat(4) * sum2;
  y[3 * out_stride] = difference + splat(8) * difference2 + m[5 * stride];
}

INLINE void transform_output_gradient(const vr *y, int stride, vr *v, int out_stride) {  // A
  vr y0 = y[0], y1 = y[stride], y2 = y[2 * stride], y3 = y[3 * stride];
  vr even = y0 + y2, odd = y1 + y3;
  vr even2 = y0 + splat(4) * y2, odd2 = splat(2) * y1 + splat(8) * y3;
  v[0] = y0;
  v[out_stride] = even + odd;
  v[2 * out_stride] = even - odd;
  v[3 * out_stride] = even2 + odd2;
  v[4 * out_stride] = even2 - odd2;
  v[5 * out_stride] = y3;
}

INLINE void transform_weights(const vr *g, int stride, vr *u, int out_stride) {  // G
  vr g0 = g[0], g1 = g[stride], g2 = g[2 * stride];
  vr outer = (g0 + g2) * splat((ck_real)(-1.0 / 6)), middle = g1 * splat((ck_real)(1.0 / 6));
  vr far = g0 * splat((ck_real)(1.0 / 24)) + g2 * splat((ck_real)(1.0 / 6)), half = g1 * splat((ck_real)(1.0 / 12));
  u[0] = g0 * splat((ck_real)0.25);
  u[out_stride] = outer - middle;
  u[2 * out_stride] = outer + middle;
  u[3 * out_stride] = far + half;
  u[4 * out_stride] = far - half;
  u[5 * out_stride] = g2;
}

INLINE void transform_weight_gradient(const vr *u, int stride, vr *g, int out_stride) {  // Gᵀ
  vr near = u[stride] + u[2 * stride], far = u[3 * stride] + u[4 * stride];
  vr sixth = splat((ck_real)(1.0 / 6));
  g[0] = splat((ck_real)0.25) * u[0] - sixth * near + splat((ck_real)(1.0 / 24)) * far;
  g[out_stride] = sixth * (u[2 * stride] - u[stride]) + splat((ck_real)(1.0 / 12)) * (u[3 * stride] - u[4 * stride]);
  g[2 * out_stride] = sixth * (far - near) + u[5 * stride];
}

typedef struct {
  int image, y, x;  // of the tile's first output pixel
} tile_place;

INLINE tile_place place_of(const ck_map *map, long tile) {
  int across = (map->w + 3) / 4, down = (map->h + 3) / 4;
  tile_place p = {(int)(tile / across / down), (int)(tile / across % down) * 4, (int)(tile % across) * 4};
  return p;
}

INLINE long offset_of(const ck_map *map, tile_place p, int channels) {
  return (((long)p.image * map->h + p.y) * map->w + p.x) * channels;
}

// Prefetches some of an operand's pixels to the second-level cache, before their tile is transformed: they are more
// streams than the hardware prefetcher follows.
INLINE void prefetch_pixels(const ck_operand *op, int kind, long corner, int high, int wide, long row_stride,
                            int channels) {
  for (int i = 0; i < high; i++)
    for (int j = 0; j < wide; j++) {
      __builtin_prefetch(op->x + corner + i * row_stride + j * channels, 0, 2);
      if (kind == CK_GRADIENT) __builtin_prefetch(op->g + corner + i * row_stride + j * channels, 0, 2);
    }
}

INLINE vr masked(mask_lane there, vr v) { return (vr)((there - (vm){0}) & (vm)v); }
INLINE int clamp_index(int i, int extent) { return i < 0 ? 0 : i < extent ? i : extent - 1; }

INLINE void winograd_f4x3_input_kind(const ck_operand *op, int kind, const ck_map *map, int channels, long first,
                                     long count, ck_real *u, long tile_stride) {
  for (long t = 0; t < count; t++) {
    tile_place p = place_of(map, first + t);
    int y0 = p.y - 1, x0 = p.x - 1;
    int inside = y0 >= 0 && x0 >= 0 && y0 + 6 <= map->h && x0 + 6 <= map->w;
    long row_stride = (long)map->w * channels, corner = p.image * map->h * row_stride;
    long down[6], across[6];  // offsets of the patch's rows and columns, and whether they are in the map
    mask_lane row[6], column[6];
    for (int i = 0; i < 6; i++) {
      int y = clamp_index(y0 + i, map->h), x = clamp_index(x0 + i, map->w);
      down[i] = corner + y * row_stride;
      across[i] = (long)x * channels;
      row[i] = y == y0 + i ? -1 : 0;
      column[i] = x == x0 + i ? -1 : 0;
    }
    // What the next tile's patch has beyond this one's.
    long next = offset_of(map, place_of(map, first + t + 1), channels) - row_stride + channels;
    ck_real *to = u + t * tile_stride;
#define BODY(c, n)                                                                                        \
  {                                                                                                       \
    prefetch_pixels(op, kind, next + (c), 6, 4, row_stride, channels);                                    \
    coefficients k = operand_coefficients(op, kind, c, n);                                                \
    vr columns[36];                                                                                       \
    if (inside) {                                                                                         \
      for (int j = 0; j < 6; j++) {                                                                       \
        vr d[6];                                                                                          \
        for (int i = 0; i < 6; i++)                                                                       \
          d[i] = operand_load(op, kind, k, down[0] + i * row_stride + across[0] + j * channels + (c), n); \
        transform_input(d, 1, columns + j, 6);                                                            \
      }                                                                                                   \
    } else {                                                                                              \
      for (int j = 0; j < 6; j++) {                                                                       \
        vr d[6];                                                                                          \
        for (int i = 0; i < 6; i++)                                                                       \
          d[i] = masked(row[i] & column[j], operand_load(op, kind, k, down[i] + across[j] + (c), n));     \
        transform_input(d, 1, columns + j, 6);                                                            \
      }                                                                                                   \
    }                                                                                                     \
    for (int i = 0; i < 6; i++) {                                                                         \
      vr out[6];                                                                                          \
      transform_input(columns + i * 6, 1, out, 1);                                                        \
      for (int j = 0; j < 6; j++) store(to + (i * 6 + j) * channels + (c), out[j], n);                    \
    }                                                                                                     \
  }
    FOR_CHANNELS(channels, BODY);
#undef BODY
  }
}

static void winograd_f4x3_input(const ck_operand *op, const ck_map *map, int channels, long first, long count,
                                ck_real *u, long tile_stride) {
  WITH_KIND(op, winograd_f4x3_input_kind(op, kind, map, channels, first, count, u, tile_stride));
}

INLINE void winograd_f4x3_output_gradient_kind(const ck_operand *op, int kind, const ck_map *map, int channels,
                                               int from, int wide, long first, long count, ck_real *v,
                                               long tile_stride) {
  for (long t = 0; t < count; t++) {
    tile_place p = place_of(map, first + t);
    long corner = offset_of(map, p, channels) + from;
    long next = offset_of(map, place_of(map, first + t + 1), channels) + from;
    long row_stride = (long)map->w * channels;
    ck_real *to = v + t * tile_stride;
    int whole = p.y + 4 <= map->h && p.x + 4 <= map->w;
#define BODY(c, n)                                                                              \
  {                                                                                             \
    prefetch_pixels(op, kind, next + (c), 4, 4, row_stride, channels);                          \
    coefficients k = operand_coefficients(op, kind, from + (c), n);                             \
    vr columns[24];                                                                             \
    for (int j = 0; j < 4; j++) {                                                               \
      vr d[4];                                                                                  \
      for (int i = 0; i < 4; i++)                                                               \
        d[i] = whole || (p.y + i < map->h && p.x + j < map->w)                                  \
                   ? operand_load(op, kind, k, corner + i * row_stride + j * channels + (c), n) \
                   : (vr){0};                                                                   \
      transform_output_gradient(d, 1, columns + j, 4);                                          \
    }                                                                                           \
    for (int i = 0; i < 6; i++) {                                                               \
      vr out[6];                                                                                \
      transform_output_gradient(columns + i * 4, 1, out, 1);                                    \
      for (int j = 0; j < 6; j++) store(to + (i * 6 + j) * wide + (c), out[j], n);              \
    }                                                                                           \
  }
    FOR_CHANNELS(wide, BODY);
#undef BODY
  }
}

static void winograd_f4x3_output_gradient(const ck_operand *op, const ck_map *map, int channels, int from, int wide,
                                          long first, long count, ck_real *v, long tile_stride) {
  WITH_KIND(op, winograd_f4x3_output_gradient_kind(op, kind, map, channels, from, wide, first, count, v, tile_stride));
}

INLINE void winograd_f4x3_output_kind(const ck_real *m, long tile_stride, const ck_map *map, int channels, int column,
                                      long first, long count, const ck_epilogue *ep, int kind, ck_real *out) {
#define BODY(j, n)                                                                                \
  {                                                                                               \
    int c = column + (j);                                                                         \
    vr bias = epilogue_bias(ep, c, n);                                                            \
    coefficients gate = epilogue_gate(ep, c, n);                                                  \
    running_sums sums = {0};                                                                      \
    for (long t = 0; t < count; t++) {                                                            \
      tile_place p = place_of(map, first + t);                                                    \
      long corner = offset_of(map, p, channels) + c;                                              \
      int whole = p.y + 4 <= map->h && p.x + 4 <= map->w;                                         \
      vr columns[24];                                                                             \
      for (int k = 0; k < 6; k++) {                                                               \
        vr d[6];                                                                                  \
        for (int i = 0; i < 6; i++)                                                               \
          d[i] = load(m + t * tile_stride + (i * 6 + k) * PANEL + (j), LANES);                    \
        transform_output(d, 1, columns + k, 6);                                                   \
      }                                                                                           \
      for (int i = 0; i < 4; i++) {                                                               \
        vr y[4];                                                                                  \
        transform_output(columns + i * 6, 1, y, 1);                                               \
        for (int k = 0; k < 4; k++)                                                               \
          if (whole || (p.y + i < map->h && p.x + k < map->w)) {                                  \
            long offset = corner + ((long)i * map->w + k) * channels;                             \
            store(out + offset, epilogue_value(ep, kind, y[k], bias, gate, offset, n, &sums), n); \
          }                                                                                       \
      }                                                                                           \
      epilogue_end_run(kind, &sums);                                                              \
    }                                                                                             \
    epilogue_finish(ep, kind, &sums, channels, c, n);                                             \
  }
  FOR_CHANNELS(min_int(PANEL, channels - column), BODY);
#undef BODY
}

static void winograd_f4x3_output(const ck_real *m, long tile_stride, const ck_map *map, int channels, int column,
                                 long first, long count, const ck_epilogue *ep, ck_real *out) {
  WITH_EPILOGUE(ep, winograd_f4x3_output_kind(m, tile_stride, map, channels, column, first, count, ep, kind, out));
}

// u = G g Gᵀ of one kernel in each lane, its 36 numbers `plane_stride` apart.
INLINE void transform_kernel(const vr *g, ck_real *u, long plane_stride) {
  vr columns[18], out[36];
  for (int j = 0; j < 3; j++) transform_weights(g + j, 3, columns + j, 3);
  for (int i = 0; i < 6; i++) transform_weights(columns + i * 3, 1, out + i * 6, 1);
  for (int xi = 0; xi < 36; xi++) store(u + xi * plane_stride, out[xi], LANES);
}

static void winograd_f4x3_weights(const ck_real *w, int in, int out, int rotate, int panel, int first, int count,
                                  ck_real *u, long plane_stride) {
  long tap = (long)in * out;
  for (int j = panel * PANEL, v = 0; v < PANEL; v += LANES, j += LANES) {
    int n = min_int(LANES, (rotate ? in : out) - j);
    for (int k = first; k < first + count; k++) {
      if (n <= 0) {
        for (int xi = 0; xi < 36; xi++) store(u + xi * plane_stride + k * PANEL + v, (vr){0}, LANES);
      } else if (!rotate) {
        vr g[9];
        for (int t = 0; t < 9; t++) g[t] = load(w + t * tap + (long)k * out + j, n);
        transform_kernel(g, u + k * PANEL + v, plane_stride);
      } else {
        vr rotated[9][LANES];
        int several = min_int(LANES, first + count - k);
        for (int t = 0; t < 9; t++) load_transposed(w + t * tap + (long)j * out + k, out, n, several, rotated[8 - t]);
        for (int i = 0; i < several; i++) {
          vr g[9];
          for (int t = 0; t < 9; t++) g[t] = rotated[t][i];
          transform_kernel(g, u + (k + i) * PANEL + v, plane_stride);
        }
        k += several - 1;
      }
    }
  }
}

static void winograd_f4x3_weight_gradient(const ck_real *du, long plane_stride, long tap_stride, long first, long count,
                                          ck_real scale, int keep, ck_real *dw) {
  for (long e = first; e < first + count; e += LANES) {
    int n = first + count - e < LANES ? (int)(first + count - e) : LANES;
    vr d[36], columns[18], g[9];
    for (int xi = 0; xi < 36; xi++) d[xi] = load(du + xi * plane_stride + e, n);
    for (int j = 0; j < 6; j++) transform_weight_gradient(d + j, 6, columns + j, 6);
    for (int i = 0; i < 3; i++) transform_weight_gradient(columns + i * 6, 1, g + i * 3, 1);
    for (int k = 0; k < 9; k++) {
      ck_real *to = dw + k * tap_stride + e;
      store(to, (keep ? load(to, n) : (vr){0}) + splat(scale) * g[k], n);
    }
  }
}
