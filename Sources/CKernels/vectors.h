// Long vectors: sums, update rules, losses.

static void sum_parts(const ck_real *parts, long count, long stride, int number, ck_real scale, int keep,
                      ck_real *to) {
#define BODY(i, n)                                                         \
  {                                                                        \
    vr total = load(parts + (i), n);                                       \
    for (int k = 1; k < number; k++) total += load(parts + k * stride + (i), n); \
    store(to + (i), (keep ? load(to + (i), n) : (vr){0}) + splat(scale) * total, n); \
  }
  FOR_CHANNELS(count, BODY);
#undef BODY
}

static void add(const ck_real *from, long count, ck_real *to) {
#define BODY(i, n) store(to + (i), load(to + (i), n) + load(from + (i), n), n)
  FOR_CHANNELS(count, BODY);
#undef BODY
}

// Eight chains, so that additions overlap; their order is fixed.
static double sum_of_squares(const ck_real *x, long count) {
  double chains[8] = {0}, total = 0;
  long i = 0;
  for (; i + 8 <= count; i += 8)
    for (int k = 0; k < 8; k++) chains[k] += (double)x[i + k] * (double)x[i + k];
  for (; i < count; i++) total += (double)x[i] * (double)x[i];
  for (int k = 0; k < 8; k++) total += chains[k];
  return total;
}

INLINE vr root(vr x) { return __builtin_elementwise_sqrt(x); }

static void rmsprop(ck_real *p, ck_real *s, const ck_real *g, long count, double clip, double lr, double alpha,
                    double epsilon) {
  vr scale = splat((ck_real)clip), rate = splat((ck_real)lr), keep = splat((ck_real)alpha),
     take = splat((ck_real)(1 - alpha)), small = splat((ck_real)epsilon);
#define BODY(i, n)                                                              \
  {                                                                             \
    vr gradient = scale * load(g + (i), n);                                     \
    vr average = keep * load(s + (i), n) + take * (gradient * gradient);        \
    store(s + (i), average, n);                                                 \
    store(p + (i), load(p + (i), n) - rate * (gradient / (root(average) + small)), n); \
  }
  FOR_CHANNELS(count, BODY);
#undef BODY
}

static void adam(ck_real *p, ck_real *m, ck_real *v, const ck_real *g, long count, double clip, double lr_hat,
                 double correction, double beta1, double beta2, double epsilon) {
  vr scale = splat((ck_real)clip), rate = splat((ck_real)lr_hat), keep1 = splat((ck_real)beta1),
     take1 = splat((ck_real)(1 - beta1)), keep2 = splat((ck_real)beta2), take2 = splat((ck_real)(1 - beta2)),
     small = splat((ck_real)epsilon), divisor = splat((ck_real)correction);
#define BODY(i, n)                                                              \
  {                                                                             \
    vr gradient = scale * load(g + (i), n);                                     \
    vr first = keep1 * load(m + (i), n) + take1 * gradient;                     \
    vr second = keep2 * load(v + (i), n) + take2 * (gradient * gradient);       \
    store(m + (i), first, n);                                                   \
    store(v + (i), second, n);                                                  \
    store(p + (i), load(p + (i), n) - rate * (first / (root(second) / divisor + small)), n); \
  }
  FOR_CHANNELS(count, BODY);
#undef BODY
}

static double squared_error(const ck_real *a, const ck_real *b, const ck_real *mask, long rows, int channels,
                            ck_real scale, int keep, ck_real *gradient) {
  double total = 0;
#define BODY(c, n)                                                                              \
  {                                                                                             \
    vr gate = load(mask + (c), n), weight = gate * splat(scale);                                \
    double sums[LANES] = {0};                                                                   \
    for (long r = 0; r < rows; r++) {                                                           \
      long offset = r * channels + (c);                                                         \
      vr difference = load(a + offset, n) - load(b + offset, n);                                \
      vr square = gate * (difference * difference);                                             \
      for (int i = 0; i < LANES; i++) sums[i] += (double)square[i];                             \
      if (gradient)                                                                             \
        store(gradient + offset, (keep ? load(gradient + offset, n) : (vr){0}) + weight * difference, n); \
    }                                                                                           \
    for (int i = 0; i < (n); i++) total += sums[i];                                             \
  }
  FOR_CHANNELS(channels, BODY);
#undef BODY
  return total;
}

// Chains of their own, so that none waits for another; the numbers stay as they are.
static double multiply_and_add(long rounds, ck_real *result) {
  enum { CHAINS = 12 };  // with the two factors no more than sixteen registers hold
  vr sums[CHAINS], factor = splat(result[0]), term = splat(result[1]);
  for (int k = 0; k < CHAINS; k++) sums[k] = splat((ck_real)k);
  for (long r = 0; r < rounds; r++)
#pragma clang loop unroll(full)
    for (int k = 0; k < CHAINS; k++) sums[k] = sums[k] * factor + term;
  vr total = {0};
  for (int k = 0; k < CHAINS; k++) total += sums[k];
  result[0] = total[0];
  return (double)rounds * CHAINS * LANES;
}
