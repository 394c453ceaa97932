/* Preloaded, it makes a kernel without inotify of any: what is left is looking at the folders again and again. */
#include <errno.h>

int inotify_init1(int flags) {
    (void)flags;
    errno = ENOSYS;
    return -1;
}
