/* A limit: the disk.  Bodies of 500 members made durable, then marked as done.
 *
 *   disk FILE.json DIR full|normal|full-row|file
 *
 * full, normal: SQLite, WAL, synchronous=FULL or NORMAL; each body is inserted as a
 *   BLOB in a transaction of its own; then each is marked done, in a transaction of its
 *   own, in a small table beside it.
 * full-row: the same, but the mark is a column of the body's own row.
 * file: no database: each body is appended to a file, then fdatasync; the marks are
 *   16-byte appends to a second file, each with fdatasync.
 */
#define _GNU_SOURCE
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "bodies.h"

static sqlite3 *db;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void must(int rc) { if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW) { fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db)); exit(1); } }
static void sql(const char *s) { must(sqlite3_exec(db, s, NULL, NULL, NULL)); }
static sqlite3_stmt *prep(const char *s) { sqlite3_stmt *q; must(sqlite3_prepare_v2(db, s, -1, &q, NULL)); return q; }
static void run(sqlite3_stmt *q) { must(sqlite3_step(q)); must(sqlite3_reset(q)); }

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: disk FILE.json DIR full|normal|full-row|file\n"), 2;
    struct bodies all = read_bodies(argv[1], 500);
    const char *mode = argv[3];
    char path[4096];
    struct rusage u0, u1;
    double t0, t1, t2;
    if (!strcmp(mode, "file")) {
        snprintf(path, sizeof path, "%s/bodies", argv[2]);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        snprintf(path, sizeof path, "%s/marks", argv[2]);
        int mk = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        getrusage(RUSAGE_SELF, &u0);
        t0 = now();
        for (size_t i = 0; i < all.n; i++)
            if (write(fd, all.v[i].p, all.v[i].len) != (ssize_t)all.v[i].len || fdatasync(fd)) { perror("write"); return 1; }
        t1 = now();
        for (size_t i = 0; i < all.n; i++)
            if (write(mk, "0123456789abcde\n", 16) != 16 || fdatasync(mk)) { perror("write"); return 1; }
    } else {
        int row = !strcmp(mode, "full-row");
        snprintf(path, sizeof path, "%s/bench.db", argv[2]);
        must(sqlite3_open(path, &db));
        sql("PRAGMA journal_mode=WAL");
        sql(!strcmp(mode, "normal") ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL");
        sql("CREATE TABLE batch(id INTEGER PRIMARY KEY, done INTEGER, body BLOB)");
        sql("CREATE TABLE done(id INTEGER PRIMARY KEY, at INTEGER)");
        sqlite3_stmt *ins = prep("INSERT INTO batch VALUES(?1,0,?2)"),
                     *mark = prep(row ? "UPDATE batch SET done=1 WHERE id=?1" : "INSERT INTO done VALUES(?1,1)");
        getrusage(RUSAGE_SELF, &u0);
        t0 = now();
        for (size_t i = 0; i < all.n; i++) {
            sqlite3_bind_int64(ins, 1, i + 1);
            sqlite3_bind_blob(ins, 2, all.v[i].p, all.v[i].len, SQLITE_STATIC);
            run(ins);                        /* autocommit: a transaction of its own */
        }
        t1 = now();
        for (size_t i = 0; i < all.n; i++) { sqlite3_bind_int64(mark, 1, i + 1); run(mark); }
        sqlite3_finalize(ins); sqlite3_finalize(mark);
    }
    t2 = now();
    getrusage(RUSAGE_SELF, &u1);
    printf("{\"seconds\":%.6f,\"insert\":%.6f,\"mark\":%.6f,\"cpu\":%.3f,\"bodies\":%zu,\"members\":%zu,\"bytes\":%zu}\n",
        t2 - t0, t1 - t0, t2 - t1, cpu_s(&u1) - cpu_s(&u0), all.n, all.members, all.bytes);
    if (db) sqlite3_close(db);
    return 0;
}
