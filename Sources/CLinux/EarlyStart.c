#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int kept[2] = {-1, -1};

static void keep(int number) {
  const int before = errno;
  const unsigned char byte = (unsigned char)number;
  // A full pipe already says enough.
  if (write(kept[1], &byte, 1) < 0) { }
  errno = before;
}

int clinux_keep_signals(void) {
  if (kept[0] >= 0) return 0;
  if (pipe2(kept, O_CLOEXEC | O_NONBLOCK) != 0) return errno;
  struct sigaction action = {.sa_handler = keep, .sa_flags = SA_RESTART};
  sigfillset(&action.sa_mask);
  const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
  for (int i = 0; i < 3; i++) sigaction(numbers[i], &action, NULL);
  return 0;
}

// Limits what malloc keeps for itself (mallopt(3)). glibc gives each new thread a heap of its own and lets freed blocks
// stay in it, which doubles the memory of a daemon with a dozen threads. Here all threads share one heap, at no
// measurable cost. It must be set before there is a second thread.
static void keep_heap_small(void) {
  mallopt(M_ARENA_MAX, 1);
  // Request bodies are mapped, and unmapped as soon as they are freed; without a fixed value the threshold would rise
  // above their size.
  mallopt(M_MMAP_THRESHOLD, 4096 * 1024);
  mallopt(M_TRIM_THRESHOLD, 4096 * 1024);
}

// Before `main`, the earliest point possible for a program: a signal that arrives before anything waits for it would
// end the process or be lost. Other commands are ended by a signal like any program.
__attribute__((constructor)) static void start_early(int count, char **arguments) {
  if (count < 2 || strcmp(arguments[1], "run") != 0) return;
  clinux_keep_signals();
  keep_heap_small();
}

int clinux_next_signal(long milliseconds) {
  struct pollfd entry = {.fd = kept[0], .events = POLLIN};
  const int limit = milliseconds < 0 ? -1 : milliseconds > 3600000 ? 3600000 : (int)milliseconds;
  unsigned char number;
  if (poll(&entry, 1, limit) < 1 || read(kept[0], &number, 1) != 1) return 0;
  return number;
}

unsigned long clinux_raise_open_files(unsigned long most, unsigned long *before) {
  struct rlimit limit;
  *before = 0;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  *before = limit.rlim_cur;
  const rlim_t wanted = limit.rlim_max < most ? limit.rlim_max : most;
  if (wanted <= limit.rlim_cur) return limit.rlim_cur;
  const struct rlimit raised = {.rlim_cur = wanted, .rlim_max = limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? wanted : limit.rlim_cur;
}
