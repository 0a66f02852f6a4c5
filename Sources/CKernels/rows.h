// Rows of channels: what a 1×1 convolution reads and writes around its matrix product.

// The coefficients of one vector of channels serve a few rows at a time.
enum { PACKED = 4 };

INLINE void pack_rows_kind(const ck_source *s, int kind, long first, long rows, int channels, ck_real *out) {
  long r = first, end = first + rows;
#define PACK(number, c, n)                                                                                       \
  {                                                                                                              \
    coefficients k = source_coefficients(s, kind, c, n);                                                         \
    for (int i = 0; i < number; i++)                                                                             \
      store(out + i * channels + (c), source_load(s, kind, k, (r + i) * channels + (c), n), n);                  \
  }
#define FEW(c, n) PACK(PACKED, c, n)
#define ONE(c, n) PACK(1, c, n)
  for (; r + PACKED <= end; r += PACKED, out += PACKED * channels) FOR_CHANNELS(channels, FEW);
  for (; r < end; r++, out += channels) FOR_CHANNELS(channels, ONE);
#undef ONE
#undef FEW
#undef PACK
}

static void pack_rows(const ck_source *s, long first, long rows, int channels, ck_real *out) {
  WITH_KIND(s, pack_rows_kind(s, kind, first, rows, channels, out));
}

static void sum_rows(const ck_real *x, long rows, int channels, ck_real *sums) {
#define BODY(c, n)                                                                   \
  {                                                                                  \
    vr total = {0};                                                                  \
    for (long r = 0; r < rows; r++) total += load(x + r * channels + (c), n);        \
    store(sums + (c), total, n);                                                     \
  }
  FOR_CHANNELS(channels, BODY);
#undef BODY
}

INLINE void add_rows_kind(const ck_source *s, int kind, ck_real *to, long first, long rows, int channels) {
  for (long r = first; r < first + rows; r++) {
#define BODY(c, n)                                                                                    \
  {                                                                                                   \
    long offset = r * channels + (c);                                                                 \
    vr v = source_load(s, kind, source_coefficients(s, kind, c, n), offset, n);                       \
    store(to + offset, load(to + offset, n) + v, n);                                                  \
  }
    FOR_CHANNELS(channels, BODY);
#undef BODY
  }
}

static void add_rows(const ck_source *s, ck_real *to, long first, long rows, int channels) {
  WITH_KIND(s, add_rows_kind(s, kind, to, first, rows, channels));
}

// Sums of one vector of channels while its values are written, run by short run: a single chain of 512 additions would
// lose the moments a decimal digit. Deviations are taken from the first value and, after the first run, from that run's
// mean (the first value often lies in a corner, where padding makes it unlike the others), so that little cancels.
typedef struct {
  vr origin, first, second;  // the run under way
  vr all_first, all_second;  // the runs before it
  long count, ended;         // values, and how many of them lie in runs that have ended
} running_sums;

enum { RUN = 32 };

INLINE void note_value(running_sums *s, vr v) {
  if (s->count == 0) s->origin = v;
  vr d = v - s->origin;
  s->first += d;
  s->second += d * d;
  s->count++;
}

INLINE void end_run(running_sums *s) {
  s->all_first += s->first;
  s->all_second += s->second;
  s->first = s->second = (vr){0};
  s->ended = s->count;
}

INLINE void end_run_of_moments(running_sums *s) {
  if (s->ended == 0 && s->count > 0) {
    vr count = splat((ck_real)s->count), origin = s->origin + s->first / count;
    vr moved = origin - s->origin, sum = s->first - count * moved;
    s->second -= moved * (s->first + sum);
    s->first = sum;
    s->origin = origin;
  }
  end_run(s);
}

// The last run must have ended.
INLINE void store_moments(const running_sums *s, ck_real *partial, int channels, int c, int n) {
  ck_real count = (ck_real)s->count;
  if (c == 0) partial[0] = count;
  vr mean = s->all_first / splat(count);
  store(partial + 1 + c, s->origin + mean, n);
  store(partial + 1 + channels + c, positive(s->all_second - mean * s->all_first), n);
}

INLINE void store_sums(const running_sums *s, ck_real *partial, int channels, int c, int n) {
  if (c == 0) partial[0] = (ck_real)s->count;
  store(partial + 1 + c, s->all_first, n);
  store(partial + 1 + channels + c, s->all_second, n);
}

// What a sink does, as constants of the loops that are specialised for it.
enum { SINK_ADDS = 1, SINK_GATES = 2, SINK_GATHERS = 4 };

INLINE int sink_kind(const ck_sink *s) {
  return (s->addend ? SINK_ADDS : 0) | (s->x ? SINK_GATES : s->partial ? SINK_GATHERS : 0);
}

// Runs CALL once with `kind` a constant, as WITH_KIND does.
#define SINK_CASE(KIND, CALL) case KIND: { enum { kind = KIND }; CALL; } break;
#define WITH_SINK(sink, CALL)                           \
  switch (sink_kind(sink)) {                            \
    SINK_CASE(0, CALL)                                  \
    SINK_CASE(SINK_ADDS, CALL)                          \
    SINK_CASE(SINK_GATES, CALL)                         \
    SINK_CASE(SINK_GATES | SINK_ADDS, CALL)             \
    SINK_CASE(SINK_GATHERS, CALL)                       \
    SINK_CASE(SINK_GATHERS | SINK_ADDS, CALL)           \
  }

// The sink for one value of one vector of channels; returns what is written.
INLINE vr sink_value(const ck_sink *s, int kind, vr v, vr bias, coefficients gate, long offset, int n,
                     running_sums *sums) {
  v += bias;
  if (kind & SINK_ADDS) v += load(s->addend + offset, n);
  if (kind & SINK_GATES) {
    vr x = load(s->x + offset, n);
    v = where_positive(gate.a * x + gate.b, v);
    sums->first += v;
    sums->second += v * (x - gate.d);
    sums->count++;
  } else if (kind & SINK_GATHERS) {
    note_value(sums, v);
  }
  return v;
}

INLINE coefficients sink_gate(const ck_sink *s, int c, int n) {
  coefficients gate = {{0}, {0}, {0}};
  if (s->x) {
    gate.a = load(s->scale + c, n);
    gate.b = load(s->shift + c, n);
    gate.d = load(s->mean + c, n);
  }
  return gate;
}

INLINE vr sink_bias(const ck_sink *s, int c, int n) { return s->bias ? load(s->bias + c, n) : (vr){0}; }

INLINE void sink_end_run(int kind, running_sums *sums) {
  if (kind & SINK_GATES) end_run(sums);
  if (kind & SINK_GATHERS) end_run_of_moments(sums);
}

INLINE void sink_finish(const ck_sink *s, int kind, const running_sums *sums, int channels, int c, int n) {
  if (kind & SINK_GATES) store_sums(sums, s->partial, channels, c, n);
  if (kind & SINK_GATHERS) store_moments(sums, s->partial, channels, c, n);
}

INLINE void finish_rows_kind(const ck_sink *s, int kind, ck_real *out, long first, long rows, int channels) {
#define BODY(c, n)                                                                                        \
  {                                                                                                       \
    vr bias = sink_bias(s, c, n);                                                                         \
    coefficients gate = sink_gate(s, c, n);                                                               \
    running_sums sums = {0};                                                                              \
    for (long run = first; run < first + rows; run += RUN) {                                              \
      long end = run + RUN < first + rows ? run + RUN : first + rows;                                     \
      for (long r = run; r < end; r++) {                                                                  \
        long offset = r * channels + (c);                                                                 \
        store(out + offset, sink_value(s, kind, load(out + offset, n), bias, gate, offset, n, &sums), n); \
      }                                                                                                   \
      sink_end_run(kind, &sums);                                                                          \
    }                                                                                                     \
    sink_finish(s, kind, &sums, channels, c, n);                                                          \
  }
  FOR_CHANNELS(channels, BODY);
#undef BODY
}

static void finish_rows(const ck_sink *s, ck_real *out, long first, long rows, int channels) {
  WITH_SINK(s, finish_rows_kind(s, kind, out, first, rows, channels));
}

INLINE void im2col_kind(const ck_source *s, int kind, const ck_map *map, int channels, int kernel, int stride,
                        int padding, long first, long rows, ck_real *out) {
  int out_w = (map->w + 2 * padding - kernel) / stride + 1;
  int out_h = (map->h + 2 * padding - kernel) / stride + 1;
  for (long r = first; r < first + rows; r++) {
    int ox = (int)(r % out_w), oy = (int)(r / out_w % out_h), image = (int)(r / out_w / out_h);
    for (int ky = 0; ky < kernel; ky++) {
      int y = oy * stride + ky - padding;
      int left = ox * stride - padding;
      if (kind == CK_PLAIN && y >= 0 && y < map->h && left >= 0 && left + kernel <= map->w) {
        long line = (((long)image * map->h + y) * map->w + left) * channels;
        memcpy(out, s->x + line, (size_t)kernel * channels * sizeof(ck_real));
        out += kernel * channels;
        continue;
      }
      for (int kx = 0; kx < kernel; kx++, out += channels) {
        int x = ox * stride + kx - padding;
        if (y < 0 || y >= map->h || x < 0 || x >= map->w) {
          memset(out, 0, (size_t)channels * sizeof(ck_real));
          continue;
        }
        long offset = (((long)image * map->h + y) * map->w + x) * channels;
#define BODY(c, n) store(out + (c), source_load(s, kind, source_coefficients(s, kind, c, n), offset + (c), n), n)
        FOR_CHANNELS(channels, BODY);
#undef BODY
      }
    }
  }
}

static void im2col(const ck_source *s, const ck_map *map, int channels, int kernel, int stride, int padding,
                   long first, long rows, ck_real *out) {
  WITH_KIND(s, im2col_kind(s, kind, map, channels, kernel, stride, padding, first, rows, out));
}
