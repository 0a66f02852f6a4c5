// OpenBLAS is not linked but loaded by Sources/Benchmarks/BLASLibrary.swift, once it is known which of its kernels are
// wanted: it chooses them as it is loaded. These are the types of what is looked up in it.
#pragma once

typedef enum { COB_ROW_MAJOR = 101 } cob_order;
typedef enum { COB_NO_TRANSPOSE = 111 } cob_transpose;

typedef void (*cob_sgemm)(cob_order, cob_transpose, cob_transpose, int m, int n, int k, float alpha, const float *a,
                          int lda, const float *b, int ldb, float beta, float *c, int ldc);
typedef void (*cob_dgemm)(cob_order, cob_transpose, cob_transpose, int m, int n, int k, double alpha, const double *a,
                          int lda, const double *b, int ldb, double beta, double *c, int ldc);
typedef char *(*cob_get_corename)(void);
