// Products of matrices. TILE rows by PANEL columns of the result stay in registers while the sum runs, in one chain per
// number from first to last: neither the level's vectors nor the cut into tiles changes a bit where the CPU has FMA.

// Two vectors wide, eight rows take half of AVX-512's 32 registers and twelve three quarters; six take twelve of the
// others' 16. Transposed, all rows of a tile need one pointer, so there can be more.
enum {
  TILE = CK_VECTOR_BYTES == 64 ? 8 : 6,
  TRANSPOSED_TILE = CK_VECTOR_BYTES == 64 ? 12 : 6,
  PANEL = 2 * LANES,
  LINE = 64 / (int)sizeof(ck_real)
};

// How the left side of a product is stored: by rows of the result, a[r·stride + k], or transposed, a[k·stride + r].
enum { ROW_MAJOR, TRANSPOSED };

// Cache lines to prefetch, `stride` numbers from one to the next.
typedef struct {
  const ck_real *first;  // NULL: none
  long stride;
  int written;  // whether they are going to be written
} prefetch_lines;

// c[r][j] = (keep ? c[r][j] : 0) + Σ_k a[r][k] · b[k·PANEL + j] for `vectors` vectors of columns. Meanwhile prefetches
// `depth` lines to the second-level cache, to be written or to be read.
INLINE void tile(int layout, int rows, int vectors, const ck_real *a, long stride, const ck_real *b, long depth,
                 ck_real *c, long c_stride, int keep, prefetch_lines prefetch, int written) {
  vr sums[TRANSPOSED_TILE][2];
  for (int r = 0; r < rows; r++)
    for (int j = 0; j < vectors; j++) sums[r][j] = keep ? load(c + r * c_stride + j * LANES, LANES) : (vr){0};
  // Rows each have a pointer that the compiler may not derive anew from the others': its additions would take the
  // places of multiplications.
  const ck_real *row[TRANSPOSED_TILE];
  for (int r = 0; r < rows; r++) {
    row[r] = a + (layout == ROW_MAJOR ? r * stride : r);
    if (layout == ROW_MAJOR) __asm__("" : "+r"(row[r]));
  }
  for (long k = 0; k < depth; k++) {
    vr right[2];
    for (int j = 0; j < vectors; j++) right[j] = load(b + k * PANEL + j * LANES, LANES);
    for (int r = 0; r < rows; r++) {
      vr left = splat(row[r][layout == ROW_MAJOR ? k : k * stride]);
      for (int j = 0; j < vectors; j++) sums[r][j] += left * right[j];
    }
    if (prefetch.first && written) __builtin_prefetch(prefetch.first + k * prefetch.stride, 1, 2);
    else if (prefetch.first) __builtin_prefetch(prefetch.first + k * prefetch.stride, 0, 2);
  }
  for (int r = 0; r < rows; r++)
    for (int j = 0; j < vectors; j++) store(c + r * c_stride + j * LANES, sums[r][j], LANES);
}

#define TILE_OF(R) \
  case R: tile(layout, R, vectors, a, stride, panel, depth, c, c_stride, keep, (prefetch_lines){0}, 0); break;

INLINE void tile_of_rows(int layout, int vectors, int rows, const ck_real *a, long stride, const ck_real *panel,
                         long depth, ck_real *c, long c_stride, int keep) {
  switch (rows) {
    TILE_OF(1) TILE_OF(2) TILE_OF(3) TILE_OF(4) TILE_OF(5) TILE_OF(6)
#if CK_VECTOR_BYTES == 64
    TILE_OF(7) TILE_OF(8) TILE_OF(9) TILE_OF(10) TILE_OF(11) TILE_OF(12)
#endif
  }
}

// A tile of up to TILE rows of a times `vectors` vectors of a panel.
static void tile_of_panel(int vectors, int rows, const ck_real *a, long stride, const ck_real *panel, long depth,
                          ck_real *c, long c_stride) {
  if (vectors == 2) tile_of_rows(ROW_MAJOR, 2, rows, a, stride, panel, depth, c, c_stride, 0);
  else tile_of_rows(ROW_MAJOR, 1, rows, a, stride, panel, depth, c, c_stride, 0);
}

// A whole tile, while lines are prefetched.
static void tile_with_prefetch(const ck_real *a, long stride, const ck_real *panel, long depth, ck_real *c,
                               long c_stride, prefetch_lines prefetch) {
  if (prefetch.written) tile(ROW_MAJOR, TILE, 2, a, stride, panel, depth, c, c_stride, 0, prefetch, 1);
  else tile(ROW_MAJOR, TILE, 2, a, stride, panel, depth, c, c_stride, 0, prefetch, 0);
}

// The same with a transposed: up to TRANSPOSED_TILE rows, added to c where that is kept.
static void transposed_tile(int vectors, int rows, const ck_real *a, long stride, const ck_real *panel, long depth,
                            ck_real *c, long c_stride, int keep) {
  if (vectors == 1) tile_of_rows(TRANSPOSED, 1, rows, a, stride, panel, depth, c, c_stride, keep);
  else if (keep) tile_of_rows(TRANSPOSED, 2, rows, a, stride, panel, depth, c, c_stride, 1);
  else tile_of_rows(TRANSPOSED, 2, rows, a, stride, panel, depth, c, c_stride, 0);
}

static void transposed_tile_with_prefetch(const ck_real *a, long stride, const ck_real *panel, long depth, ck_real *c,
                                          long c_stride, int keep, prefetch_lines prefetch) {
  enum { rows = TRANSPOSED_TILE };
  if (keep && prefetch.written) tile(TRANSPOSED, rows, 2, a, stride, panel, depth, c, c_stride, 1, prefetch, 1);
  else if (keep) tile(TRANSPOSED, rows, 2, a, stride, panel, depth, c, c_stride, 1, prefetch, 0);
  else if (prefetch.written) tile(TRANSPOSED, rows, 2, a, stride, panel, depth, c, c_stride, 0, prefetch, 1);
  else tile(TRANSPOSED, rows, 2, a, stride, panel, depth, c, c_stride, 0, prefetch, 0);
}

INLINE int min_int(long a, long b) { return (int)(a < b ? a : b); }

// Rows of the next tile when so many are left: the last two share what is left, for a tile of one row or two is slow.
INLINE int rows_of_tile(int most, long left) {
  return left > most && left < 2 * most ? (int)(left + 1) / 2 : min_int(most, left);
}

// The next `count` lines to prefetch, if there are more. Of a range with fewer than half as many it takes none.
INLINE prefetch_lines next_prefetch_lines(ck_prefetch *prefetch, long count) {
  for (; prefetch->next < prefetch->count; prefetch->next++) {
    ck_prefetch_range *range = prefetch->ranges + prefetch->next;
    if (range->rows < count / 2) continue;
    prefetch_lines next = {range->from + range->column, range->stride, range->written};
    range->column += LINE;
    if (range->column >= range->width) {
      range->from += count * range->stride;
      range->rows -= count;
      range->column = 0;
    }
    return next;
  }
  return (prefetch_lines){0};
}

static void gemm_panel(const ck_real *a, long a_stride, const ck_real *panel, const ck_real *next_panel, long rows,
                       int depth, ck_real *c, long c_stride, ck_prefetch *prefetch) {
  const ck_real *end = next_panel ? next_panel + (long)depth * PANEL : NULL;
  for (long r = 0, tall; r < rows; r += tall) {
    tall = rows_of_tile(TILE, rows - r);
    prefetch_lines next = {0};
    if (tall == TILE && next_panel < end) {
      next = (prefetch_lines){next_panel, LINE, 0};
      next_panel += (long)depth * LINE;
    } else if (tall == TILE) {
      next = next_prefetch_lines(prefetch, depth);
    }
    if (next.first) tile_with_prefetch(a + r * a_stride, a_stride, panel, depth, c + r * c_stride, c_stride, next);
    else tile_of_panel(2, (int)tall, a + r * a_stride, a_stride, panel, depth, c + r * c_stride, c_stride);
  }
}

// Rows that are read, multiplied by every panel and finished while they lie in the first-level cache.
enum { STRIP = RUN, MOST_COLUMNS = 512 };

// Prefetches what an epilogue will read and write of a tile, so that it is near when the tile has been computed.
INLINE void prefetch_tile(const ck_epilogue *ep, int kind, int rows, long offset, int channels, const ck_real *out) {
  for (int r = 0; r < rows; r++, offset += channels)
    for (int j = 0; j < PANEL; j += LINE) {
      __builtin_prefetch(out + offset + j, 1);
      if (kind & EPILOGUE_ADDS) __builtin_prefetch(ep->addend + offset + j, 0);
      if (kind & EPILOGUE_GATES) __builtin_prefetch(ep->x + offset + j, 0);
    }
}

INLINE void append_prefetch(ck_prefetch *prefetch, const ck_real *from, long numbers, int written) {
  prefetch->ranges[prefetch->count++] = (ck_prefetch_range){from, LINE, LINE, (numbers + LINE - 1) / LINE, 0, written};
}

// All that `rows` rows from `at` will read and write.
INLINE ck_prefetch prefetch_rows(const ck_operand *operand, long operand_at, int depth, const ck_epilogue *ep, int kind,
                                 const ck_real *out, long at, int columns, long rows) {
  ck_prefetch prefetch = {0};
  append_prefetch(&prefetch, operand->x + operand_at * depth, rows * depth, 0);
  if (operand->kind == CK_GRADIENT) append_prefetch(&prefetch, operand->g + operand_at * depth, rows * depth, 0);
  append_prefetch(&prefetch, out + at * columns, rows * columns, 1);
  if (kind & EPILOGUE_ADDS) append_prefetch(&prefetch, ep->addend + at * columns, rows * columns, 0);
  if (kind & EPILOGUE_GATES) append_prefetch(&prefetch, ep->x + at * columns, rows * columns, 0);
  return prefetch;
}

// Rows of a product through the epilogue, `vectors` of them at a time, each of `n` channels: side by side, so that the
// additions of one run's sums wait less for each other.
INLINE void epilogue_strip(const ck_epilogue *ep, int kind, const ck_real *product, int high, long first, int column,
                           int vectors, int n, int columns, ck_real *out, running_sums *sums) {
  vr bias[2];
  coefficients gate[2];
  running_sums own[2];
  for (int v = 0; v < vectors; v++) {
    bias[v] = epilogue_bias(ep, column + v * LANES, n);
    gate[v] = epilogue_gate(ep, column + v * LANES, n);
    own[v] = sums[v];
  }
  for (int r = 0; r < high; r++)
    for (int v = 0; v < vectors; v++) {
      long at = (first + r) * columns + column + v * LANES;
      vr value = load(product + r * PANEL + v * LANES, LANES);
      store(out + at, epilogue_value(ep, kind, value, bias[v], gate[v], at, n, own + v), n);
    }
  for (int v = 0; v < vectors; v++) {
    epilogue_end_run(kind, own + v);
    sums[v] = own[v];
  }
}

// One strip of rows times one panel of `wide` columns, through the epilogue. Meanwhile prefetches the next strip's rows.
INLINE void gemm_strip(const ck_epilogue *ep, int kind, const ck_real *a, long depth, const ck_real *panel, int high,
                       long first, int column, int wide, int columns, ck_real *out, running_sums *sums,
                       ck_prefetch *prefetch) {
  ck_real whole[STRIP * PANEL] __attribute__((aligned(64)));
  int vectors = (wide + LANES - 1) / LANES;
  for (int r = 0, tall; r < high; r += tall) {
    tall = rows_of_tile(TILE, high - r);
    if (wide == PANEL) prefetch_tile(ep, kind, tall, (first + r) * columns + column, columns, out);
    prefetch_lines next = tall == TILE && wide == PANEL ? next_prefetch_lines(prefetch, depth) : (prefetch_lines){0};
    if (next.first) tile_with_prefetch(a + r * depth, depth, panel, depth, whole + r * PANEL, PANEL, next);
    else tile_of_panel(vectors, tall, a + r * depth, depth, panel, depth, whole + r * PANEL, PANEL);
  }
  if (wide == PANEL) {
    epilogue_strip(ep, kind, whole, high, first, column, 2, LANES, columns, out, sums);
  } else {
    for (int v = 0; v < vectors; v++)
      epilogue_strip(ep, kind, whole + v * LANES, high, first, column + v * LANES, 1,
                     min_int(LANES, columns - column - v * LANES), columns, out, sums + v);
  }
}

INLINE void gemm_rows_kind(const ck_epilogue *ep, int kind, const ck_operand *operand, long operand_first,
                           const ck_real *panels, long first, long rows, int depth, int all_columns,
                           ck_real *packed, ck_real *out) {
  for (int left = 0; left < all_columns; left += MOST_COLUMNS) {
    int columns = min_int(MOST_COLUMNS, all_columns - left), number = (columns + PANEL - 1) / PANEL;
    running_sums sums[MOST_COLUMNS / LANES];
    memset(sums, 0, sizeof(running_sums) * 2 * (size_t)number);
    for (long r = 0; r < rows; r += STRIP) {
      int high = min_int(STRIP, rows - r);
      const ck_real *a = operand->x + (operand_first + r) * depth;
      if (operand->kind != CK_PLAIN) {
        load_rows(operand, operand_first + r, high, depth, packed);
        a = packed;
      }
      long next = r + STRIP;
      ck_prefetch prefetch = {0};
      if (next < rows)
        prefetch = prefetch_rows(operand, operand_first + next, depth, ep, kind, out, first + next, all_columns,
                                 min_int(STRIP, rows - next));
      for (int p = 0; p < number; p++) {
        int column = left + p * PANEL;
        gemm_strip(ep, kind, a, depth, panels + (long)(left / PANEL + p) * depth * PANEL, high, first + r, column,
                   min_int(PANEL, all_columns - column), all_columns, out, sums + 2 * p, &prefetch);
      }
    }
    for (int c = 0; c < columns; c += LANES)
      epilogue_finish(ep, kind, sums + c / LANES, all_columns, left + c, min_int(LANES, all_columns - left - c));
  }
}

static void gemm_rows(const ck_operand *operand, long operand_first, const ck_real *panels, long first, long rows,
                      int depth, int columns, const ck_epilogue *ep, ck_real *strip, ck_real *out) {
  WITH_EPILOGUE(ep, gemm_rows_kind(ep, kind, operand, operand_first, panels, first, rows, depth, columns, strip, out));
}

// Rows that are taken together: so many of the left side stay in the first-level cache while every tile of a panel
// passes, and of the right side a panel of them is copied, for rows a power of two apart would fall on few of its sets.
enum { CHUNK = 64 };

INLINE void copy_panel(const ck_real *b, long b_stride, long rows, int wide, ck_real *copy) {
  if (wide == PANEL) {
    for (long r = 0; r < rows; r++)
      for (int j = 0; j < PANEL; j += LANES) store(copy + r * PANEL + j, load(b + r * b_stride + j, LANES), LANES);
  } else {
    memset(copy, 0, (size_t)(rows * PANEL) * sizeof(ck_real));
    for (long r = 0; r < rows; r++) memcpy(copy + r * PANEL, b + r * b_stride, (size_t)wide * sizeof(ck_real));
  }
}

// A transposed tile of which only the first columns are wanted; the panel has zeros beyond them.
static void transposed_tile_of_columns(int rows, int wide, const ck_real *a, long stride, const ck_real *panel,
                                       long depth, ck_real *c, long c_stride, int keep) {
  ck_real whole[TRANSPOSED_TILE * PANEL] __attribute__((aligned(64)));
  if (keep)
    for (int r = 0; r < rows; r++) memcpy(whole + r * PANEL, c + r * c_stride, (size_t)wide * sizeof(ck_real));
  transposed_tile(wide > LANES ? 2 : 1, rows, a, stride, panel, depth, whole, PANEL, keep);
  for (int r = 0; r < rows; r++) memcpy(c + r * c_stride, whole + r * PANEL, (size_t)wide * sizeof(ck_real));
}

static void gemm_transposed(const ck_real *a, long a_stride, const ck_real *b, long b_stride, long rows, int depth,
                            int columns, int keep, ck_real *c, long c_stride, ck_prefetch *prefetch) {
  ck_real panel[CHUNK * PANEL] __attribute__((aligned(64)));
  for (int j = 0; j < columns; j += PANEL) {
    int wide = min_int(PANEL, columns - j);
    for (long first = 0; first < rows; first += CHUNK) {
      long count = min_int(CHUNK, rows - first);
      copy_panel(b + first * b_stride + j, b_stride, count, wide, panel);
      for (int k = 0, tall; k < depth; k += tall) {
        tall = rows_of_tile(TRANSPOSED_TILE, depth - k);
        const ck_real *left = a + first * a_stride + k;
        ck_real *to = c + (long)k * c_stride + j;
        int added = keep || first > 0;
        if (wide < PANEL) {
          transposed_tile_of_columns(tall, wide, left, a_stride, panel, count, to, c_stride, added);
          continue;
        }
        prefetch_lines next = tall == TRANSPOSED_TILE ? next_prefetch_lines(prefetch, count) : (prefetch_lines){0};
        if (next.first) transposed_tile_with_prefetch(left, a_stride, panel, count, to, c_stride, added, next);
        else transposed_tile(2, tall, left, a_stride, panel, count, to, c_stride, added);
      }
    }
  }
}

static void pack_panels(const ck_real *w, long stride, int transpose, int depth, int columns, int first, int count,
                        ck_real *panels, long panel_stride) {
  for (int p = first; p < first + count; p++)
    for (int v = 0, j = p * PANEL; v < PANEL; v += LANES, j += LANES) {
      ck_real *to = panels + p * panel_stride + v;
      int n = min_int(LANES, columns - j);
      if (n <= 0) {
        for (int k = 0; k < depth; k++) store(to + k * PANEL, (vr){0}, LANES);
      } else if (!transpose) {
        for (int k = 0; k < depth; k++) store(to + k * PANEL, load(w + k * stride + j, n), LANES);
      } else {
        for (int k = 0; k < depth; k += LANES) {
          vr transposed[LANES];
          int several = min_int(LANES, depth - k);
          load_transposed(w + j * stride + k, stride, n, several, transposed);
          for (int i = 0; i < several; i++) store(to + (k + i) * PANEL, transposed[i], LANES);
        }
      }
    }
}
