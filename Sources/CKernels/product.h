// Products of matrices. TILE rows by PANEL columns of the result stay in registers while the sum runs, in one chain per
// number from first to last: neither the level's vectors nor the cut into tiles changes a bit where the CPU has FMA.

enum { TILE = CK_VECTOR_BYTES == 64 ? 8 : 4, PANEL = 2 * LANES };

// c[r][j] = (keep ? c[r][j] : 0) + Σ_k a[r·a_row + k·a_column] · b[k·b_row + j] for `vectors` vectors of columns.
INLINE void tile(int rows, int vectors, const ck_real *a, long a_row, long a_column, const ck_real *b, long b_row,
                 long depth, ck_real *c, long c_row, int keep) {
  vr sums[TILE][2];
  for (int r = 0; r < rows; r++)
    for (int j = 0; j < vectors; j++) sums[r][j] = keep ? load(c + r * c_row + j * LANES, LANES) : (vr){0};
  for (long k = 0; k < depth; k++) {
    vr right[2];
    for (int j = 0; j < vectors; j++) right[j] = load(b + k * b_row + j * LANES, LANES);
    for (int r = 0; r < rows; r++) {
      vr left = splat(a[r * a_row + k * a_column]);
      for (int j = 0; j < vectors; j++) sums[r][j] += left * right[j];
    }
  }
  for (int r = 0; r < rows; r++)
    for (int j = 0; j < vectors; j++) store(c + r * c_row + j * LANES, sums[r][j], LANES);
}

#define TILE_OF(R, V)                                                                    \
  case R:                                                                                \
    if (keep) tile(R, V, a, a_row, a_column, b, b_row, depth, c, c_row, 1);              \
    else tile(R, V, a, a_row, a_column, b, b_row, depth, c, c_row, 0);                   \
    break;

#define TILES_OF(V)                                                                      \
  switch (rows) {                                                                        \
    TILE_OF(1, V) TILE_OF(2, V) TILE_OF(3, V) TILE_OF(4, V)                              \
    TILE_OF_MORE(V)                                                                      \
  }
#if CK_VECTOR_BYTES == 64
#define TILE_OF_MORE(V) TILE_OF(5, V) TILE_OF(6, V) TILE_OF(7, V) TILE_OF(8, V)
#else
#define TILE_OF_MORE(V)
#endif

static void tile_of_panel(int rows, const ck_real *a, long a_row, long a_column, const ck_real *b, long b_row,
                          long depth, ck_real *c, long c_row, int keep) {
  TILES_OF(2)
}

static void tile_of_vector(int rows, const ck_real *a, long a_row, long a_column, const ck_real *b, long b_row,
                           long depth, ck_real *c, long c_row, int keep) {
  TILES_OF(1)
}

// A tile of up to PANEL columns; b has whole vectors.
INLINE void tile_of(int rows, int columns, const ck_real *a, long a_row, long a_column, const ck_real *b, long b_row,
                    long depth, ck_real *c, long c_row, int keep) {
  if (columns == PANEL) {
    tile_of_panel(rows, a, a_row, a_column, b, b_row, depth, c, c_row, keep);
  } else if (columns == LANES) {
    tile_of_vector(rows, a, a_row, a_column, b, b_row, depth, c, c_row, keep);
  } else {
    ck_real whole[TILE * PANEL];
    if (keep)
      for (int r = 0; r < rows; r++) memcpy(whole + r * PANEL, c + r * c_row, (size_t)columns * sizeof(ck_real));
    if (columns < LANES) tile_of_vector(rows, a, a_row, a_column, b, b_row, depth, whole, PANEL, keep);
    else tile_of_panel(rows, a, a_row, a_column, b, b_row, depth, whole, PANEL, keep);
    for (int r = 0; r < rows; r++) memcpy(c + r * c_row, whole + r * PANEL, (size_t)columns * sizeof(ck_real));
  }
}

INLINE int least(long a, long b) { return (int)(a < b ? a : b); }

static void multiply(const ck_real *a, long a_row, const ck_real *panel, long rows, int depth, ck_real *c) {
  for (long r = 0; r < rows; r += TILE)
    tile_of_panel(least(TILE, rows - r), a + r * a_row, a_row, 1, panel, PANEL, depth, c + r * PANEL, PANEL, 0);
}

// Asks for what a sink will read and write, so that it arrives while the tile is computed.
INLINE void expect_tile(const ck_sink *s, int kind, int rows, long offset, int channels, const ck_real *out) {
  for (int r = 0; r < rows; r++, offset += channels)
    for (int j = 0; j < PANEL; j += 64 / (int)sizeof(ck_real)) {
      __builtin_prefetch(out + offset + j, 1);
      if (kind & SINK_ADDS) __builtin_prefetch(s->addend + offset + j, 0);
      if (kind & SINK_GATES) __builtin_prefetch(s->x + offset + j, 0);
    }
}

INLINE void multiply_rows_kind(const ck_sink *s, int kind, const ck_real *a, long a_row, const ck_real *panels,
                               long first, long rows, int depth, int columns, ck_real *out) {
  for (int j = 0; j < columns; j += PANEL, panels += (long)depth * PANEL) {
    int wide = least(PANEL, columns - j), vectors = (wide + LANES - 1) / LANES;
    vr bias[2];
    coefficients gate[2];
    running_sums sums[2] = {{0}, {0}};
    for (int v = 0; v < vectors; v++) {
      int n = least(LANES, wide - v * LANES);
      bias[v] = sink_bias(s, j + v * LANES, n);
      gate[v] = sink_gate(s, j + v * LANES, n);
    }
    for (long r = 0; r < rows; r += TILE) {
      int high = least(TILE, rows - r);
      long offset = (first + r) * columns + j;
      ck_real whole[TILE * PANEL] __attribute__((aligned(64)));
      if (wide == PANEL) expect_tile(s, kind, high, offset, columns, out);
      tile_of(high, vectors * LANES, a + r * a_row, a_row, 1, panels, PANEL, depth, whole, PANEL, 0);
      for (int v = 0; v < vectors; v++, offset += LANES) {
        int n = least(LANES, wide - v * LANES);
        const ck_real *from = whole + v * LANES;
#define FINISH(n)                                                                                          \
  for (int i = 0; i < high; i++) {                                                                         \
    long at = offset + (long)i * columns;                                                                  \
    store(out + at, sink_value(s, kind, load(from + i * PANEL, LANES), bias[v], gate[v], at, n, sums + v), n); \
  }
        if (n == LANES) FINISH(LANES)
        else FINISH(n)
#undef FINISH
        if ((r + high) % RUN == 0 || r + high == rows) sink_end_run(kind, sums + v);
      }
    }
    for (int v = 0; v < vectors; v++)
      sink_finish(s, kind, sums + v, columns, j + v * LANES, least(LANES, wide - v * LANES));
  }
}

static void multiply_rows(const ck_real *a, long a_row, const ck_real *panels, long first, long rows, int depth,
                          int columns, const ck_sink *s, ck_real *out) {
  WITH_SINK(s, multiply_rows_kind(s, kind, a, a_row, panels, first, rows, depth, columns, out));
}

static void multiply_transposed(const ck_real *a, long a_row, const ck_real *b, long b_row, long rows, int depth,
                                int columns, int keep, ck_real *c, long c_row) {
  enum { CHUNK = 64 };  // rows of a narrow panel that are copied to have whole vectors
  for (int j = 0; j < columns; j += PANEL) {
    int wide = least(PANEL, columns - j);
    int whole = wide % LANES == 0;
    ck_real copy[CHUNK * PANEL] __attribute__((aligned(64)));
    for (long first = 0; first < rows; first += whole ? rows : CHUNK) {
      long count = whole ? rows : least(CHUNK, rows - first);
      const ck_real *right = b + first * b_row + j;
      if (!whole) {
        memset(copy, 0, sizeof copy);
        for (long r = 0; r < count; r++) memcpy(copy + r * PANEL, right + r * b_row, (size_t)wide * sizeof(ck_real));
        right = copy;
      }
      for (int k = 0; k < depth; k += TILE)
        tile_of(least(TILE, depth - k), wide, a + first * a_row + k, 1, a_row, right, whole ? b_row : PANEL, count,
                c + (long)k * c_row + j, c_row, keep || first > 0);
    }
  }
}

static void pack_panels(const ck_real *w, long stride, int turn, int depth, int columns, int first, int count,
                        ck_real *panels, long panel_size) {
  for (int p = first; p < first + count; p++) {
    ck_real *to = panels + p * panel_size;
    int j = p * PANEL, wide = least(PANEL, columns - j);
    for (int k = 0; k < depth; k++, to += PANEL) {
      if (turn)
        for (int i = 0; i < wide; i++) to[i] = w[(long)(j + i) * stride + k];
      else memcpy(to, w + k * stride + j, (size_t)wide * sizeof(ck_real));
      for (int i = wide; i < PANEL; i++) to[i] = 0;
    }
  }
}
