/* A limit: how fast bodies of 500 members, built beforehand in memory, go to the server
 * over C keep-alive connections, one thread each.
 *
 *   post FILE.json PORT CONNECTIONS REPEATS
 *
 * FILE is one of workloads.py's .json files (one member a line between two brackets).
 * Prints the seconds that posting took; building the bodies is not in them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "bodies.h"

static struct bodies all;
static int port, repeats;
static size_t next_body;
static const char *path;

static void die(const char *what) { perror(what); exit(1); }

static void *worker(void *unused) {
    (void)unused;
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (void *)&a, sizeof a)) die("connect");
    char head[300], in[65536];
    for (size_t i; (i = __atomic_fetch_add(&next_body, 1, __ATOMIC_RELAXED)) < all.n * repeats;) {
        struct body *b = &all.v[i % all.n];
        int n = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer t\r\n"
            "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", path, b->len);
        struct iovec iov[2] = { { head, n }, { b->p, b->len } };
        ssize_t done = writev(fd, iov, 2);
        if (done < n) die("writev");
        for (size_t off = done - n; off < b->len; off += done)
            if ((done = write(fd, b->p + off, b->len - off)) <= 0) die("write");
        size_t got = 0, want = 0;            /* read the head, then the rest of the reply */
        while (!want || got < want) {
            ssize_t r = read(fd, in + (want ? 0 : got), want ? sizeof in : sizeof in - 1 - got);
            if (r <= 0) die("read");
            got += r;
            if (!want) {
                in[got] = 0;
                char *end = strstr(in, "\r\n\r\n"), *cl = strcasestr(in, "content-length:");
                if (!end || !cl) continue;
                if (strncmp(in + 9, "20", 2)) { fprintf(stderr, "refused: %.40s\n", in); exit(1); }
                want = end + 4 - in + strtoul(cl + 15, NULL, 10);
            }
        }
    }
    close(fd);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 5) return fprintf(stderr, "usage: post FILE.json PORT CONNECTIONS REPEATS\n"), 2;
    all = read_bodies(argv[1], 500);
    path = all.object ? "/api/investorrecords/$batchUpsert?successMode=Partial" : "/ls/api/items/upsert";
    port = atoi(argv[2]); repeats = atoi(argv[4]);
    int c = atoi(argv[3]);
    struct timespec t0, t1; struct rusage u0, u1;
    getrusage(RUSAGE_SELF, &u0);
    clock_gettime(CLOCK_MONOTONIC, &t0);
    pthread_t th[64];
    for (int i = 0; i < c && i < 64; i++) pthread_create(&th[i], NULL, worker, NULL);
    for (int i = 0; i < c && i < 64; i++) pthread_join(th[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &t1);
    getrusage(RUSAGE_SELF, &u1);
    printf("{\"seconds\":%.6f,\"cpu\":%.3f,\"members\":%zu}\n", t1.tv_sec - t0.tv_sec + (t1.tv_nsec - t0.tv_nsec) / 1e9,
        cpu_s(&u1) - cpu_s(&u0), all.members * repeats);
    return 0;
}
