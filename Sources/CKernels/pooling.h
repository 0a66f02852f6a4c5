// Halving and doubling of maps. Rows of output are numbered over all images.

INLINE void max_pool_columns(const ck_real *top, const ck_real *bottom, int out_w, int channels, int c, int n,
                             ck_real *out, running_sums *sums) {
  for (int x = 0; x < out_w; x++) {
    const ck_real *t = top + 2L * x * channels + c, *b = bottom + 2L * x * channels + c;
    vr v = load(t, n), other = load(t + channels, n), third = load(b, n), fourth = load(b + channels, n);
    v = pick(other > v, other, v);
    v = pick(third > v, third, v);
    v = pick(fourth > v, fourth, v);
    store(out + (long)x * channels + c, v, n);
    note_value(sums, v);
  }
  end_run_of_moments(sums);
}

static void max_pool(const ck_real *x, const ck_map *in, int channels, long first, long rows, ck_real *out,
                     ck_real *partial) {
  int out_h = in->h / 2, out_w = in->w / 2;
#define BODY(c, n)                                                                                     \
  {                                                                                                    \
    running_sums sums = {0};                                                                           \
    for (long r = first; r < first + rows; r++) {                                                      \
      const ck_real *top = x + (r / out_h * in->h + r % out_h * 2) * in->w * channels;                 \
      max_pool_columns(top, top + (long)in->w * channels, out_w, channels, c, n,                       \
                       out + r * out_w * channels, &sums);                                             \
    }                                                                                                  \
    if (partial) store_moments(&sums, partial, channels, c, n);                                        \
  }
  FOR_CHANNELS(channels, BODY);
#undef BODY
}

static void max_pool_backward(const ck_real *x, const ck_real *dy, const ck_map *in, int channels, long first,
                              long rows, ck_real *dx) {
  int out_h = in->h / 2, out_w = in->w / 2;
#define BODY(c, n)                                                                                     \
  for (long r = first; r < first + rows; r++) {                                                        \
    long top = (r / out_h * in->h + r % out_h * 2) * in->w * channels;                                 \
    for (int o = 0; o < out_w; o++) {                                                                  \
      long at[4];                                                                                      \
      at[0] = top + 2L * o * channels + (c);                                                           \
      at[1] = at[0] + channels;                                                                        \
      at[2] = at[0] + (long)in->w * channels;                                                          \
      at[3] = at[2] + channels;                                                                        \
      vr v[4], best, rest = load(dy + (r * out_w + o) * channels + (c), n);                            \
      for (int i = 0; i < 4; i++) v[i] = load(x + at[i], n);                                           \
      vm left = ~(vm){0};                                                                              \
      best = v[0];                                                                                     \
      for (int i = 1; i < 4; i++) best = pick(v[i] > best, v[i], best);                                    \
      for (int i = 0; i < 4; i++) { /* the first that equals the largest takes all, then none is left */ \
        vm here = (v[i] == best) & left;                                                      \
        left &= ~here;                                                                                 \
        store(dx + at[i], load(dx + at[i], n) + (vr)(here & (vm)rest), n);                                          \
      }                                                                                                \
    }                                                                                                  \
  }
  FOR_CHANNELS(channels, BODY);
#undef BODY
}

static void upsample_add(const ck_real *up, const ck_real *low, const ck_map *out_map, int channels, long first,
                         long rows, ck_real *out, ck_real *partial) {
  int w = out_map->w, h = out_map->h;
#define BODY(c, n)                                                                                     \
  {                                                                                                    \
    running_sums sums = {0};                                                                           \
    for (long r = first; r < first + rows; r++) {                                                      \
      const ck_real *from = low + (r / h * (h / 2) + r % h / 2) * (w / 2) * channels + (c);            \
      for (int o = 0; o < w; o++) {                                                                    \
        long offset = (r * w + o) * channels + (c);                                                    \
        vr v = load(up + offset, n) + load(from + (long)(o / 2) * channels, n);                        \
        store(out + offset, v, n);                                                                     \
        note_value(&sums, v);                                                                          \
      }                                                                                                \
      end_run_of_moments(&sums);                                                                       \
    }                                                                                                  \
    if (partial) store_moments(&sums, partial, channels, c, n);                                        \
  }
  FOR_CHANNELS(channels, BODY);
#undef BODY
}

static void downsample_sum(const ck_real *dy, const ck_map *out_map, int channels, long first, long rows,
                           ck_real *dlow) {
  int w = out_map->w, h = out_map->h;
#define BODY(c, n)                                                                                     \
  for (long r = first; r < first + rows; r++) {                                                        \
    const ck_real *top = dy + (r / (h / 2) * h + r % (h / 2) * 2) * w * channels + (c);                \
    const ck_real *bottom = top + (long)w * channels;                                                  \
    for (int o = 0; o < w / 2; o++) {                                                                  \
      long at = 2L * o * channels;                                                                     \
      vr v = (load(top + at, n) + load(top + at + channels, n)) +                                      \
             (load(bottom + at, n) + load(bottom + at + channels, n));                                 \
      store(dlow + (r * (w / 2) + o) * channels + (c), v, n);                                          \
    }                                                                                                  \
  }
  FOR_CHANNELS(channels, BODY);
#undef BODY
}
