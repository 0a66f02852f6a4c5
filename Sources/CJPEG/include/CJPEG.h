// libjpeg-turbo behind calls that are whole in themselves: its errors leave by longjmp, which must not pass through Swift.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { CJ_MESSAGE_BYTES = 200 };

typedef struct {
  const uint8_t *bytes;
  size_t count;
} cj_file;

typedef struct {
  int width, height;
  int is_cmyk;
} cj_header;

// A rectangle of the picture at 1/denominator of its size.
typedef struct {
  int denominator;
  int left, top, width, height;
} cj_region;

// Each returns 0, or −1 with a message of at most CJ_MESSAGE_BYTES, its end included.

int cj_read_header(cj_file file, cj_header *header, char *message);

// Writes the rectangle's pixels, three bytes each, as a decoder of the whole would. What makes the library warn is an error;
// what lies below the rectangle is not read.
int cj_decode(cj_file file, cj_region region, uint8_t *rgb, char *message);

// The bytes are to be given to free.
int cj_encode(const uint8_t *rgb, int width, int height, int quality, int is_subsampled, uint8_t **bytes,
              unsigned long *count, char *message);
