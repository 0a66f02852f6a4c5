// Loaded in front of a program (LD_PRELOAD), stops the process that started a rank, mpirun or its daemon, for STALL_SECONDS at
// the moment when rank STALL_RANK says good-bye to it, as on a host that is too busy for it to run.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*Finalize)(const void *, size_t);

static const char *setting(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

int PMIx_Finalize(const void *info, size_t count) {
  const char *rank = setting("OMPI_COMM_WORLD_RANK");
  if (*rank && strcmp(rank, setting("STALL_RANK")) == 0) {
    pid_t server = getppid();
    if (fork() == 0) {
      sleep((unsigned)atoi(setting("STALL_SECONDS")));
      kill(server, SIGCONT);
      _exit(0);
    }
    kill(server, SIGSTOP);
  }
  return ((Finalize)dlsym(RTLD_NEXT, "PMIx_Finalize"))(info, count);
}
