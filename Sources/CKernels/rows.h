// Rows of channels: what a 1×1 convolution reads and writes around its matrix product.

// The coefficients of one vector of channels serve a few rows at a time.
enum { GROUP = 4 };

INLINE void load_rows_kind(const ck_operand *op, int kind, long first, long rows, int channels, ck_real *out) {
  long r = first, end = first + rows;
#define LOAD_ROWS(number, c, n)                                                                   \
  {                                                                                               \
    coefficients k = operand_coefficients(op, kind, c, n);                                        \
    for (int i = 0; i < number; i++)                                                              \
      store(out + i * channels + (c), operand_load(op, kind, k, (r + i) * channels + (c), n), n); \
  }
#define FEW(c, n) LOAD_ROWS(GROUP, c, n)
#define ONE(c, n) LOAD_ROWS(1, c, n)
  for (; r + GROUP <= end; r += GROUP, out += GROUP * channels) FOR_CHANNELS(channels, FEW);
  for (; r < end; r++, out += channels) FOR_CHANNELS(channels, ONE);
#undef ONE
#undef FEW
#undef LOAD_ROWS
}

static void load_rows(const ck_operand *op, long first, long rows, int channels, ck_real *out) {
  WITH_KIND(op, load_rows_kind(op, kind, first, rows, channels, out));
}

static void sum_rows(const ck_real *x, long rows, int channels, ck_real *sums) {
#define BODY(c, n)                                                            \
  {                                                                           \
    vr total = {0};                                                           \
    for (long r = 0; r < rows; r++) total += load(x + r * channels + (c), n); \
    store(sums + (c), total, n);                                              \
  }
  FOR_CHANNELS(channels, BODY);
#undef BODY
}

INLINE void add_rows_kind(const ck_operand *op, int kind, ck_real *to, long first, long rows, int channels) {
  for (long r = first; r < first + rows; r++) {
#define BODY(c, n)                                                                  \
  {                                                                                 \
    long offset = r * channels + (c);                                               \
    vr v = operand_load(op, kind, operand_coefficients(op, kind, c, n), offset, n); \
    store(to + offset, load(to + offset, n) + v, n);                                \
  }
    FOR_CHANNELS(channels, BODY);
#undef BODY
  }
}

static void add_rows(const ck_operand *op, ck_real *to, long first, long rows, int channels) {
  WITH_KIND(op, add_rows_kind(op, kind, to, first, rows, channels));
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

INLINE void accumulate_value(running_sums *s, vr v) {
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
  store(partial + 1 + channels + c, relu(s->all_second - mean * s->all_first), n);
}

INLINE void store_sums(const running_sums *s, ck_real *partial, int channels, int c, int n) {
  if (c == 0) partial[0] = (ck_real)s->count;
  store(partial + 1 + c, s->all_first, n);
  store(partial + 1 + channels + c, s->all_second, n);
}

// What an epilogue does, as constants of the loops that are specialised for it.
enum { EPILOGUE_ADDS = 1, EPILOGUE_GATES = 2, EPILOGUE_GATHERS = 4 };

INLINE int epilogue_kind(const ck_epilogue *ep) {
  return (ep->addend ? EPILOGUE_ADDS : 0) | (ep->x ? EPILOGUE_GATES : ep->partial ? EPILOGUE_GATHERS : 0);
}

// Runs CALL once with `kind` a constant, as WITH_KIND does.
#define EPILOGUE_CASE(KIND, CALL) case KIND: { enum { kind = KIND }; CALL; } break;
#define WITH_EPILOGUE(epilogue, CALL)                     \
  switch (epilogue_kind(epilogue)) {                      \
    EPILOGUE_CASE(0, CALL)                                \
    EPILOGUE_CASE(EPILOGUE_ADDS, CALL)                    \
    EPILOGUE_CASE(EPILOGUE_GATES, CALL)                   \
    EPILOGUE_CASE(EPILOGUE_GATES | EPILOGUE_ADDS, CALL)   \
    EPILOGUE_CASE(EPILOGUE_GATHERS, CALL)                 \
    EPILOGUE_CASE(EPILOGUE_GATHERS | EPILOGUE_ADDS, CALL) \
  }

// The epilogue for one value of one vector of channels; returns what is written.
INLINE vr epilogue_value(const ck_epilogue *ep, int kind, vr v, vr bias, coefficients gate, long offset, int n,
                         running_sums *sums) {
  v += bias;
  if (kind & EPILOGUE_ADDS) v += load(ep->addend + offset, n);
  if (kind & EPILOGUE_GATES) {
    vr x = load(ep->x + offset, n);
    v = relu_gradient(gate.a * x + gate.b, v);
    sums->first += v;
    sums->second += v * (x - gate.d);
    sums->count++;
  } else if (kind & EPILOGUE_GATHERS) {
    accumulate_value(sums, v);
  }
  return v;
}

INLINE coefficients epilogue_gate(const ck_epilogue *ep, int c, int n) {
  coefficients gate = {{0}, {0}, {0}};
  if (ep->x) {
    gate.a = load(ep->scale + c, n);
    gate.b = load(ep->shift + c, n);
    gate.d = load(ep->mean + c, n);
  }
  return gate;
}

INLINE vr epilogue_bias(const ck_epilogue *ep, int c, int n) { return ep->bias ? load(ep->bias + c, n) : (vr){0}; }

INLINE void epilogue_end_run(int kind, running_sums *sums) {
  if (kind & EPILOGUE_GATES) end_run(sums);
  if (kind & EPILOGUE_GATHERS) end_run_of_moments(sums);
}

INLINE void epilogue_finish(const ck_epilogue *ep, int kind, const running_sums *sums, int channels, int c, int n) {
  if (kind & EPILOGUE_GATES) store_sums(sums, ep->partial, channels, c, n);
  if (kind & EPILOGUE_GATHERS) store_moments(sums, ep->partial, channels, c, n);
}

INLINE void apply_epilogue_kind(const ck_epilogue *ep, int kind, ck_real *out, long first, long rows, int channels) {
#define BODY(c, n)                                                                                             \
  {                                                                                                            \
    vr bias = epilogue_bias(ep, c, n);                                                                         \
    coefficients gate = epilogue_gate(ep, c, n);                                                               \
    running_sums sums = {0};                                                                                   \
    for (long run = first; run < first + rows; run += RUN) {                                                   \
      long end = run + RUN < first + rows ? run + RUN : first + rows;                                          \
      for (long r = run; r < end; r++) {                                                                       \
        long offset = r * channels + (c);                                                                      \
        store(out + offset, epilogue_value(ep, kind, load(out + offset, n), bias, gate, offset, n, &sums), n); \
      }                                                                                                        \
      epilogue_end_run(kind, &sums);                                                                           \
    }                                                                                                          \
    epilogue_finish(ep, kind, &sums, channels, c, n);                                                          \
  }
  FOR_CHANNELS(channels, BODY);
#undef BODY
}

static void apply_epilogue(const ck_epilogue *ep, ck_real *out, long first, long rows, int channels) {
  WITH_EPILOGUE(ep, apply_epilogue_kind(ep, kind, out, first, rows, channels));
}

INLINE void im2col_kind(const ck_operand *op, int kind, const ck_map *map, int channels, int kernel, int stride,
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
        memcpy(out, op->x + line, (size_t)kernel * channels * sizeof(ck_real));
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
#define BODY(c, n) store(out + (c), operand_load(op, kind, operand_coefficients(op, kind, c, n), offset + (c), n), n)
        FOR_CHANNELS(channels, BODY);
#undef BODY
      }
    }
  }
}

static void im2col(const ck_operand *op, const ck_map *map, int channels, int kernel, int stride, int padding,
                   long first, long rows, ck_real *out) {
  WITH_KIND(op, im2col_kind(op, kind, map, channels, kernel, stride, padding, first, rows, out));
}
