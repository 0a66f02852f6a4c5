// Winograd F(4×4, 3×3): Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016, section 4.3.
// Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A over 6×6 patches d of the input and 4×4 tiles Y of the output.

INLINE void transform_input(const vr *d, int step, vr *t, int out_step) {  // Bᵀ
  vr d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
  vr four = splat(4), five = splat(5), two = splat(2);
  vr even = d4 - four * d2, odd = d3 - four * d1;
  vr even2 = d4 - d2, odd2 = d3 - d1;
  t[0] = four * d0 - five * d2 + d4;
  t[out_step] = even + odd;
  t[2 * out_step] = even - odd;
  t[3 * out_step] = even2 + two * odd2;
  t[4 * out_step] = even2 - two * odd2;
  t[5 * out_step] = four * d1 - five * d3 + d5;
}

INLINE void transform_output(const vr *m, int step, vr *y, int out_step) {  // Aᵀ
  vr sum = m[step] + m[2 * step], difference = m[step] - m[2 * step];
  vr sum2 = m[3 * step] + m[4 * step], difference2 = m[3 * step] - m[4 * step];
  y[0] = m[0] + sum + sum2;
  y[out_step] = difference + splat(2) * difference2;
  y[2 * out_step] = sum + splat(4) * sum2;
  y[3 * out_step] = difference + splat(8) * difference2 + m[5 * step];
}

INLINE void transform_gradient(const vr *y, int step, vr *v, int out_step) {  // A
  vr y0 = y[0], y1 = y[step], y2 = y[2 * step], y3 = y[3 * step];
  vr even = y0 + y2, odd = y1 + y3;
  vr even2 = y0 + splat(4) * y2, odd2 = splat(2) * y1 + splat(8) * y3;
  v[0] = y0;
  v[out_step] = even + odd;
  v[2 * out_step] = even - odd;
  v[3 * out_step] = even2 + odd2;
  v[4 * out_step] = even2 - odd2;
  v[5 * out_step] = y3;
}

INLINE void transform_weights(const vr *g, int step, vr *u, int out_step) {  // G
  vr g0 = g[0], g1 = g[step], g2 = g[2 * step];
  vr outer = (g0 + g2) * splat((ck_real)(-1.0 / 6)), middle = g1 * splat((ck_real)(1.0 / 6));
  vr far = g0 * splat((ck_real)(1.0 / 24)) + g2 * splat((ck_real)(1.0 / 6)), half = g1 * splat((ck_real)(1.0 / 12));
  u[0] = g0 * splat((ck_real)0.25);
  u[out_step] = outer - middle;
  u[2 * out_step] = outer + middle;
  u[3 * out_step] = far + half;
  u[4 * out_step] = far - half;
  u[5 * out_step] = g2;
}

INLINE void transform_weights_gradient(const vr *u, int step, vr *g, int out_step) {  // Gᵀ
  vr near = u[step] + u[2 * step], far = u[3 * step] + u[4 * step];
  vr sixth = splat((ck_real)(1.0 / 6));
  g[0] = splat((ck_real)0.25) * u[0] - sixth * near + splat((ck_real)(1.0 / 24)) * far;
  g[out_step] = sixth * (u[2 * step] - u[step]) + splat((ck_real)(1.0 / 12)) * (u[3 * step] - u[4 * step]);
  g[2 * out_step] = sixth * (far - near) + u[5 * step];
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

// Asks for some of a source's pixels, so that they are in the second-level cache when their tile's turn comes: these are
// more streams than the core follows by itself.
INLINE void expect_pixels(const ck_source *s, int kind, long corner, int high, int wide, long line, int channels) {
  for (int i = 0; i < high; i++)
    for (int j = 0; j < wide; j++) {
      __builtin_prefetch(s->x + corner + i * line + j * channels, 0, 2);
      if (kind == CK_GRADIENT) __builtin_prefetch(s->g + corner + i * line + j * channels, 0, 2);
    }
}

INLINE vr only(mask_lane there, vr v) { return (vr)((there - (vm){0}) & (vm)v); }
INLINE int within(int i, int extent) { return i < 0 ? 0 : i < extent ? i : extent - 1; }

INLINE void winograd_input_kind(const ck_source *s, int kind, const ck_map *map, int channels, long first, long count,
                                ck_real *u, long distance) {
  for (long t = 0; t < count; t++) {
    tile_place p = place_of(map, first + t);
    int y0 = p.y - 1, x0 = p.x - 1;
    int inside = y0 >= 0 && x0 >= 0 && y0 + 6 <= map->h && x0 + 6 <= map->w;
    long line = (long)map->w * channels, corner = p.image * map->h * line;
    long down[6], across[6];  // offsets of the patch's rows and columns, and whether they are in the map
    mask_lane row[6], column[6];
    for (int i = 0; i < 6; i++) {
      int y = within(y0 + i, map->h), x = within(x0 + i, map->w);
      down[i] = corner + y * line;
      across[i] = (long)x * channels;
      row[i] = y == y0 + i ? -1 : 0;
      column[i] = x == x0 + i ? -1 : 0;
    }
    // What the next tile's patch has beyond this one's.
    long next = offset_of(map, place_of(map, first + t + 1), channels) - line + channels;
    ck_real *to = u + t * distance;
#define BODY(c, n)                                                                                       \
  {                                                                                                      \
    expect_pixels(s, kind, next + (c), 6, 4, line, channels);                                            \
    coefficients k = source_coefficients(s, kind, c, n);                                                 \
    vr columns[36];                                                                                      \
    if (inside) {                                                                                        \
      for (int j = 0; j < 6; j++) {                                                                      \
        vr d[6];                                                                                         \
        for (int i = 0; i < 6; i++)                                                                      \
          d[i] = source_load(s, kind, k, down[0] + i * line + across[0] + j * channels + (c), n);        \
        transform_input(d, 1, columns + j, 6);                                                           \
      }                                                                                                  \
    } else {                                                                                             \
      for (int j = 0; j < 6; j++) {                                                                      \
        vr d[6];                                                                                         \
        for (int i = 0; i < 6; i++)                                                                      \
          d[i] = only(row[i] & column[j], source_load(s, kind, k, down[i] + across[j] + (c), n));        \
        transform_input(d, 1, columns + j, 6);                                                           \
      }                                                                                                  \
    }                                                                                                    \
    for (int i = 0; i < 6; i++) {                                                                        \
      vr out[6];                                                                                         \
      transform_input(columns + i * 6, 1, out, 1);                                                       \
      for (int j = 0; j < 6; j++) store(to + (i * 6 + j) * channels + (c), out[j], n);                \
    }                                                                                                    \
  }
    FOR_CHANNELS(channels, BODY);
#undef BODY
  }
}

static void winograd_input(const ck_source *s, const ck_map *map, int channels, long first, long count, ck_real *u,
                           long distance) {
  WITH_KIND(s, winograd_input_kind(s, kind, map, channels, first, count, u, distance));
}

INLINE void winograd_gradient_kind(const ck_source *s, int kind, const ck_map *map, int channels, int from, int wide,
                                   long first, long count, ck_real *v, long distance) {
  for (long t = 0; t < count; t++) {
    tile_place p = place_of(map, first + t);
    long corner = offset_of(map, p, channels) + from;
    long next = offset_of(map, place_of(map, first + t + 1), channels) + from;
    long line = (long)map->w * channels;
    ck_real *to = v + t * distance;
    int whole = p.y + 4 <= map->h && p.x + 4 <= map->w;
#define BODY(c, n)                                                                                       \
  {                                                                                                      \
    expect_pixels(s, kind, next + (c), 4, 4, line, channels);                                            \
    coefficients k = source_coefficients(s, kind, from + (c), n);                                        \
    vr columns[24];                                                                                      \
    for (int j = 0; j < 4; j++) {                                                                        \
      vr d[4];                                                                                           \
      for (int i = 0; i < 4; i++)                                                                        \
        d[i] = whole || (p.y + i < map->h && p.x + j < map->w)                                           \
                   ? source_load(s, kind, k, corner + i * line + j * channels + (c), n)                  \
                   : (vr){0};                                                                            \
      transform_gradient(d, 1, columns + j, 4);                                                          \
    }                                                                                                    \
    for (int i = 0; i < 6; i++) {                                                                        \
      vr out[6];                                                                                         \
      transform_gradient(columns + i * 4, 1, out, 1);                                                    \
      for (int j = 0; j < 6; j++) store(to + (i * 6 + j) * wide + (c), out[j], n);                    \
    }                                                                                                    \
  }
    FOR_CHANNELS(wide, BODY);
#undef BODY
  }
}

static void winograd_gradient(const ck_source *s, const ck_map *map, int channels, int from, int wide, long first,
                              long count, ck_real *v, long distance) {
  WITH_KIND(s, winograd_gradient_kind(s, kind, map, channels, from, wide, first, count, v, distance));
}

INLINE void winograd_output_kind(const ck_real *m, long distance, const ck_map *map, int channels, int column,
                                 long first, long count, const ck_sink *s, int kind, ck_real *out) {
#define BODY(j, n)                                                                                             \
  {                                                                                                            \
    int c = column + (j);                                                                                      \
    vr bias = sink_bias(s, c, n);                                                                              \
    coefficients gate = sink_gate(s, c, n);                                                                    \
    running_sums sums = {0};                                                                                   \
    for (long t = 0; t < count; t++) {                                                                         \
      tile_place p = place_of(map, first + t);                                                                 \
      long corner = offset_of(map, p, channels) + c;                                                           \
      int whole = p.y + 4 <= map->h && p.x + 4 <= map->w;                                                      \
      vr columns[24];                                                                                          \
      for (int k = 0; k < 6; k++) {                                                                            \
        vr d[6];                                                                                               \
        for (int i = 0; i < 6; i++)                                                                            \
          d[i] = load(m + t * distance + (i * 6 + k) * PANEL + (j), LANES);                                    \
        transform_output(d, 1, columns + k, 6);                                                                \
      }                                                                                                        \
      for (int i = 0; i < 4; i++) {                                                                            \
        vr y[4];                                                                                               \
        transform_output(columns + i * 6, 1, y, 1);                                                            \
        for (int k = 0; k < 4; k++)                                                                            \
          if (whole || (p.y + i < map->h && p.x + k < map->w)) {                                               \
            long offset = corner + ((long)i * map->w + k) * channels;                                          \
            store(out + offset, sink_value(s, kind, y[k], bias, gate, offset, n, &sums), n);                   \
          }                                                                                                    \
      }                                                                                                        \
      sink_end_run(kind, &sums);                                                                                \
    }                                                                                                          \
    sink_finish(s, kind, &sums, channels, c, n);                                                               \
  }
  FOR_CHANNELS(least(PANEL, channels - column), BODY);
#undef BODY
}

static void winograd_output(const ck_real *m, long distance, const ck_map *map, int channels, int column, long first,
                            long count, const ck_sink *s, ck_real *out) {
  WITH_SINK(s, winograd_output_kind(m, distance, map, channels, column, first, count, s, kind, out));
}

// u = G g Gᵀ of one kernel in each lane, its 36 numbers `plane` apart.
INLINE void transform_kernel(const vr *g, ck_real *u, long plane) {
  vr columns[18], out[36];
  for (int j = 0; j < 3; j++) transform_weights(g + j, 3, columns + j, 3);
  for (int i = 0; i < 6; i++) transform_weights(columns + i * 3, 1, out + i * 6, 1);
  for (int xi = 0; xi < 36; xi++) store(u + xi * plane, out[xi], LANES);
}

static void winograd_weights(const ck_real *w, int in, int out, int turn, int panel, int first, int count, ck_real *u,
                             long plane) {
  long tap = (long)in * out;
  for (int j = panel * PANEL, v = 0; v < PANEL; v += LANES, j += LANES) {
    int n = least(LANES, (turn ? in : out) - j);
    for (int k = first; k < first + count; k++) {
      if (n <= 0) {
        for (int xi = 0; xi < 36; xi++) store(u + xi * plane + k * PANEL + v, (vr){0}, LANES);
      } else if (!turn) {
        vr g[9];
        for (int t = 0; t < 9; t++) g[t] = load(w + t * tap + (long)k * out + j, n);
        transform_kernel(g, u + k * PANEL + v, plane);
      } else {
        vr turned[9][LANES];
        int several = least(LANES, first + count - k);
        for (int t = 0; t < 9; t++) load_turned(w + t * tap + (long)j * out + k, out, n, several, turned[8 - t]);
        for (int i = 0; i < several; i++) {
          vr g[9];
          for (int t = 0; t < 9; t++) g[t] = turned[t][i];
          transform_kernel(g, u + (k + i) * PANEL + v, plane);
        }
        k += several - 1;
      }
    }
  }
}

static void winograd_weights_gradient(const ck_real *du, long plane, long stride, long first, long count,
                                      ck_real scale, int keep, ck_real *dw) {
  for (long e = first; e < first + count; e += LANES) {
    int n = first + count - e < LANES ? (int)(first + count - e) : LANES;
    vr d[36], columns[18], g[9];
    for (int xi = 0; xi < 36; xi++) d[xi] = load(du + xi * plane + e, n);
    for (int j = 0; j < 6; j++) transform_weights_gradient(d + j, 6, columns + j, 6);
    for (int i = 0; i < 3; i++) transform_weights_gradient(columns + i * 6, 1, g + i * 3, 1);
    for (int k = 0; k < 9; k++) {
      ck_real *to = dw + k * stride + e;
      store(to, (keep ? load(to, n) : (vr){0}) + splat(scale) * g[k], n);
    }
  }
}
