/* Cuts one of workloads.py's .json files (one member a line) into bodies of `per` members. */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct body { char *p; size_t len, members; };
struct bodies { struct body *v; size_t n, members, bytes; bool object; };

static struct bodies read_bodies(const char *file, size_t per) {
    int fd = open(file, O_RDONLY);
    struct stat sb;
    if (fd < 0 || fstat(fd, &sb)) { perror(file); exit(1); }
    char *m = mmap(NULL, sb.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0), *end = m + sb.st_size;
    struct bodies r = { .object = m[0] == '{' };
    char *store = malloc(sb.st_size + sb.st_size / 64 + 4096), *o = store;
    struct body *cur = NULL;
    for (char *l = memchr(m, '\n', end - m) + 1, *e; l < end && (e = memchr(l, '\n', end - l)); l = e + 1) {
        if (*l == m[0] + 2) break;                       /* ] or } ends the file */
        size_t n = e - l - (e[-1] == ',');
        if (!cur || cur->members == per) {
            if (cur) { *o++ = m[0] + 2; cur->len = o - cur->p; }
            r.v = realloc(r.v, (r.n + 1) * sizeof *r.v);
            cur = &r.v[r.n++];
            *cur = (struct body){ .p = o };
            *o++ = m[0];
        } else *o++ = ',';
        memcpy(o, l, n); o += n;
        cur->members++; r.members++;
    }
    if (cur) { *o++ = m[0] + 2; cur->len = o - cur->p; }
    r.bytes = o - store;
    munmap(m, sb.st_size);
    close(fd);
    return r;
}

static inline double cpu_s(const struct rusage *u) {
    return u->ru_utime.tv_sec + u->ru_stime.tv_sec + (u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}
