// The table of the level being compiled: CK_LEVEL_NAME as a string, CK_TABLE as the table's identifier.
#include "vector.h"
#include "rows.h"
#include "product.h"
#include "winograd.h"
#include "pooling.h"
#include "vectors.h"

const ck_table CK_TABLE = {
    .name = CK_LEVEL_NAME,
    .vector_bytes = CK_VECTOR_BYTES,
    .strip_rows = STRIP,
    .panel = PANEL,
    .pack_panels = pack_panels,
    .multiply = multiply,
    .multiply_rows = multiply_rows,
    .multiply_transposed = multiply_transposed,
    .pack_rows = pack_rows,
    .sum_rows = sum_rows,
    .finish_rows = finish_rows,
    .add_rows = add_rows,
    .im2col = im2col,
    .winograd_input = winograd_input,
    .winograd_gradient = winograd_gradient,
    .winograd_output = winograd_output,
    .winograd_weights = winograd_weights,
    .winograd_weights_gradient = winograd_weights_gradient,
    .max_pool = max_pool,
    .max_pool_backward = max_pool_backward,
    .upsample_add = upsample_add,
    .downsample_sum = downsample_sum,
    .sum_parts = sum_parts,
    .add = add,
    .sum_of_squares = sum_of_squares,
    .rmsprop = rmsprop,
    .adam = adam,
    .multiply_and_add = multiply_and_add,
    .squared_error = squared_error,
};
