// The inner loops for x86-64-v4 with prefetchw, which every CPU of this level executes or ignores.
#if defined(__x86_64__)
#include <string.h>

#include "CKernels.h"

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,prfchw"), min_vector_width(512))), apply_to = function)
#define CK_VECTOR_BYTES 64
#define CK_LEVEL_NAME "v4"
#define CK_TABLE ck_table_v4
#include "table.h"
#pragma clang attribute pop
#endif
