// Products of matrices. TILE rows by PANEL columns of the result stay in registers while the sum runs, in one chain per
// number from first to last: neither the level's vectors nor the cut into tiles changes a bit where the CPU has FMA.

// Of two vectors across, eight rows take half of AVX-512's 32 registers and twelve three quarters, six take twelve of the
// others' 16. Turned, the rows of a tile need one pointer and can be more.
enum {
  TILE = CK_VECTOR_BYTES == 64 ? 8 : 6,
  TURNED_TILE = CK_VECTOR_BYTES == 64 ? 12 : 6,
  PANEL = 2 * LANES,
  LINE = 64 / (int)sizeof(ck_real)
};

// How the left side of a product lies: row by row of the result, a[r·stride + k], or turned, a[k·stride + r].
enum { BY_ROWS, TURNED };

// Lines of memory, `step` numbers from one to the next.
typedef struct {
  const ck_real *first;  // NULL: none
  long step;
  int written;  // whether they are going to be written
} lines;

// c[r][j] = (keep ? c[r][j] : 0) + Σ_k a[r][k] · b[k·PANEL + j] for `vectors` vectors of columns. Meanwhile `depth` lines
// are brought to the second-level cache, to be written or to be read.
INLINE void tile(int lie, int rows, int vectors, const ck_real *a, long stride, const ck_real *b, long depth,
                 ck_real *c, long c_row, int keep, lines coming, int written) {
  vr sums[TURNED_TILE][2];
  for (int r = 0; r < rows; r++)
    for (int j = 0; j < vectors; j++) sums[r][j] = keep ? load(c + r * c_row + j * LANES, LANES) : (vr){0};
  // Rows each have a pointer that the compiler may not derive anew from the others': its additions would take the
  // places of multiplications.
  const ck_real *row[TURNED_TILE];
  for (int r = 0; r < rows; r++) {
    row[r] = a + (lie == BY_ROWS ? r * stride : r);
    if (lie == BY_ROWS) __asm__("" : "+r"(row[r]));
  }
  for (long k = 0; k < depth; k++) {
    vr right[2];
    for (int j = 0; j < vectors; j++) right[j] = load(b + k * PANEL + j * LANES, LANES);
    for (int r = 0; r < rows; r++) {
      vr left = splat(row[r][lie == BY_ROWS ? k : k * stride]);
      for (int j = 0; j < vectors; j++) sums[r][j] += left * right[j];
    }
    if (coming.first && written) __builtin_prefetch(coming.first + k * coming.step, 1, 2);
    else if (coming.first) __builtin_prefetch(coming.first + k * coming.step, 0, 2);
  }
  for (int r = 0; r < rows; r++)
    for (int j = 0; j < vectors; j++) store(c + r * c_row + j * LANES, sums[r][j], LANES);
}

#define TILE_OF(R) \
  case R: tile(lie, R, vectors, a, stride, panel, depth, c, c_row, keep, (lines){0}, 0); break;

INLINE void tile_of_rows(int lie, int vectors, int rows, const ck_real *a, long stride, const ck_real *panel, long depth,
                         ck_real *c, long c_row, int keep) {
  switch (rows) {
    TILE_OF(1) TILE_OF(2) TILE_OF(3) TILE_OF(4) TILE_OF(5) TILE_OF(6)
#if CK_VECTOR_BYTES == 64
    TILE_OF(7) TILE_OF(8) TILE_OF(9) TILE_OF(10) TILE_OF(11) TILE_OF(12)
#endif
  }
}

// A tile of up to TILE rows of a times `vectors` vectors of a panel.
static void tile_of_panel(int vectors, int rows, const ck_real *a, long stride, const ck_real *panel, long depth,
                          ck_real *c, long c_row) {
  if (vectors == 2) tile_of_rows(BY_ROWS, 2, rows, a, stride, panel, depth, c, c_row, 0);
  else tile_of_rows(BY_ROWS, 1, rows, a, stride, panel, depth, c, c_row, 0);
}

// A whole tile, while lines are on their way.
static void tile_while_coming(const ck_real *a, long stride, const ck_real *panel, long depth, ck_real *c, long c_row,
                              lines coming) {
  if (coming.written) tile(BY_ROWS, TILE, 2, a, stride, panel, depth, c, c_row, 0, coming, 1);
  else tile(BY_ROWS, TILE, 2, a, stride, panel, depth, c, c_row, 0, coming, 0);
}

// The same with a turned: up to TURNED_TILE rows, added to c where that is kept.
static void turned_tile(int vectors, int rows, const ck_real *a, long stride, const ck_real *panel, long depth,
                        ck_real *c, long c_row, int keep) {
  if (vectors == 1) tile_of_rows(TURNED, 1, rows, a, stride, panel, depth, c, c_row, keep);
  else if (keep) tile_of_rows(TURNED, 2, rows, a, stride, panel, depth, c, c_row, 1);
  else tile_of_rows(TURNED, 2, rows, a, stride, panel, depth, c, c_row, 0);
}

static void turned_tile_while_coming(const ck_real *a, long stride, const ck_real *panel, long depth, ck_real *c,
                                     long c_row, int keep, lines coming) {
  if (keep && coming.written) tile(TURNED, TURNED_TILE, 2, a, stride, panel, depth, c, c_row, 1, coming, 1);
  else if (keep) tile(TURNED, TURNED_TILE, 2, a, stride, panel, depth, c, c_row, 1, coming, 0);
  else if (coming.written) tile(TURNED, TURNED_TILE, 2, a, stride, panel, depth, c, c_row, 0, coming, 1);
  else tile(TURNED, TURNED_TILE, 2, a, stride, panel, depth, c, c_row, 0, coming, 0);
}

INLINE int least(long a, long b) { return (int)(a < b ? a : b); }

// Rows of the next tile when so many are left: the last two share what is left, for a tile of one row or two is slow.
INLINE int rows_of_tile(int most, long left) {
  return left > most && left < 2 * most ? (int)(left + 1) / 2 : least(most, left);
}

// The next `count` lines of what is coming, if there are more. Of fewer than half as many it takes none.
INLINE lines next_lines(ck_coming *coming, long count) {
  for (; coming->next < coming->number; coming->next++) {
    ck_range *range = coming->ranges + coming->next;
    if (range->rows < count / 2) continue;
    lines next = {range->from + range->column, range->stride, range->written};
    range->column += LINE;
    if (range->column >= range->width) {
      range->from += count * range->stride;
      range->rows -= count;
      range->column = 0;
    }
    return next;
  }
  return (lines){0};
}

static void multiply(const ck_real *a, long a_row, const ck_real *panel, const ck_real *next_panel, long rows,
                     int depth, ck_real *c, long c_row, ck_coming *coming) {
  const ck_real *end = next_panel ? next_panel + (long)depth * PANEL : NULL;
  for (long r = 0, tall; r < rows; r += tall) {
    tall = rows_of_tile(TILE, rows - r);
    lines next = {0};
    if (tall == TILE && next_panel < end) {
      next = (lines){next_panel, LINE, 0};
      next_panel += (long)depth * LINE;
    } else if (tall == TILE) {
      next = next_lines(coming, depth);
    }
    if (next.first) tile_while_coming(a + r * a_row, a_row, panel, depth, c + r * c_row, c_row, next);
    else tile_of_panel(2, (int)tall, a + r * a_row, a_row, panel, depth, c + r * c_row, c_row);
  }
}

// Rows that are read, multiplied by every panel and finished while they lie in the first-level cache.
enum { STRIP = RUN, MOST_COLUMNS = 512 };

// Asks for what a sink will read and write of a tile, so that it is near when the tile has been computed.
INLINE void expect_tile(const ck_sink *s, int kind, int rows, long offset, int channels, const ck_real *out) {
  for (int r = 0; r < rows; r++, offset += channels)
    for (int j = 0; j < PANEL; j += LINE) {
      __builtin_prefetch(out + offset + j, 1);
      if (kind & SINK_ADDS) __builtin_prefetch(s->addend + offset + j, 0);
      if (kind & SINK_GATES) __builtin_prefetch(s->x + offset + j, 0);
    }
}

INLINE void bring(ck_coming *coming, const ck_real *from, long numbers, int written) {
  coming->ranges[coming->number++] = (ck_range){from, LINE, LINE, (numbers + LINE - 1) / LINE, 0, written};
}

// All that `rows` rows from `at` will read and write.
INLINE ck_coming coming_rows(const ck_source *source, long source_at, int depth, const ck_sink *s, int kind,
                             const ck_real *out, long at, int columns, long rows) {
  ck_coming coming = {0};
  bring(&coming, source->x + source_at * depth, rows * depth, 0);
  if (source->kind == CK_GRADIENT) bring(&coming, source->g + source_at * depth, rows * depth, 0);
  bring(&coming, out + at * columns, rows * columns, 1);
  if (kind & SINK_ADDS) bring(&coming, s->addend + at * columns, rows * columns, 0);
  if (kind & SINK_GATES) bring(&coming, s->x + at * columns, rows * columns, 0);
  return coming;
}

// Rows of a product through the sink, `vectors` of them at a time, each of `n` channels: side by side, so that the
// additions of one run's sums wait less for each other.
INLINE void finish_strip(const ck_sink *s, int kind, const ck_real *product, int high, long first, int column,
                         int vectors, int n, int columns, ck_real *out, running_sums *sums) {
  vr bias[2];
  coefficients gate[2];
  running_sums own[2];
  for (int v = 0; v < vectors; v++) {
    bias[v] = sink_bias(s, column + v * LANES, n);
    gate[v] = sink_gate(s, column + v * LANES, n);
    own[v] = sums[v];
  }
  for (int r = 0; r < high; r++)
    for (int v = 0; v < vectors; v++) {
      long at = (first + r) * columns + column + v * LANES;
      vr value = load(product + r * PANEL + v * LANES, LANES);
      store(out + at, sink_value(s, kind, value, bias[v], gate[v], at, n, own + v), n);
    }
  for (int v = 0; v < vectors; v++) {
    sink_end_run(kind, own + v);
    sums[v] = own[v];
  }
}

// One strip of rows times one panel of `wide` columns, through the sink, while the next strip's rows are on their way.
INLINE void multiply_strip(const ck_sink *s, int kind, const ck_real *a, long depth, const ck_real *panel, int high,
                           long first, int column, int wide, int columns, ck_real *out, running_sums *sums,
                           ck_coming *coming) {
  ck_real whole[STRIP * PANEL] __attribute__((aligned(64)));
  int vectors = (wide + LANES - 1) / LANES;
  for (int r = 0, tall; r < high; r += tall) {
    tall = rows_of_tile(TILE, high - r);
    if (wide == PANEL) expect_tile(s, kind, tall, (first + r) * columns + column, columns, out);
    lines next = tall == TILE && wide == PANEL ? next_lines(coming, depth) : (lines){0};
    if (next.first) tile_while_coming(a + r * depth, depth, panel, depth, whole + r * PANEL, PANEL, next);
    else tile_of_panel(vectors, tall, a + r * depth, depth, panel, depth, whole + r * PANEL, PANEL);
  }
  if (wide == PANEL) {
    finish_strip(s, kind, whole, high, first, column, 2, LANES, columns, out, sums);
  } else {
    for (int v = 0; v < vectors; v++)
      finish_strip(s, kind, whole + v * LANES, high, first, column + v * LANES, 1,
                   least(LANES, columns - column - v * LANES), columns, out, sums + v);
  }
}

INLINE void multiply_rows_kind(const ck_sink *s, int kind, const ck_source *source, long source_first,
                               const ck_real *panels, long first, long rows, int depth, int all_columns,
                               ck_real *packed, ck_real *out) {
  for (int left = 0; left < all_columns; left += MOST_COLUMNS) {
    int columns = least(MOST_COLUMNS, all_columns - left), number = (columns + PANEL - 1) / PANEL;
    running_sums sums[MOST_COLUMNS / LANES];
    memset(sums, 0, sizeof(running_sums) * 2 * (size_t)number);
    for (long r = 0; r < rows; r += STRIP) {
      int high = least(STRIP, rows - r);
      const ck_real *a = source->x + (source_first + r) * depth;
      if (source->kind != CK_PLAIN) {
        pack_rows(source, source_first + r, high, depth, packed);
        a = packed;
      }
      long next = r + STRIP;
      ck_coming coming = {0};
      if (next < rows)
        coming = coming_rows(source, source_first + next, depth, s, kind, out, first + next, all_columns,
                             least(STRIP, rows - next));
      for (int p = 0; p < number; p++) {
        int column = left + p * PANEL;
        multiply_strip(s, kind, a, depth, panels + (long)(left / PANEL + p) * depth * PANEL, high, first + r, column,
                       least(PANEL, all_columns - column), all_columns, out, sums + 2 * p, &coming);
      }
    }
    for (int c = 0; c < columns; c += LANES)
      sink_finish(s, kind, sums + c / LANES, all_columns, left + c, least(LANES, all_columns - left - c));
  }
}

static void multiply_rows(const ck_source *source, long source_first, const ck_real *panels, long first, long rows,
                          int depth, int columns, const ck_sink *s, ck_real *strip, ck_real *out) {
  WITH_SINK(s, multiply_rows_kind(s, kind, source, source_first, panels, first, rows, depth, columns, strip, out));
}

// Rows that are taken together: so many of the left side stay in the first-level cache while every tile of a panel
// passes, and of the right side a panel of them is copied, for rows a power of two apart would fall on few of its sets.
enum { CHUNK = 64 };

INLINE void copy_panel(const ck_real *b, long b_row, long rows, int wide, ck_real *copy) {
  if (wide == PANEL) {
    for (long r = 0; r < rows; r++)
      for (int j = 0; j < PANEL; j += LANES) store(copy + r * PANEL + j, load(b + r * b_row + j, LANES), LANES);
  } else {
    memset(copy, 0, (size_t)(rows * PANEL) * sizeof(ck_real));
    for (long r = 0; r < rows; r++) memcpy(copy + r * PANEL, b + r * b_row, (size_t)wide * sizeof(ck_real));
  }
}

// A turned tile of which only the first columns are wanted; the panel has zeros beyond them.
static void turned_tile_of_columns(int rows, int wide, const ck_real *a, long stride, const ck_real *panel, long depth,
                                   ck_real *c, long c_row, int keep) {
  ck_real whole[TURNED_TILE * PANEL] __attribute__((aligned(64)));
  if (keep)
    for (int r = 0; r < rows; r++) memcpy(whole + r * PANEL, c + r * c_row, (size_t)wide * sizeof(ck_real));
  turned_tile(wide > LANES ? 2 : 1, rows, a, stride, panel, depth, whole, PANEL, keep);
  for (int r = 0; r < rows; r++) memcpy(c + r * c_row, whole + r * PANEL, (size_t)wide * sizeof(ck_real));
}

static void multiply_transposed(const ck_real *a, long a_row, const ck_real *b, long b_row, long rows, int depth,
                                int columns, int keep, ck_real *c, long c_row, ck_coming *coming) {
  ck_real panel[CHUNK * PANEL] __attribute__((aligned(64)));
  for (int j = 0; j < columns; j += PANEL) {
    int wide = least(PANEL, columns - j);
    for (long first = 0; first < rows; first += CHUNK) {
      long count = least(CHUNK, rows - first);
      copy_panel(b + first * b_row + j, b_row, count, wide, panel);
      for (int k = 0, tall; k < depth; k += tall) {
        tall = rows_of_tile(TURNED_TILE, depth - k);
        const ck_real *left = a + first * a_row + k;
        ck_real *to = c + (long)k * c_row + j;
        int added = keep || first > 0;
        if (wide < PANEL) {
          turned_tile_of_columns(tall, wide, left, a_row, panel, count, to, c_row, added);
          continue;
        }
        lines next = tall == TURNED_TILE ? next_lines(coming, count) : (lines){0};
        if (next.first) turned_tile_while_coming(left, a_row, panel, count, to, c_row, added, next);
        else turned_tile(2, tall, left, a_row, panel, count, to, c_row, added);
      }
    }
  }
}

static void pack_panels(const ck_real *w, long stride, int turn, int depth, int columns, int first, int count,
                        ck_real *panels, long panel_size) {
  for (int p = first; p < first + count; p++)
    for (int v = 0, j = p * PANEL; v < PANEL; v += LANES, j += LANES) {
      ck_real *to = panels + p * panel_size + v;
      int n = least(LANES, columns - j);
      if (n <= 0) {
        for (int k = 0; k < depth; k++) store(to + k * PANEL, (vr){0}, LANES);
      } else if (!turn) {
        for (int k = 0; k < depth; k++) store(to + k * PANEL, load(w + k * stride + j, n), LANES);
      } else {
        for (int k = 0; k < depth; k += LANES) {
          vr turned[LANES];
          int several = least(LANES, depth - k);
          load_turned(w + j * stride + k, stride, n, several, turned);
          for (int i = 0; i < several; i++) store(to + (k + i) * PANEL, turned[i], LANES);
        }
      }
    }
}
