// Swift closures seen from C: a function of Swift's calling convention, and its context.
#include "CKernels.h"

// Declared in Swift (ThreadPool.swift) as a function that takes a closure.
__attribute__((swiftcall)) void ck_lend(const void *function, const void *context, ck_closure *to);

__attribute__((swiftcall)) void ck_lend(const void *function, const void *context, ck_closure *to) {
  to->function = function;
  to->context = context;
}

typedef __attribute__((swiftcall)) void (*closure_function)(long piece, long thread,
                                                            __attribute__((swift_context)) const void *context);

void ck_call(const ck_closure *closure, long piece, long thread) {
  ((closure_function)closure->function)(piece, thread, closure->context);
}
