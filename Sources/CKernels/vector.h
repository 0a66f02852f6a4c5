// Vectors of CK_VECTOR_BYTES and their loads and stores, for the level being compiled.
// `n` is the number of channels wanted: LANES, known when compiled, for all but the last few channels.

#define LANES ((int)(CK_VECTOR_BYTES / sizeof(ck_real)))
#define INLINE static inline __attribute__((always_inline))

typedef ck_real vr __attribute__((vector_size(CK_VECTOR_BYTES)));
#ifdef EQUIPOISE_DOUBLE
typedef int64_t mask_lane;
#else
typedef int32_t mask_lane;
#endif
typedef mask_lane vm __attribute__((vector_size(CK_VECTOR_BYTES)));
typedef vr vr_unaligned __attribute__((aligned(sizeof(ck_real)), may_alias));

INLINE vr load(const ck_real *p, int n) {
  if (n == LANES) return *(const vr_unaligned *)p;
  vr v = {0};
  for (int i = 0; i < n; i++) v[i] = p[i];
  return v;
}

INLINE void store(ck_real *p, vr v, int n) {
  if (n == LANES) {
    *(vr_unaligned *)p = v;
  } else {
    for (int i = 0; i < n; i++) p[i] = v[i];
  }
}

INLINE vr splat(ck_real x) { return x - (vr){0}; }
INLINE vr select_lanes(vm mask, vr yes, vr no) { return (vr)((mask & (vm)yes) | (~mask & (vm)no)); }
// max(0, x), but what is not a number stays so.
INLINE vr relu(vr x) { return (vr)(~(x < (vr){0}) & (vm)x); }
INLINE vr relu_gradient(vr gate, vr x) { return (vr)((gate > (vr){0}) & (vm)x); }

// The lower and the upper halves of two vectors, their numbers in turn.
#ifdef EQUIPOISE_DOUBLE
#define NUMBERS (CK_VECTOR_BYTES / 8)
#else
#define NUMBERS (CK_VECTOR_BYTES / 4)
#endif
#if NUMBERS == 16
#define LOWER 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define UPPER 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif NUMBERS == 8
#define LOWER 0, 8, 1, 9, 2, 10, 3, 11
#define UPPER 4, 12, 5, 13, 6, 14, 7, 15
#elif NUMBERS == 4
#define LOWER 0, 4, 1, 5
#define UPPER 2, 6, 3, 7
#else
#define LOWER 0, 2
#define UPPER 1, 3
#endif

// columns[k][i] = rows[i·stride + k] for k < `wide` and i < `high`, zero for other i: a square of a matrix transposed
// by shuffling its upper and lower halves into each other, as often as the number of lanes is halved.
INLINE void load_transposed(const ck_real *rows, long stride, int high, int wide, vr *columns) {
  vr now[LANES], next[LANES];
  for (int i = 0; i < LANES; i++) now[i] = i < high ? load(rows + i * stride, wide) : (vr){0};
  for (int left = LANES; left > 1; left /= 2) {
    for (int i = 0; i < LANES / 2; i++) {
      next[2 * i] = __builtin_shufflevector(now[i], now[i + LANES / 2], LOWER);
      next[2 * i + 1] = __builtin_shufflevector(now[i], now[i + LANES / 2], UPPER);
    }
    for (int i = 0; i < LANES; i++) now[i] = next[i];
  }
  for (int k = 0; k < LANES; k++) columns[k] = now[k];
}
#undef NUMBERS
#undef LOWER
#undef UPPER

// Coefficients of an operand for one vector of channels.
typedef struct {
  vr a, b, d;
} coefficients;

INLINE coefficients operand_coefficients(const ck_operand *op, int kind, int c, int n) {
  coefficients k = {{0}, {0}, {0}};
  if (kind != CK_PLAIN) {
    k.a = load(op->a + c, n);
    k.b = load(op->b + c, n);
  }
  if (kind == CK_GRADIENT) k.d = load(op->d + c, n);
  return k;
}

// The operand's value at an offset that already counts the channel.
INLINE vr operand_load(const ck_operand *op, int kind, coefficients k, long offset, int n) {
  vr x = load(op->x + offset, n);
  if (kind == CK_NORMALIZED) return relu(k.a * x + k.b);
  if (kind == CK_GRADIENT) return k.a * load(op->g + offset, n) + (k.b * x + k.d);
  return x;
}

// Calls BODY(c, n) for every vector of channels.
#define FOR_CHANNELS(channels, BODY)                               \
  do {                                                             \
    int c_ = 0;                                                    \
    for (; c_ + LANES <= (channels); c_ += LANES) BODY(c_, LANES); \
    if (c_ < (channels)) BODY(c_, (channels)-c_);                  \
  } while (0)

// Runs CALL once with `kind` a constant, so that what it inlines is specialised.
#define WITH_KIND(operand, CALL)                                        \
  switch ((operand)->kind) {                                            \
    case CK_NORMALIZED: { enum { kind = CK_NORMALIZED }; CALL; } break; \
    case CK_GRADIENT: { enum { kind = CK_GRADIENT }; CALL; } break;     \
    default: { enum { kind = CK_PLAIN }; CALL; } break;                 \
  }
