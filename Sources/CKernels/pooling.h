// 2×2 max pooling and ×2 upsampling. Rows of output are numbered over all images. All channels of a pixel are done before
// the next pixel, so that memory is passed once, in order.

// Calls BODY(c, n, sums) for every vector of channels in `left`..`right`, with its running sums.
#define FOR_SUMMED_CHANNELS(left, right, all, BODY)                       \
  do {                                                                    \
    running_sums *s_ = (all);                                             \
    int c_ = (left);                                                      \
    for (; c_ + LANES <= (right); c_ += LANES, s_++) BODY(c_, LANES, s_); \
    if (c_ < (right)) BODY(c_, (right)-c_, s_);                           \
  } while (0)

#define END_RUN(c, n, sums) end_run_of_moments(sums)
#define STORE_MOMENTS(c, n, sums) store_moments(sums, partial, channels, c, n)

static void max_pool_2x2(const ck_real *x, const ck_map *in, int channels, long first, long rows, ck_real *out,
                         ck_real *partial) {
  int out_h = in->h / 2, out_w = in->w / 2;
  for (int left = 0; left < channels; left += MOST_COLUMNS) {
    int right = min_int(left + MOST_COLUMNS, channels);
    running_sums all[MOST_COLUMNS / LANES];
    memset(all, 0, sizeof all);
    for (long r = first; r < first + rows; r++) {
      const ck_real *top = x + (r / out_h * in->h + r % out_h * 2) * in->w * channels;
      for (int o = 0; o < out_w; o++) {
        const ck_real *t = top + 2L * o * channels, *b = t + (long)in->w * channels;
        ck_real *to = out + (r * out_w + o) * channels;
#define BODY(c, n, sums)                                               \
  {                                                                    \
    vr v = load(t + (c), n), other = load(t + channels + (c), n);      \
    vr third = load(b + (c), n), fourth = load(b + channels + (c), n); \
    v = select_lanes(other > v, other, v);                             \
    v = select_lanes(third > v, third, v);                             \
    v = select_lanes(fourth > v, fourth, v);                           \
    store(to + (c), v, n);                                             \
    accumulate_value(sums, v);                                         \
  }
        FOR_SUMMED_CHANNELS(left, right, all, BODY);
#undef BODY
      }
      FOR_SUMMED_CHANNELS(left, right, all, END_RUN);
    }
    if (partial) FOR_SUMMED_CHANNELS(left, right, all, STORE_MOMENTS);
  }
}

static void max_pool_2x2_backward(const ck_real *x, const ck_real *dy, const ck_map *in, int channels, long first,
                                  long rows, ck_real *dx) {
  int out_h = in->h / 2, out_w = in->w / 2;
  for (long r = first; r < first + rows; r++) {
    long top = (r / out_h * in->h + r % out_h * 2) * in->w * channels;
    for (int o = 0; o < out_w; o++) {
#define BODY(c, n)                                                                                     \
  {                                                                                                    \
    long at[4];                                                                                        \
    at[0] = top + 2L * o * channels + (c);                                                             \
    at[1] = at[0] + channels;                                                                          \
    at[2] = at[0] + (long)in->w * channels;                                                            \
    at[3] = at[2] + channels;                                                                          \
    vr v[4], best, rest = load(dy + (r * out_w + o) * channels + (c), n);                              \
    for (int i = 0; i < 4; i++) v[i] = load(x + at[i], n);                                             \
    vm left = ~(vm){0};                                                                                \
    best = v[0];                                                                                       \
    for (int i = 1; i < 4; i++) best = select_lanes(v[i] > best, v[i], best);                          \
    for (int i = 0; i < 4; i++) { /* the first that equals the largest takes all, then none is left */ \
      vm here = (v[i] == best) & left;                                                                 \
      left &= ~here;                                                                                   \
      store(dx + at[i], load(dx + at[i], n) + (vr)(here & (vm)rest), n);                               \
    }                                                                                                  \
  }
      FOR_CHANNELS(channels, BODY);
#undef BODY
    }
  }
}

static void upsample_2x_add(const ck_real *up, const ck_real *low, const ck_map *out_map, int channels, long first,
                            long rows, ck_real *out, ck_real *partial) {
  int w = out_map->w, h = out_map->h;
  for (int left = 0; left < channels; left += MOST_COLUMNS) {
    int right = min_int(left + MOST_COLUMNS, channels);
    running_sums all[MOST_COLUMNS / LANES];
    memset(all, 0, sizeof all);
    for (long r = first; r < first + rows; r++) {
      const ck_real *from = low + (r / h * (h / 2) + r % h / 2) * (w / 2) * channels;
      for (int o = 0; o < w; o++) {
        long offset = (r * w + o) * channels, other = (long)(o / 2) * channels;
#define BODY(c, n, sums)                                             \
  {                                                                  \
    vr v = load(up + offset + (c), n) + load(from + other + (c), n); \
    store(out + offset + (c), v, n);                                 \
    accumulate_value(sums, v);                                       \
  }
        FOR_SUMMED_CHANNELS(left, right, all, BODY);
#undef BODY
      }
      FOR_SUMMED_CHANNELS(left, right, all, END_RUN);
    }
    if (partial) FOR_SUMMED_CHANNELS(left, right, all, STORE_MOMENTS);
  }
}

static void upsample_2x_backward(const ck_real *dy, const ck_map *out_map, int channels, long first, long rows,
                                 ck_real *dlow) {
  int w = out_map->w, h = out_map->h;
  for (long r = first; r < first + rows; r++) {
    const ck_real *top = dy + (r / (h / 2) * h + r % (h / 2) * 2) * w * channels;
    const ck_real *bottom = top + (long)w * channels;
    for (int o = 0; o < w / 2; o++) {
      long at = 2L * o * channels;
      ck_real *to = dlow + (r * (w / 2) + o) * channels;
#define BODY(c, n)                                                                \
  store(to + (c),                                                                 \
        (load(top + at + (c), n) + load(top + at + channels + (c), n)) +          \
            (load(bottom + at + (c), n) + load(bottom + at + channels + (c), n)), \
        n)
      FOR_CHANNELS(channels, BODY);
#undef BODY
    }
  }
}

#undef STORE_MOMENTS
#undef END_RUN
#undef FOR_SUMMED_CHANNELS
