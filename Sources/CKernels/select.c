// Which table this CPU can run, and the merging of partial sums, which is done once a layer.
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>

#include "CKernels.h"

extern const ck_table ck_table_baseline;
#if defined(__x86_64__)
extern const ck_table ck_table_v3, ck_table_v4;

static int has_v3(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

static int has_v4(void) {
  return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
}
#endif

int ck_cores(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

const ck_table *ck_table_named(const char *name) {
  if (strcmp(name, "baseline") == 0) return &ck_table_baseline;
#if defined(__x86_64__)
  if (strcmp(name, "v3") == 0 && has_v3()) return &ck_table_v3;
  if (strcmp(name, "v4") == 0 && has_v4()) return &ck_table_v4;
#endif
  return NULL;
}

const ck_table *ck_best_table(void) {
  const ck_table *v4 = ck_table_named("v4"), *v3 = ck_table_named("v3");
  return v4 ? v4 : v3 ? v3 : &ck_table_baseline;
}

void ck_merge_moments(const ck_real *partials, long stride, long pieces, int channels, double *mean,
                      double *variance) {
  double total = 0;
  for (long p = 0; p < pieces; p++) total += partials[p * stride];
  for (int c = 0; c < channels; c++) mean[c] = variance[c] = 0;
  for (long p = 0; p < pieces; p++) {
    const ck_real *part = partials + p * stride;
    double weight = part[0] / total;
    for (int c = 0; c < channels; c++) mean[c] += weight * part[1 + c];
  }
  for (long p = 0; p < pieces; p++) {
    const ck_real *part = partials + p * stride;
    for (int c = 0; c < channels; c++) {
      double deviation = part[1 + c] - mean[c];
      variance[c] += part[1 + channels + c] + part[0] * deviation * deviation;
    }
  }
  for (int c = 0; c < channels; c++) variance[c] /= total;
}

void ck_merge_sums(const ck_real *partials, long stride, long pieces, int channels, double *first, double *second) {
  for (int c = 0; c < channels; c++) first[c] = second[c] = 0;
  for (long p = 0; p < pieces; p++) {
    const ck_real *part = partials + p * stride;
    for (int c = 0; c < channels; c++) {
      first[c] += part[1 + c];
      second[c] += part[1 + channels + c];
    }
  }
}
