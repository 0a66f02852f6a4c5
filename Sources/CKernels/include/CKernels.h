// The inner loops that need SIMD, chosen for the CPU at run time. No policy: shapes, threads and memory are the
// caller's.
#pragma once

// Tells the core that this is a waiting loop.
static inline void ck_pause(void) { __builtin_ia32_pause(); }
