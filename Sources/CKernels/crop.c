// Cutting a picture out of a photograph. Compiled for the baseline alone: what a sample's bits are must not depend on
// the machine's kernels. A pixel is four floats: red, green, blue, and one that means nothing.
#include "CKernels.h"

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

static inline __attribute__((always_inline)) void block_means(const uint8_t *rgb, long row_bytes, long rows,
                                                              long pixels, long factor, float *blocks) {
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

void ck_block_means(const uint8_t *rgb, long row_bytes, long rows, long pixels, long factor, float *blocks) {
  if (factor == 1) {
    block_means(rgb, row_bytes, 1, pixels, 1, blocks);
  } else {
    block_means(rgb, row_bytes, rows, pixels, factor, blocks);
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
