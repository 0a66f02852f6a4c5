// The inner loops for x86-64-v3 with prefetchw, which every CPU of this level executes or ignores.
#if defined(__x86_64__)
#include <string.h>

#include "CKernels.h"

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3,prfchw"), min_vector_width(256))), apply_to = function)
#define CK_VECTOR_BYTES 32
#define CK_LEVEL_NAME "v3"
#define CK_TABLE ck_table_v3
#include "table.h"
#pragma clang attribute pop
#endif
