/* What a command spent: runs it, waits for it, and prints what the kernel counted for it as a line of JSON.
 *
 *   spent FILE COMMAND [ARGUMENT…]      the line goes to FILE
 *
 * A program of its own, since the kernel's peak of a process's memory begins with that of whoever started it: a
 * Python interpreter's would be taken for the command's, this one's does not matter.  The command ends with it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc < 3) return fputs("usage: spent FILE COMMAND [ARGUMENT...]\n", stderr), 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    double began = now();
    pid_t child = fork();
    if (child < 0) return perror("spent: fork"), 2;
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status;
    struct rusage u;
    if (wait4(child, &status, 0, &u) != child) return perror("spent: wait"), 2;
    double wall = now() - began;
    FILE *out = fopen(argv[1], "w");
    if (!out) return perror(argv[1]), 2;
    fprintf(out, "{\"seconds\": %.6f, \"cpu\": %.6f, \"user\": %.6f, \"system\": %.6f, \"peak_kib\": %ld, \"status\": %d}\n",
        wall,
        u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6,
        u.ru_utime.tv_sec + u.ru_utime.tv_usec / 1e6, u.ru_stime.tv_sec + u.ru_stime.tv_usec / 1e6,
        u.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return fclose(out) ? 2 : 0;
}
