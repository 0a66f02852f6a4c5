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
    .gemm_panel = gemm_panel,
    .gemm_rows = gemm_rows,
    .gemm_transposed = gemm_transposed,
    .load_rows = load_rows,
    .sum_rows = sum_rows,
    .apply_epilogue = apply_epilogue,
    .add_rows = add_rows,
    .im2col = im2col,
    .winograd_f4x3_input = winograd_f4x3_input,
    .winograd_f4x3_output_gradient = winograd_f4x3_output_gradient,
    .winograd_f4x3_output = winograd_f4x3_output,
    .winograd_f4x3_weights = winograd_f4x3_weights,
    .winograd_f4x3_weight_gradient = winograd_f4x3_weight_gradient,
    .max_pool_2x2 = max_pool_2x2,
    .max_pool_2x2_backward = max_pool_2x2_backward,
    .upsample_2x_add = upsample_2x_add,
    .upsample_2x_backward = upsample_2x_backward,
    .sum_parts = sum_parts,
    .add = add,
    .sum_of_squares = sum_of_squares,
    .rmsprop = rmsprop,
    .adam = adam,
    .multiply_and_add = multiply_and_add,
    .squared_error = squared_error,
};
