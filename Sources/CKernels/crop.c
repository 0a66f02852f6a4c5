// Cutting a picture out of a photograph. What a sample's bits are must not depend on the machine's kernels: where there
// are two bodies of a function they do the same operations in the same order, and no multiplication is fused with an
// addition. A pixel is four floats: red, green, blue, and one that means nothing.
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

typedef float wide __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t lanes __attribute__((vector_size(16)));
typedef uint8_t four_bytes __attribute__((vector_size(4)));

// Reads a fourth byte, which is not the pixel's.
static inline lanes pixel(const uint8_t *p) {
  four_bytes bytes;
  __builtin_memcpy(&bytes, p, sizeof bytes);
  return __builtin_convertvector(bytes, lanes);
}

static inline lanes last_pixel(const uint8_t *p) { return (lanes){p[0], p[1], p[2], 0}; }

void ck_block_means(const uint8_t *rgb, long row_bytes, long rows, long pixels, long factor, float *blocks) {
  const float share = 1 / (float)(factor * factor);
  for (long first = 0; first < pixels; first += factor, blocks += 4) {
    const long end = first + factor < pixels ? first + factor : pixels;
    const long safe = end < pixels ? end : pixels - 1;
    lanes sum = {0};
    for (long r = 0; r < rows; r++) {
      const uint8_t *row = rgb + r * row_bytes;
      for (long c = first; c < safe; c++) sum += pixel(row + 3 * c);
      if (safe < end) sum += last_pixel(row + 3 * safe);
    }
    *(wide *)blocks = __builtin_convertvector(sum, wide) * share;
  }
}

void ck_resample_row(const ck_picture *picture, ck_line line, const float gain[4], long count, ck_real *row) {
  const wide gains = *(const wide *)gain, one = {1, 1, 1, 1};
  const long stride = picture->width + 2;
  const double width = (double)picture->width, height = (double)picture->height;
  for (long i = 0; i < count; i++, row += 3) {
    const double x = line.x + line.step_x * (double)i, y = line.y + line.step_y * (double)i;
    wide color = {0};
    // Written so that nothing outside the picture is ever turned into an integer.
    if (x >= -1 && y >= -1 && x < width && y < height) {
      const long left = (long)(x + 1), top = (long)(y + 1);
      const float fx = (float)(x - (double)(left - 1)), fy = (float)(y - (double)(top - 1));
      const wide *above = (const wide *)picture->pixels + (top * stride + left), *below = above + stride;
      const wide upper = above[0] * (1 - fx) + above[1] * fx;
      const wide lower = below[0] * (1 - fx) + below[1] * fx;
      color = (upper * (1 - fy) + lower * fy) * gains;
      const lanes within = color < one;
      color = (wide)((within & (lanes)color) | (~within & (lanes)one));
    }
    row[0] = color[0];
    row[1] = color[1];
    row[2] = color[2];
  }
}

typedef float two_wide __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t eight_lanes __attribute__((vector_size(32)));
typedef uint8_t eight_bytes __attribute__((vector_size(8)));

#define LEFT(pair) __builtin_shufflevector(pair, pair, 0, 1, 2, 3)
#define RIGHT(pair) __builtin_shufflevector(pair, pair, 4, 5, 6, 7)

// Two pixels beside each other, of which the next two bytes are not.
static inline __attribute__((always_inline)) void two_pixels(const uint8_t *p, two_wide *pair) {
  eight_bytes bytes;
  __builtin_memcpy(&bytes, p, sizeof bytes);
  const eight_bytes spread = __builtin_shufflevector(bytes, bytes, 0, 1, 2, 2, 3, 4, 5, 5);
  *pair = __builtin_convertvector(__builtin_convertvector(spread, eight_lanes), two_wide);
}

// The bytes of the same where pixels may lie beyond the picture, and then are black.
static void copy_at_edge(const ck_photograph *picture, long left, long row, uint8_t bytes[8]) {
  __builtin_memset(bytes, 0, 8);
  if (row < 0 || row >= picture->height) return;
  for (long side = 0; side < 2; side++)
    if (left + side >= 0 && left + side < picture->width)
      __builtin_memcpy(bytes + 3 * side, picture->rgb + row * picture->row_bytes + 3 * (left + side), 3);
}

static inline __attribute__((always_inline)) void resample(const ck_photograph *picture, ck_line line,
                                                           const float gain[4], long count, ck_real *row) {
  const wide gains = *(const wide *)gain, one = {1, 1, 1, 1};
  const double width = (double)picture->width, height = (double)picture->height;
  for (long i = 0; i < count; i++, row += 3) {
    const double x = line.x + line.step_x * (double)i, y = line.y + line.step_y * (double)i;
    wide color = {0};
    if (x >= -1 && y >= -1 && x < width && y < height) {
      const long left = (long)(x + 1) - 1, top = (long)(y + 1) - 1;
      const float fx = (float)(x - (double)left), fy = (float)(y - (double)top);
      const uint8_t *first = picture->rgb + top * picture->row_bytes + 3 * left;
      two_wide above, below;
      if (left >= 0 && top >= 0 && left + 1 < picture->width && top + 1 < picture->height &&
          picture->end - first >= picture->row_bytes + 8) {
        two_pixels(first, &above);
        two_pixels(first + picture->row_bytes, &below);
      } else {
        uint8_t bytes[8];
        copy_at_edge(picture, left, top, bytes);
        two_pixels(bytes, &above);
        copy_at_edge(picture, left, top + 1, bytes);
        two_pixels(bytes, &below);
      }
      const two_wide shares = {1 - fx, 1 - fx, 1 - fx, 1 - fx, fx, fx, fx, fx};
      above *= shares;
      below *= shares;
      const wide upper = LEFT(above) + RIGHT(above), lower = LEFT(below) + RIGHT(below);
      color = (upper * (1 - fy) + lower * fy) * gains;
      const lanes within = color < one;
      color = (wide)((within & (lanes)color) | (~within & (lanes)one));
    }
    row[0] = color[0];
    row[1] = color[1];
    row[2] = color[2];
  }
}

void ck_resample_photograph_row_baseline(const ck_photograph *picture, ck_line line, const float gain[4], long count,
                                         ck_real *row) {
  resample(picture, line, gain, count, row);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void resample_avx2(const ck_photograph *picture, ck_line line,
                                                          const float gain[4], long count, ck_real *row) {
  resample(picture, line, gain, count, row);
}
#endif

void ck_resample_photograph_row(const ck_photograph *picture, ck_line line, const float gain[4], long count,
                                ck_real *row) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    resample_avx2(picture, line, gain, count, row);
    return;
  }
#endif
  ck_resample_photograph_row_baseline(picture, line, gain, count, row);
}
