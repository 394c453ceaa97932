#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int kept[2] = {-1, -1};

static void keep(int number) {
  const int before = errno;
  const unsigned char byte = (unsigned char)number;
  // A full pipe has told enough.
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

// Before `main`, which is the earliest that a program can do: a signal that comes before somebody waits for it would end
// the process, or be lost. Other commands end by a signal as any program does.
__attribute__((constructor)) static void keep_early(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "run") == 0) clinux_keep_signals();
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
