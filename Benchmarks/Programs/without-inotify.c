/* Preloaded, it makes any kernel one without inotify, so that the folders are polled. */
#include <errno.h>

int inotify_init1(int flags) {
    (void)flags;
    errno = ENOSYS;
    return -1;
}
