/* Preloaded under valgrind: libdispatch parks the main thread in sigsuspend() with a signal mask in memory that can't
 * be written to, and valgrind up to 3.19 (Debian 12) edits the mask where it lies, and crashes.  Here the thread sets the
 * mask, which it had blocked signals for, and waits: upsertd's signals are taken on this thread. */
#include <signal.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    sigset_t own = *mask;
    pthread_sigmask(SIG_SETMASK, &own, NULL);
    for (;;) pause();
}
