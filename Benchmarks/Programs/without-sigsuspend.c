/* Preloaded under valgrind: libdispatch parks the main thread in sigsuspend() with a signal mask in memory that can't
 * be written to, and valgrind up to 3.19 (Debian 12) edits the mask where it lies, and crashes.  Here the thread just
 * waits, which is all that sigsuspend() is for there. */
#include <signal.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    (void)mask;
    for (;;) pause();
}
