// Loaded into the daemon by a test (LD_PRELOAD): writes down the calls that matter to what survives a power loss, lets some of them
// fail, and shifts the wall clock.
//
// UPSERTD_TEST_ROOT is the folder whose files count; UPSERTD_TEST_CALLS gets a line for each call, after it was made:
// "call<tab>result<tab>path" and, for a rename, "<tab>new path". UPSERTD_TEST_CONTROL is read all the time, so that the test may change it
// while the daemon runs.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/// Its fields' places are known to the test.
struct rule {
  char call[16];
  /// A pattern for fnmatch.
  char path[224];
  int32_t error;
  /// How many calls are let through first.
  _Atomic int32_t skip;
  int32_t unused;
  /// How often it still applies; -1 for always.
  _Atomic int32_t left;
  /// Whether the call is made anyway.
  int32_t is_done;
  _Atomic int32_t hits;
};

struct control {
  _Atomic int64_t clock_shift_seconds;
  int64_t unused;
  struct rule rules[8];
};

static struct control none;
static struct control *control = &none;
static const char *root = "";
static int calls = -1;
static uintptr_t own_start, own_end;

static int note_program(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size, (void)context;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    if (own_start == 0 || start < own_start) own_start = start;
    if (start + info->dlpi_phdr[i].p_memsz > own_end) own_end = start + info->dlpi_phdr[i].p_memsz;
  }
  return 1;
}

__attribute__((constructor)) static void begin(void) {
  // The first object is the program itself.
  dl_iterate_phdr(note_program, NULL);
  const char *path = getenv("UPSERTD_TEST_ROOT");
  if (path) root = path;
  path = getenv("UPSERTD_TEST_CALLS");
  if (path) calls = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  path = getenv("UPSERTD_TEST_CONTROL");
  int file = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) control = mapped;
  syscall(SYS_close, file);
}

static int counts(const char *path) {
  size_t length = strlen(root);
  return length > 0 && strncmp(path, root, length) == 0;
}

static int counts_at(int folder, const char *path) { return (folder == AT_FDCWD || path[0] == '/') && counts(path); }

/// The path of an open file as it is called now; false where it is none of the test's.
static int path_of(int file, char *path) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  int error = errno;
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  errno = error;
  if (length < 0) return 0;
  path[length] = 0;
  return counts(path);
}

static void tell(const char *call, long result, const char *path, const char *to) {
  if (calls < 0) return;
  char line[2 * PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%s\t%ld\t%s%s%s\n", call, result, path, to ? "\t" : "", to ? to : "");
  int error = errno;
  syscall(SYS_write, calls, line, (size_t)length);
  errno = error;
}

/// The rule that a call falls under now; each time counts.
static struct rule *rule_for(const char *call, const char *path) {
  for (int i = 0; i < 8; i++) {
    struct rule *rule = &control->rules[i];
    if (rule->call[0] == 0 || strcmp(rule->call, call) != 0 || fnmatch(rule->path, path, 0) != 0) continue;
    int32_t skip = atomic_load(&rule->skip);
    while (skip > 0 && !atomic_compare_exchange_weak(&rule->skip, &skip, skip - 1)) {}
    if (skip > 0) continue;
    int32_t left = atomic_load(&rule->left);
    while (left > 0 && !atomic_compare_exchange_weak(&rule->left, &left, left - 1)) {}
    if (left == 0) continue;
    atomic_fetch_add(&rule->hits, 1);
    return rule;
  }
  return NULL;
}

/// Makes a call on `path`, or answers as a rule says; `call` is the name that rules and lines have for it.
#define CARRY_OUT(call, path, to, make)                     \
  struct rule *rule = rule_for(call, path);                 \
  long result = -1;                                         \
  if (!rule || rule->is_done) result = (long)(make);        \
  if (rule) {                                               \
    result = -1;                                            \
    errno = rule->error;                                    \
  }                                                         \
  tell(call, result, path, to);

#define ON_FILE(call, file, type, make)                     \
  char path[PATH_MAX];                                      \
  if (!path_of(file, path)) return (type)(make);            \
  CARRY_OUT(call, path, NULL, make)                         \
  return (type)result;

static int open_at(int folder, const char *name, int flags, mode_t mode) {
  if (!counts_at(folder, name)) return (int)syscall(SYS_openat, folder, name, flags, mode);
  CARRY_OUT((flags & O_CREAT) ? "create" : "open", name, NULL, syscall(SYS_openat, folder, name, flags, mode))
  return (int)result;
}

#define MODE(flags)                                         \
  mode_t mode = 0;                                          \
  if ((flags) & (O_CREAT | O_TMPFILE)) {                    \
    va_list rest;                                           \
    va_start(rest, flags);                                  \
    mode = va_arg(rest, mode_t);                            \
    va_end(rest);                                           \
  }

EXPORT int open(const char *name, int flags, ...) {
  MODE(flags)
  return open_at(AT_FDCWD, name, flags, mode);
}

EXPORT int open64(const char *name, int flags, ...) {
  MODE(flags)
  return open_at(AT_FDCWD, name, flags | O_LARGEFILE, mode);
}

EXPORT int openat(int folder, const char *name, int flags, ...) {
  MODE(flags)
  return open_at(folder, name, flags, mode);
}

EXPORT int openat64(int folder, const char *name, int flags, ...) {
  MODE(flags)
  return open_at(folder, name, flags | O_LARGEFILE, mode);
}

EXPORT ssize_t read(int file, void *bytes, size_t count) {
  ON_FILE("read", file, ssize_t, syscall(SYS_read, file, bytes, count))
}

EXPORT ssize_t pread(int file, void *bytes, size_t count, off_t place) {
  ON_FILE("read", file, ssize_t, syscall(SYS_pread64, file, bytes, count, place))
}

EXPORT ssize_t pread64(int file, void *bytes, size_t count, off64_t place) {
  ON_FILE("read", file, ssize_t, syscall(SYS_pread64, file, bytes, count, place))
}

EXPORT ssize_t write(int file, const void *bytes, size_t count) {
  ON_FILE("write", file, ssize_t, syscall(SYS_write, file, bytes, count))
}

EXPORT ssize_t pwrite(int file, const void *bytes, size_t count, off_t place) {
  ON_FILE("write", file, ssize_t, syscall(SYS_pwrite64, file, bytes, count, place))
}

EXPORT ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t place) {
  ON_FILE("write", file, ssize_t, syscall(SYS_pwrite64, file, bytes, count, place))
}

EXPORT int fsync(int file) { ON_FILE("sync", file, int, syscall(SYS_fsync, file)) }

EXPORT int fdatasync(int file) { ON_FILE("sync", file, int, syscall(SYS_fdatasync, file)) }

EXPORT int close(int file) { ON_FILE("close", file, int, syscall(SYS_close, file)) }

EXPORT int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  if (!counts_at(from_folder, from)) return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
  CARRY_OUT("rename", from, to, syscall(SYS_renameat2, from_folder, from, to_folder, to, flags))
  return (int)result;
}

EXPORT int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  return renameat2(from_folder, from, to_folder, to, 0);
}

EXPORT int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

EXPORT int unlinkat(int folder, const char *name, int flags) {
  if (!counts_at(folder, name)) return (int)syscall(SYS_unlinkat, folder, name, flags);
  CARRY_OUT("unlink", name, NULL, syscall(SYS_unlinkat, folder, name, flags))
  return (int)result;
}

EXPORT int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }

/// Whatever came of it: most are answered later.
EXPORT int connect(int socket, const struct sockaddr *address, socklen_t length) {
  int result = (int)syscall(SYS_connect, socket, address, length);
  if (address->sa_family == AF_INET || address->sa_family == AF_INET6) tell("connect", 0, "", NULL);
  return result;
}

/// Only what the program itself asks: the waits of libraries are against the kernel's own clock.
EXPORT int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = (int)syscall(SYS_clock_gettime, clock, time);
  uintptr_t caller = (uintptr_t)__builtin_return_address(0);
  if (result == 0 && clock == CLOCK_REALTIME && caller >= own_start && caller < own_end) {
    time->tv_sec += atomic_load(&control->clock_shift_seconds);
  }
  return result;
}
