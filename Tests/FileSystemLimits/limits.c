// Loaded in front of a program (LD_PRELOAD), answers as file systems do that lack something: with FS_LIMIT=lock there are
// no advisory locks (Lustre without -o flock), with FS_LIMIT=flush folders cannot be flushed (SMB), with FS_LIMIT=space
// nobody knows how much space is free (FUSE).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int lacks(const char *what) {
  const char *limit = getenv("FS_LIMIT");
  return limit && strcmp(limit, what) == 0;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int flock(int file, int operation) {
  if (lacks("lock")) {
    errno = ENOSYS;
    return -1;
  }
  return NEXT(flock)(file, operation);
}

int fsync(int file) {
  struct stat status;
  if (lacks("flush") && fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) {
    errno = EINVAL;
    return -1;
  }
  return NEXT(fsync)(file);
}

int statvfs(const char *path, struct statvfs *status) {
  int code = NEXT(statvfs)(path, status);
  if (code == 0 && lacks("space")) status->f_blocks = status->f_bfree = status->f_bavail = 0;
  return code;
}
