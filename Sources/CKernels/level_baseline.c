// The inner loops for every CPU of the architecture.
#include <string.h>

#include "CKernels.h"

#define CK_VECTOR_BYTES 16
#define CK_LEVEL_NAME "baseline"
#define CK_TABLE ck_table_baseline
#include "table.h"
