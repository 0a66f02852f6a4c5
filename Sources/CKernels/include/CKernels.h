// The inner loops that need SIMD, chosen for the CPU at run time. No policy: shapes, threads and memory are the
// caller's. Tensors are N×H×W×C; a "row" is one pixel's channels, and `channels` is the stride between rows.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef EQUIPOISE_DOUBLE
typedef double ck_real;
#else
typedef float ck_real;
#endif

// Tells the core that this is a waiting loop.
static inline void ck_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// A Swift closure of two words that is lent, not given: (piece, thread). Swift itself can hand a closure to another
// thread only by copying it to the heap; these two keep it where it is.
typedef struct {
  const void *function, *context;
} ck_closure;

// Calls a lent closure, which its owner must still be holding.
void ck_call(const ck_closure *, long piece, long thread);

// A picture of width × height pixels with a border of one black pixel all around, row by row from the border's corner;
// four floats a pixel, of which the last means nothing.
typedef struct {
  const float *pixels;
  long width, height;
} ck_picture;

// A rectangle of three bytes a pixel; `end` is where readable memory ends.
typedef struct {
  const uint8_t *rgb, *end;
  long row_bytes, width, height;
} ck_photograph;

// Points at equal steps: the i-th is (x + i·step_x, y + i·step_y). The first pixel within the border is (0, 0).
typedef struct {
  double x, y, step_x, step_y;
} ck_line;

// The means of blocks of factor × factor pixels of three bytes, `rows` of them in the block's height and `pixels` in
// the photograph's width, as four floats each; what the last blocks lack counts as black.
void ck_block_means(const uint8_t *rgb, long row_bytes, long rows, long pixels, long factor, float *blocks);
// row[count][3]: the picture at the line's points, bilinear between pixels, times `gain`, at most 1; black beyond.
void ck_resample_row(const ck_picture *, ck_line, const float gain[4], long count, ck_real *row);
// The same of blocks of one pixel each, which need not be written down.
void ck_resample_photograph_row(const ck_photograph *, ck_line, const float gain[4], long count, ck_real *row);
// The body for machines without AVX2, with the same bits.
void ck_resample_photograph_row_baseline(const ck_photograph *, ck_line, const float gain[4], long count, ck_real *row);

// What an operation reads: a tensor in memory, or one that is computed from others while it is read.
typedef enum {
  CK_PLAIN = 0,       // x
  CK_NORMALIZED = 1,  // max(0, a·x + b): batch normalisation and ReLU
  CK_GRADIENT = 2,    // a·g + b·x + d: the gradient of batch normalisation
} ck_operand_kind;

typedef struct {
  int kind;
  const ck_real *x;
  const ck_real *g;
  const ck_real *a, *b, *d;  // one value a channel
} ck_operand;

// What happens to an operation's result before it is written.
typedef struct {
  const ck_real *bias;    // added to every row, or NULL
  const ck_real *addend;  // a tensor of the result's shape that is added, or NULL; may be the result itself
  // Gradient through max(0, scale·x + shift): kept where the argument is positive. x is NULL where there is none.
  const ck_real *x, *scale, *shift, *mean;
  // Per-channel sums over the rows written, or NULL: 1 + 2·channels numbers.
  // Without x: count, mean, sum of squared deviations. With x: count, Σ g, Σ g·(x − mean).
  ck_real *partial;
} ck_epilogue;

// Memory that the caller will need next. Products prefetch it to the second-level cache while they run.
typedef struct {
  const ck_real *from;
  long width, stride, rows;  // rows of `width` numbers, `stride` apart
  long column;               // up to which the first of them have been prefetched
  int written;               // whether they are going to be written
} ck_prefetch_range;

typedef struct {
  int next, count;  // of the ranges
  ck_prefetch_range ranges[7];
} ck_prefetch;

// The maps that 4×4 tiles cut up. Tiles are numbered over images, tile rows, tile columns.
typedef struct {
  int n, h, w;
} ck_map;

typedef struct {
  const char *name;
  int vector_bytes;
  int strip_rows;
  int panel;  // columns of a panel: right sides of products lie as panels[columns/panel][depth][panel]

  // Panels first..first+count of the matrix w[depth][columns], or where `transpose` is set of the transpose of
  // w[columns][depth], with zeros beyond the last column. `stride` is between rows of w, `panel_stride` between panels.
  void (*pack_panels)(const ck_real *w, long stride, int transpose, int depth, int columns, int first, int count,
                      ck_real *panels, long panel_stride);
  // c[rows][panel] = a[rows][depth] times one panel. Prefetches the panel that is wanted next, unless that is NULL,
  // and then as much of the given memory as it has time for.
  void (*gemm_panel)(const ck_real *a, long a_stride, const ck_real *panel, const ck_real *next_panel, long rows,
                     int depth, ck_real *c, long c_stride, ck_prefetch *);
  // Rows first..first+rows of `out`, `columns` channels each, are the operand's rows from operand_first on times
  // panels, through the epilogue. `strip` is room for `strip_rows` rows of the operand.
  void (*gemm_rows)(const ck_operand *, long operand_first, const ck_real *panels, long first, long rows, int depth,
                    int columns, const ck_epilogue *, ck_real *strip, ck_real *out);
  // c[depth][columns] = (keep ? c : 0) + aᵀ·b over a[rows][depth] and b[rows][columns]; prefetches as gemm_panel
  // does.
  void (*gemm_transposed)(const ck_real *a, long a_stride, const ck_real *b, long b_stride, long rows, int depth,
                          int columns, int keep, ck_real *c, long c_stride, ck_prefetch *);

  // out[r] = operand[first + r] for `rows` rows.
  void (*load_rows)(const ck_operand *, long first, long rows, int channels, ck_real *out);
  // sums[c] = Σ_r x[r][c]
  void (*sum_rows)(const ck_real *x, long rows, int channels, ck_real *sums);
  // Applies an epilogue to rows first..first+rows of `out`, in place.
  void (*apply_epilogue)(const ck_epilogue *, ck_real *out, long first, long rows, int channels);
  // to[r] += operand[r]
  void (*add_rows)(const ck_operand *, ck_real *to, long first, long rows, int channels);

  // Patches of a k×k convolution (stride, padding): out[r][ky][kx][c] for output pixels first..first+rows.
  void (*im2col)(const ck_operand *, const ck_map *, int channels, int kernel, int stride, int padding, long first,
                 long rows, ck_real *out);

  // The transforms of Winograd F(4×4, 3×3), Lavin and Gray 2016. Of the input, u = Bᵀ d B: u[count][36][channels] for
  // tiles first..first+count, `tile_stride` numbers from one tile to the next.
  void (*winograd_f4x3_input)(const ck_operand *, const ck_map *, int channels, long first, long count, ck_real *u,
                              long tile_stride);
  // Of the output's gradient, for the weight gradient, v = A dY Aᵀ: channels from..from+wide, v[count][36][wide].
  void (*winograd_f4x3_output_gradient)(const ck_operand *, const ck_map *, int channels, int from, int wide,
                                        long first, long count, ck_real *v, long tile_stride);
  // Channels column..column+panel of the output's tiles = Aᵀ m A, then the epilogue; m[count][36][panel] as u.
  void (*winograd_f4x3_output)(const ck_real *m, long tile_stride, const ck_map *, int channels, int column, long first,
                               long count, const ck_epilogue *, ck_real *out);
  // Rows first..first+count of panel `panel` of G w Gᵀ for w[3][3][in][out]: u[36][plane_stride], each of the 36 planes a
  // panel as pack_panels writes it. `rotate` rotates the kernel by 180° and transposes each of the nine matrices, for the
  // gradient with respect to the input: rows are then of `out` and columns of `in`.
  void (*winograd_f4x3_weights)(const ck_real *w, int in, int out, int rotate, int panel, int first, int count,
                                ck_real *u, long plane_stride);
  // dw[3][3][tap_stride] = (keep ? dw : 0) + scale · Gᵀ du G for elements first..first+count of du[36][plane_stride].
  void (*winograd_f4x3_weight_gradient)(const ck_real *du, long plane_stride, long tap_stride, long first, long count,
                                        ck_real scale, int keep, ck_real *dw);

  // Rows of output first..first+rows (all images' rows numbered through).
  void (*max_pool_2x2)(const ck_real *x, const ck_map *in, int channels, long first, long rows, ck_real *out,
                       ck_real *partial);
  // dx of the window's first largest element += dy
  void (*max_pool_2x2_backward)(const ck_real *x, const ck_real *dy, const ck_map *in, int channels, long first,
                                long rows, ck_real *dx);
  // out = up + nearest ×2 of low, for rows of output
  void (*upsample_2x_add)(const ck_real *up, const ck_real *low, const ck_map *out_map, int channels, long first,
                          long rows, ck_real *out, ck_real *partial);
  // dlow = sums of 2×2 of dy, for rows of low
  void (*upsample_2x_backward)(const ck_real *dy, const ck_map *out_map, int channels, long first, long rows,
                               ck_real *dlow);

  // to[i] = (keep ? to[i] : 0) + scale · Σ_k parts[k·stride + i]
  void (*sum_parts)(const ck_real *parts, long count, long stride, int number, ck_real scale, int keep, ck_real *to);
  // to[i] += from[i]
  void (*add)(const ck_real *from, long count, ck_real *to);
  // Σ x² in double; not finite if any x is not.
  double (*sum_of_squares)(const ck_real *x, long count);
  // One step of RMSprop: s = α s + (1 − α) (c·g)²; p −= lr · c·g / (√s + ε), c scaling the gradient.
  void (*rmsprop)(ck_real *p, ck_real *s, const ck_real *g, long count, double clip, double lr, double alpha,
                  double epsilon);
  // One step of Adam; the bias corrections are folded into lr_hat = lr / (1 − β₁ᵗ) and root = √(1 − β₂ᵗ).
  void (*adam)(ck_real *p, ck_real *m, ck_real *v, const ck_real *g, long count, double clip, double lr_hat,
               double root, double beta1, double beta2, double epsilon);

  // Does `rounds` rounds of vectors' multiplications and additions and nothing else; returns the number of
  // multiplications, each with its addition.
  double (*multiply_and_add)(long rounds, ck_real *result);

  // Masked squared error of one image: returns Σ m (a − b)², writes gradient = (keep ? gradient : 0) + scale·m·(a − b).
  // gradient may be NULL. `mask` has one value a channel.
  double (*squared_error)(const ck_real *a, const ck_real *b, const ck_real *mask, long rows, int channels,
                          ck_real scale, int keep, ck_real *gradient);
} ck_table;

// The best table this CPU can run, or the one of that name ("v4", "v3", "baseline"); NULL if the CPU cannot run it
// or there is none of that name.
const ck_table *ck_best_table(void);
const ck_table *ck_table_named(const char *name);

// Cores this process may run on.
int ck_cores(void);

// mean[c] and variance[c] (biased) of pieces' partials as epilogues write them, combined in double in piece order.
void ck_merge_moments(const ck_real *partials, long stride, long pieces, int channels, double *mean,
                      double *variance);
// Σ over pieces of both sums of an epilogue with a gate.
void ck_merge_sums(const ck_real *partials, long stride, long pieces, int channels, double *first, double *second);
