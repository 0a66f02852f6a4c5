#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

// A progressive file may ask for the whole picture to be gone over again and again.
enum { MOST_SCANS = 500 };

// Columns beyond a rectangle's edges that are decoded with it: a sample's neighbours shape it where colours are stored
// coarsely, and the library takes the rectangle's edge for the picture's.
enum { EDGE = 32 };

typedef struct {
  struct jpeg_error_mgr library;
  jmp_buf leave;
  char *message;
} error_manager;

static void fail(j_common_ptr codec) {
  error_manager *errors = (error_manager *)codec->err;
  char text[JMSG_LENGTH_MAX];
  errors->library.format_message(codec, text);
  snprintf(errors->message, CJ_MESSAGE_BYTES, "%s", text);
  longjmp(errors->leave, 1);
}

static void warn(j_common_ptr codec, int level) {
  if (level < 0) fail(codec);
}

static void count_scans(j_common_ptr codec) {
  if (((j_decompress_ptr)codec)->input_scan_number <= MOST_SCANS) return;
  error_manager *errors = (error_manager *)codec->err;
  snprintf(errors->message, CJ_MESSAGE_BYTES, "more than %d scans", MOST_SCANS);
  longjmp(errors->leave, 1);
}

static struct jpeg_error_mgr *start_errors(error_manager *errors, char *message) {
  jpeg_std_error(&errors->library);
  errors->library.error_exit = fail;
  errors->library.emit_message = warn;
  errors->message = message;
  return &errors->library;
}

int cj_read_header(cj_file file, cj_header *header, char *message) {
  struct jpeg_decompress_struct decoder;
  error_manager errors;
  decoder.err = start_errors(&errors, message);
  if (setjmp(errors.leave)) {
    jpeg_destroy_decompress(&decoder);
    return -1;
  }
  jpeg_create_decompress(&decoder);
  jpeg_mem_src(&decoder, file.bytes, file.count);
  jpeg_read_header(&decoder, TRUE);
  *header = (cj_header){(int)decoder.image_width, (int)decoder.image_height,
                        decoder.jpeg_color_space == JCS_CMYK || decoder.jpeg_color_space == JCS_YCCK};
  jpeg_destroy_decompress(&decoder);
  return 0;
}

int cj_decode(cj_file file, cj_region region, uint8_t *rgb, char *message) {
  struct jpeg_decompress_struct decoder;
  struct jpeg_progress_mgr progress = {.progress_monitor = count_scans};
  error_manager errors;
  uint8_t *volatile row = NULL;
  decoder.err = start_errors(&errors, message);
  if (setjmp(errors.leave)) {
    jpeg_destroy_decompress(&decoder);
    free(row);
    return -1;
  }
  jpeg_create_decompress(&decoder);
  decoder.progress = &progress;
  jpeg_mem_src(&decoder, file.bytes, file.count);
  jpeg_read_header(&decoder, TRUE);
  decoder.scale_num = 1;
  decoder.scale_denom = (unsigned)region.denominator;
  decoder.out_color_space = JCS_RGB;
  jpeg_start_decompress(&decoder);

  JDIMENSION first = region.left > EDGE ? (JDIMENSION)(region.left - EDGE) : 0;
  JDIMENSION end = (JDIMENSION)(region.left + region.width) + EDGE;
  if (end > decoder.output_width) end = decoder.output_width;
  JDIMENSION columns = end - first;
  // Moves `first` to the left, to where a block begins.
  if (columns < decoder.output_width) jpeg_crop_scanline(&decoder, &first, &columns);
  if (region.top > 0) jpeg_skip_scanlines(&decoder, (JDIMENSION)region.top);
  row = malloc((size_t)columns * 3);
  if (row == NULL) {
    snprintf(message, CJ_MESSAGE_BYTES, "no memory for a row of %u pixels", columns);
    longjmp(errors.leave, 1);
  }
  for (int y = 0; y < region.height; y++, rgb += 3 * (size_t)region.width) {
    JSAMPROW rows[] = {row};
    jpeg_read_scanlines(&decoder, rows, 1);
    memcpy(rgb, row + 3 * ((size_t)region.left - first), 3 * (size_t)region.width);
  }
  // Looks at the file's end, where it was come to.
  if (decoder.output_scanline == decoder.output_height) jpeg_finish_decompress(&decoder);
  jpeg_destroy_decompress(&decoder);
  free(row);
  return 0;
}

int cj_encode(const uint8_t *rgb, int width, int height, int quality, int is_subsampled, uint8_t **bytes,
              unsigned long *count, char *message) {
  struct jpeg_compress_struct encoder;
  error_manager errors;
  *bytes = NULL;
  *count = 0;
  encoder.err = start_errors(&errors, message);
  if (setjmp(errors.leave)) {
    jpeg_destroy_compress(&encoder);
    // The library may have freed what these still name.
    *bytes = NULL;
    return -1;
  }
  jpeg_create_compress(&encoder);
  jpeg_mem_dest(&encoder, bytes, count);
  encoder.image_width = (JDIMENSION)width;
  encoder.image_height = (JDIMENSION)height;
  encoder.input_components = 3;
  encoder.in_color_space = JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, quality, TRUE);
  encoder.comp_info[0].h_samp_factor = encoder.comp_info[0].v_samp_factor = is_subsampled ? 2 : 1;
  jpeg_start_compress(&encoder, TRUE);
  while (encoder.next_scanline < encoder.image_height) {
    JSAMPROW rows[] = {(JSAMPROW)(uintptr_t)(rgb + 3 * (size_t)width * encoder.next_scanline)};
    jpeg_write_scanlines(&encoder, rows, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  return 0;
}
