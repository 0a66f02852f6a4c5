// The inner loops that need SIMD, chosen for the CPU at run time. No policy: shapes, threads and memory are the
// caller's. Tensors are N×H×W×C; a "row" is one pixel's channels, and `channels` is the distance between rows.
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

// What an operation reads: a tensor as it lies, or one that is computed from others on the way in.
typedef enum {
  CK_PLAIN = 0,       // x
  CK_NORMALIZED = 1,  // max(0, a·x + b): batch normalisation and ReLU
  CK_GRADIENT = 2,    // a·g + b·x + d: the gradient of batch normalisation
} ck_source_kind;

typedef struct {
  int kind;
  const ck_real *x;
  const ck_real *g;
  const ck_real *a, *b, *d;  // one value a channel
} ck_source;

// What happens to an operation's result before it is written.
typedef struct {
  const ck_real *bias;    // added to every row, or NULL
  const ck_real *addend;  // a tensor of the result's shape that is added, or NULL; may be the result itself
  // Gradient through max(0, scale·x + shift): kept where the argument is positive. x is NULL where there is none.
  const ck_real *x, *scale, *shift, *mean;
  // Per-channel sums over the rows written, or NULL: 1 + 2·channels numbers.
  // Without x: count, mean, sum of squared deviations. With x: count, Σ g, Σ g·(x − mean).
  ck_real *partial;
} ck_sink;

// What the caller will need next, brought to the second-level cache while products run.
typedef struct {
  const ck_real *from;
  long width, stride, rows;  // rows of `width` numbers, `stride` apart
  long column;               // up to which the first of them have been asked for
  int written;               // whether they are going to be written
} ck_range;

typedef struct {
  int next, number;  // of the ranges
  ck_range ranges[7];
} ck_coming;

// The maps that 4×4 tiles cut up. Tiles are numbered over images, tile rows, tile columns.
typedef struct {
  int n, h, w;
} ck_map;

typedef struct {
  const char *name;
  int vector_bytes;
  int strip_rows;
  int panel;  // columns of a panel: right sides of products lie as panels[columns/panel][depth][panel]

  // Panels first..first+count of the matrix w[depth][columns], or where `turn` is set of the transpose of
  // w[columns][depth], with zeros beyond the last column. `stride` is between rows of w, `panel_size` between panels.
  void (*pack_panels)(const ck_real *w, long stride, int turn, int depth, int columns, int first, int count,
                      ck_real *panels, long panel_size);
  // c[rows][panel] = a[rows][depth] times one panel. Brings the panel that is wanted next, unless that is NULL, and then
  // of what is coming as much as it has time for.
  void (*multiply)(const ck_real *a, long a_row, const ck_real *panel, const ck_real *next_panel, long rows, int depth,
                   ck_real *c, long c_row, ck_coming *);
  // Rows first..first+rows of `out`, `columns` channels each, are the source's rows from source_first on times panels,
  // through the sink. `strip` is room for `strip_rows` rows of the source.
  void (*multiply_rows)(const ck_source *, long source_first, const ck_real *panels, long first, long rows, int depth,
                        int columns, const ck_sink *, ck_real *strip, ck_real *out);
  // c[depth][columns] = (keep ? c : 0) + aᵀ·b over a[rows][depth] and b[rows][columns]; takes from what is coming as
  // multiply does.
  void (*multiply_transposed)(const ck_real *a, long a_row, const ck_real *b, long b_row, long rows, int depth,
                              int columns, int keep, ck_real *c, long c_row, ck_coming *);

  // out[r] = source[first + r] for `rows` rows.
  void (*pack_rows)(const ck_source *, long first, long rows, int channels, ck_real *out);
  // sums[c] = Σ_r x[r][c]
  void (*sum_rows)(const ck_real *x, long rows, int channels, ck_real *sums);
  // Applies a sink to rows first..first+rows of `out`, in place.
  void (*finish_rows)(const ck_sink *, ck_real *out, long first, long rows, int channels);
  // to[r] += source[r]
  void (*add_rows)(const ck_source *, ck_real *to, long first, long rows, int channels);

  // Patches of a k×k convolution (stride, padding): out[r][ky][kx][c] for output pixels first..first+rows.
  void (*im2col)(const ck_source *, const ck_map *, int channels, int kernel, int stride, int padding, long first,
                 long rows, ck_real *out);

  // Winograd F(4×4, 3×3), Lavin and Gray 2016. u[count][36][channels] for tiles first..first+count, `distance` numbers
  // from one tile to the next.
  void (*winograd_input)(const ck_source *, const ck_map *, int channels, long first, long count, ck_real *u,
                         long distance);
  // v = A dY Aᵀ, the gradient's side of the weight gradient, of channels from..from+wide: v[count][36][wide].
  void (*winograd_gradient)(const ck_source *, const ck_map *, int channels, int from, int wide, long first, long count,
                            ck_real *v, long distance);
  // Channels column..column+panel of the out tiles = Aᵀ m A, then the sink; m[count][36][panel] as u.
  void (*winograd_output)(const ck_real *m, long distance, const ck_map *, int channels, int column, long first,
                          long count, const ck_sink *, ck_real *out);
  // Rows first..first+count of panel `panel` of G w Gᵀ for w[3][3][in][out]: u[36][plane], in each of the 36 planes a
  // panel as pack_panels writes it. `turn` rotates the kernel by half a turn and takes the transpose of each of the nine
  // matrices, so that rows are of `out` and columns of `in`.
  void (*winograd_weights)(const ck_real *w, int in, int out, int turn, int panel, int first, int count, ck_real *u,
                           long plane);
  // dw[3][3][stride] = (keep ? dw : 0) + scale · Gᵀ du G for elements first..first+count of du[36][plane].
  void (*winograd_weights_gradient)(const ck_real *du, long plane, long stride, long first, long count, ck_real scale,
                                    int keep, ck_real *dw);

  // Rows of output first..first+rows (all images' rows numbered through).
  void (*max_pool)(const ck_real *x, const ck_map *in, int channels, long first, long rows, ck_real *out,
                   ck_real *partial);
  // dx of the window's first largest element += dy
  void (*max_pool_backward)(const ck_real *x, const ck_real *dy, const ck_map *in, int channels, long first,
                            long rows, ck_real *dx);
  // out = up + nearest ×2 of low, for rows of output
  void (*upsample_add)(const ck_real *up, const ck_real *low, const ck_map *out_map, int channels, long first,
                       long rows, ck_real *out, ck_real *partial);
  // dlow = sums of 2×2 of dy, for rows of low
  void (*downsample_sum)(const ck_real *dy, const ck_map *out_map, int channels, long first, long rows,
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
const ck_table *ck_best(void);
const ck_table *ck_named(const char *name);

// Cores this process may run on.
int ck_cores(void);

// mean[c] and variance[c] (biased) of pieces' partials as sinks write them, combined in double in the pieces' order.
void ck_merge_moments(const ck_real *partials, long stride, long pieces, int channels, double *mean,
                      double *variance);
// Σ over pieces of both sums of a gradient sink.
void ck_merge_sums(const ck_real *partials, long stride, long pieces, int channels, double *first, double *second);
