// Loaded in front of a program (LD_PRELOAD), makes one of the calls with which it changes files go wrong. Of the calls
// on paths that contain SAVE_FAULT_UNDER, and on files opened by such a path to be written or flushed, the one numbered
// SAVE_FAULT_AT, from 1, fails with the error SAVE_FAULT names, EIO, EROFS or ENOSPC, or with `kill` is the last that the
// process makes; with `wait` it takes 70 seconds.
// As on a full disk, a write that has no space (ENOSPC) writes half of what it was given, and the next one nothing.
// Says on standard error which call it was.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 1024 };

static long calls;
static char watched[FILES], is_read_only[FILES], is_full[FILES];

static const char *setting(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

static int is_watched(const char *path) {
  const char *under = setting("SAVE_FAULT_UNDER");
  return *under && strstr(path, under);
}

static int is_watched_file(int file) { return file >= 0 && file < FILES && watched[file]; }

// Whether the call under way is the one.
static int strikes(int concerns) {
  if (!concerns || __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) != atol(setting("SAVE_FAULT_AT"))) return 0;
  if (strcmp(setting("SAVE_FAULT"), "wait") != 0) return 1;
  sleep(70);
  return 0;
}

static int is_killing(void) { return strcmp(setting("SAVE_FAULT"), "kill") == 0; }

static void say(const char *call, const char *what) { dprintf(2, "fault at %s %s\n", call, what); }

static void end(const char *call, const char *what) {
  say(call, what);
  kill(getpid(), SIGKILL);
}

static int wrong(const char *call, const char *what) {
  say(call, what);
  const char *fault = setting("SAVE_FAULT");
  errno = strcmp(fault, "ENOSPC") == 0 ? ENOSPC : strcmp(fault, "EROFS") == 0 ? EROFS : EIO;
  return -1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// A call that returns 0 or -1 on what `concerns` says is watched.
#define REPLACE(name, concerns, what, parameters, arguments) \
  int name parameters {                                      \
    int here = strikes(concerns);                            \
    if (here && !is_killing()) return wrong(#name, what);    \
    int result = NEXT(name) arguments;                       \
    if (here) end(#name, what);                              \
    return result;                                           \
  }

REPLACE(mkdir, is_watched(path), path, (const char *path, mode_t mode), (path, mode))
REPLACE(unlink, is_watched(path), path, (const char *path), (path))
REPLACE(rmdir, is_watched(path), path, (const char *path), (path))
REPLACE(rename, is_watched(from) || is_watched(to), to, (const char *from, const char *to), (from, to))
REPLACE(fsync, is_watched_file(file), "", (int file), (file))

int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
  va_end(more);
  // Files that are only read change nothing; a directory is opened to be flushed.
  int concerns = is_watched(path) && flags & (O_WRONLY | O_RDWR | O_DIRECTORY);
  int here = strikes(concerns);
  if (here && !is_killing()) return wrong("open", path);
  int file = NEXT(open)(path, flags, mode);
  if (file >= 0 && file < FILES) {
    watched[file] = (char)concerns;
    is_read_only[file] = !(flags & (O_WRONLY | O_RDWR));
  }
  if (here) end("open", path);
  return file;
}

ssize_t write(int file, const void *bytes, size_t count) {
  if (file >= 0 && file < FILES && is_full[file]) return wrong("write", "");
  int here = strikes(is_watched_file(file));
  if (here && !is_killing()) {
    if (strcmp(setting("SAVE_FAULT"), "ENOSPC") != 0 || count < 2) return wrong("write", "");
    is_full[file] = 1;
    return NEXT(write)(file, bytes, count / 2);
  }
  ssize_t result = NEXT(write)(file, bytes, count);
  if (here) end("write", "");
  return result;
}

int close(int file) {
  int here = strikes(is_watched_file(file) && !is_read_only[file]);
  if (file >= 0 && file < FILES) watched[file] = is_full[file] = 0;
  int result = NEXT(close)(file);
  if (here && is_killing()) end("close", "");
  return here ? wrong("close", "") : result;
}
