/* The server of the benchmarks: HTTP/1.1 on the loopback address, one thread, epoll, keep-alive.  It plays the two
 * APIs well enough to be uploaded to, counts what it was sent, and uses well under a CPU second per million items.
 *
 *   sink [--port P] [--delay-ms N] [--fail-every K] [--fail-for-s T] [--poison TEXT]
 *        [--fail-status S] [--dump FILE]
 *
 * It prints "listening PORT" when ready, answers GET /stats with its counters, and prints them on SIGTERM.  It ends
 * with whoever started it.  Every reply but /stats is held back N ms by a timer.  Every Kth upsert, every one in the
 * first T seconds, and every one with TEXT in it, is answered S (default 500) and its items are counted as refused,
 * not as items.  --dump writes every upsert's body to FILE, a line with "#" and the status it was answered after each.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct { char *p; size_t len, cap; } buf;

static void need(buf *b, size_t n) {
    if (b->len + n <= b->cap) return;
    b->cap = (b->len + n) * 2;
    if (!(b->p = realloc(b->p, b->cap))) { perror("realloc"); exit(1); }
}
static void add(buf *b, const void *p, size_t n) { need(b, n); memcpy(b->p + b->len, p, n); b->len += n; }
static void adds(buf *b, const char *s) { add(b, s, strlen(s)); }
static void drop(buf *b, size_t n) { b->len -= n; memmove(b->p, b->p + n, b->len); }

/* ---- JSON scan, 64 bytes a step: where strings are, how deep we are, and how many
 * commas are at depth 1.  It trusts the document to be well formed. */
typedef struct {
    uint64_t in_str;   /* all ones when the last step ended inside a string */
    uint64_t esc;      /* 1 when the next byte is escaped */
    int depth;
    uint64_t commas;   /* at depth 1 */
    bool any;          /* a string, object or array is inside the outermost bracket */
    bool keep;         /* note the offsets after which a top-level key begins */
    size_t base, *at, n_at, cap_at;
} scan;

#ifdef __SSE2__
typedef struct { __m128i v[4]; } block;
static block load(const char *p) {
    block b;
    for (int i = 0; i < 4; i++) b.v[i] = _mm_loadu_si128((const __m128i *)p + i);
    return b;
}
static block fold(block b) {                          /* [ ] onto { } */
    for (int i = 0; i < 4; i++) b.v[i] = _mm_or_si128(b.v[i], _mm_set1_epi8(0x20));
    return b;
}
static uint64_t eq64(const block *b, char c) {        /* a bit for each byte that is c */
    __m128i k = _mm_set1_epi8(c);
    return (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(b->v[0], k)) |
           (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(b->v[1], k)) << 16 |
           (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(b->v[2], k)) << 32 |
           (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(b->v[3], k)) << 48;
}
#else                                                 /* the same, byte by byte: slower, so limits look lower */
typedef struct { char v[64]; } block;
static block load(const char *p) { block b; memcpy(b.v, p, 64); return b; }
static block fold(block b) { for (int i = 0; i < 64; i++) b.v[i] |= 0x20; return b; }
static uint64_t eq64(const block *b, char c) {
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++) bits |= (uint64_t)(b->v[i] == c) << i;
    return bits;
}
#endif
static void note(scan *s, int bit) {
    if (s->n_at == s->cap_at) s->at = realloc(s->at, (s->cap_at = s->cap_at * 2 + 1024) * sizeof *s->at);
    s->at[s->n_at++] = s->base + bit + 1;
}
static void count(scan *s, uint64_t commas) {
    s->commas += __builtin_popcountll(commas);
    if (s->keep) for (; commas; commas &= commas - 1) note(s, __builtin_ctzll(commas));
}
static void step(scan *s, const char *p) {
    block v = load(p), f = fold(v);
    uint64_t escaped = s->esc; s->esc = 0;
    for (uint64_t bs = eq64(&v, '\\'); bs; bs &= bs - 1) {
        int i = __builtin_ctzll(bs);
        if (escaped >> i & 1) continue;
        if (i == 63) s->esc = 1; else escaped |= 2ull << i;
    }
    uint64_t quotes = eq64(&v, '"') & ~escaped, in = quotes;
    for (int k = 1; k < 64; k *= 2) in ^= in << k;    /* prefix xor: 1 inside strings */
    in ^= s->in_str;
    s->in_str = (uint64_t)((int64_t)in >> 63);
    uint64_t open = eq64(&f, '{') & ~in, close = eq64(&f, '}') & ~in, commas = eq64(&v, ',') & ~in;
    if (s->depth) s->any |= (quotes | open) != 0;
    uint64_t left = ~0ull;                            /* bits not yet accounted for */
    for (uint64_t b = open | close; b; b &= b - 1) {
        uint64_t bit = b & -b;
        if (s->depth == 1) count(s, commas & left & (bit - 1));
        left = ~(bit | (bit - 1));
        if (open & bit) {
            if (s->depth++ == 0) {
                if (s->keep) note(s, __builtin_ctzll(bit));
                s->any |= ((quotes | open) & left) != 0;
            }
        } else s->depth--;
    }
    if (s->depth == 1) count(s, commas & left);
    s->base += 64;
}

/* ---- connections */
enum state { HEAD, BODY, CHUNK_SIZE, CHUNK_DATA, CHUNK_CRLF, TRAILER, WAIT };
enum route { TOKEN, ITEMS, RECORDS, STATS, OTHER };
typedef struct conn {
    int fd;
    enum state state;
    enum route route;
    bool close_after, is_get, counted;
    size_t left, taken;      /* body bytes still to come in this piece; received in all */
    buf in, body, out;       /* body: what is not yet scanned, or all of it when kept */
    size_t scanned;
    scan s;
    struct timespec due;
    struct conn *next;
} conn;

static struct { uint64_t requests, upserts, items, refused_requests, refused_items, bytes, tokens, other, connections; double first, last; } st;
static long delay_ms, fail_every, fail_for_s, fail_status = 500;
static double started;
static const char *poison;
static FILE *dump;
static conn *wait_head, **wait_tail = &wait_head;
static volatile sig_atomic_t stop;

static double now_real(void) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); return t.tv_sec + t.tv_nsec / 1e9; }

static int stats_json(char *o, size_t n) {
    struct rusage u; getrusage(RUSAGE_SELF, &u);
    return snprintf(o, n, "{\"requests\":%lu,\"upserts\":%lu,\"items\":%lu,\"refused_requests\":%lu,\"refused_items\":%lu,"
        "\"bytes\":%lu,\"tokens\":%lu,\"other\":%lu,\"connections\":%lu,\"first\":%.6f,\"last\":%.6f,\"cpu\":%.3f}\n",
        st.requests, st.upserts, st.items, st.refused_requests, st.refused_items, st.bytes, st.tokens, st.other,
        st.connections, st.first, st.last,
        u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
}

static void scan_body(conn *c, bool end) {
    while (c->body.len - c->scanned >= 64) { step(&c->s, c->body.p + c->scanned); c->scanned += 64; }
    if (end) {
        char last[64]; memset(last, ' ', 64);
        memcpy(last, c->body.p + c->scanned, c->body.len - c->scanned);
        step(&c->s, last);
    } else if (!c->s.keep && !dump && !poison) { drop(&c->body, c->scanned); c->scanned = 0; }
}
static void take(conn *c, const char *p, size_t n) {
    c->taken += n;
    if (c->route != ITEMS && c->route != RECORDS) return;
    add(&c->body, p, n);
    scan_body(c, false);
}

/* {"values":{"<id>":{...},...}}: the request's own top-level keys, as they were written */
static void echo_records(conn *c, buf *b) {
    adds(b, "{\"values\":{");
    bool first = true;
    for (size_t i = 0; i < c->s.n_at; i++) {
        char *p = c->body.p + c->s.at[i], *end = c->body.p + c->body.len, *q;
        while (p < end && strchr(" \t\r\n", *p)) p++;
        if (p >= end || *p != '"') continue;
        for (q = p + 1; q < end && *q != '"'; q++) if (*q == '\\') q++;
        if (!first) adds(b, ",");
        first = false;
        add(b, p, q + 1 - p);
        adds(b, ":{\"displayName\":\"x\",\"lusidInvestorRecordId\":\"LIR_1\"}");
    }
    adds(b, "},\"failed\":{},\"links\":[]}");
}

static void reply(conn *c, int status, const char *p, size_t n) {
    char head[200];
    add(&c->out, head, snprintf(head, sizeof head, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
        status, status < 300 ? "OK" : "Refused", n, c->close_after ? "Connection: close\r\n" : ""));
    add(&c->out, p, n);
}

static void finish(conn *c) {              /* the whole request is here: count it, prepare the reply */
    char small[700];
    int status = 200;
    buf big = {0};
    if (c->route == STATS) { reply(c, 200, small, stats_json(small, sizeof small)); return; }
    double t = now_real();
    if (!st.requests++) st.first = t;
    st.bytes += c->taken;
    if (!c->counted) { c->counted = true; st.connections++; }
    if (c->route == ITEMS || c->route == RECORDS) {
        scan_body(c, true);
        uint64_t n = c->s.any ? c->s.commas + 1 : 0;
        st.upserts++;
        if ((fail_every && st.upserts % fail_every == 0) || t - started < fail_for_s ||
            (poison && memmem(c->body.p, c->body.len, poison, strlen(poison)))) {
            st.refused_requests++; st.refused_items += n;
            status = fail_status;
            adds(&big, "{\"error\":\"refused on purpose\"}");
        } else {
            st.items += n; st.last = t;
            if (c->route == ITEMS) add(&big, small, sprintf(small, "{\"count\":%lu}", n));
            else { status = 201; echo_records(c, &big); }
        }
    } else if (c->route == TOKEN) {
        st.tokens++;
        adds(&big, "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":3600,\"refresh_token\":\"r\"}");
    } else { st.other++; adds(&big, "{}"); }
    if (dump && (c->route == ITEMS || c->route == RECORDS)) {
        fwrite(c->body.p, 1, c->body.len, dump);
        fprintf(dump, "\n#%d\n", status);
        fflush(dump);
    }
    reply(c, status, big.p, big.len);
    free(big.p);
    if (delay_ms) {
        clock_gettime(CLOCK_MONOTONIC, &c->due);
        c->due.tv_sec += delay_ms / 1000; c->due.tv_nsec += delay_ms % 1000 * 1000000;
        if (c->due.tv_nsec >= 1000000000) { c->due.tv_sec++; c->due.tv_nsec -= 1000000000; }
        c->state = WAIT; c->next = NULL; *wait_tail = c; wait_tail = &c->next;
    }
}

static bool header(const char *line, size_t n, const char *name, char *val, size_t cap) {
    size_t k = strlen(name);
    if (n < k || strncasecmp(line, name, k)) return false;
    for (line += k, n -= k; n && *line == ' '; line++) n--;
    if (n >= cap) n = cap - 1;
    memcpy(val, line, n); val[n] = 0;
    return true;
}

static void parse_head(conn *c, const char *p, size_t n) {
    char v[128];
    const char *end = p + n, *eol = memmem(p, n, "\r\n", 2);
    size_t first = eol - p;
    c->is_get = !strncmp(p, "GET ", 4);
    c->route = c->is_get && memmem(p, first, " /stats ", 8) ? STATS
             : c->is_get ? OTHER
             : memmem(p, first, "/oauth2/token", 13) ? TOKEN
             : memmem(p, first, "/items/upsert", 13) ? ITEMS
             : memmem(p, first, "/investorrecords/$batchUpsert", 29) || memmem(p, first, "/investorrecords/%24batchUpsert", 31) ? RECORDS
             : OTHER;
    c->close_after = memmem(p, first, "HTTP/1.0", 8) != NULL;
    c->left = c->taken = c->scanned = c->body.len = 0;
    scan s = { .keep = c->route == RECORDS, .at = c->s.at, .cap_at = c->s.cap_at };
    c->s = s;
    c->state = BODY;
    for (p = eol + 2; p < end && (eol = memmem(p, end - p, "\r\n", 2)) && eol > p; p = eol + 2) {
        if (header(p, eol - p, "content-length:", v, sizeof v)) c->left = strtoull(v, NULL, 10);
        else if (header(p, eol - p, "transfer-encoding:", v, sizeof v)) { if (strcasestr(v, "chunked")) c->state = CHUNK_SIZE; }
        else if (header(p, eol - p, "expect:", v, sizeof v)) adds(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
        else if (header(p, eol - p, "connection:", v, sizeof v)) { if (strcasestr(v, "close")) c->close_after = true; }
    }
}

static bool flush_out(conn *c) {           /* false: the connection is to be closed */
    size_t done = 0;
    while (done < c->out.len) {
        ssize_t n = send(c->fd, c->out.p + done, c->out.len - done, MSG_NOSIGNAL);
        if (n < 0) { if (errno == EAGAIN) break; return false; }
        done += n;
    }
    drop(&c->out, done);
    return !(c->close_after && c->out.len == 0 && c->state == HEAD);
}

static void advance(conn *c) {             /* consume what has arrived */
    size_t pos = 0;
    char *p, *nl;
    for (bool more = true; more && c->state != WAIT;) {
        size_t avail = c->in.len - pos;
        p = c->in.p + pos;
        switch (c->state) {
        case HEAD:
            if (!avail || !(nl = memmem(p, avail, "\r\n\r\n", 4))) { more = false; break; }
            parse_head(c, p, nl + 4 - p);
            pos += nl + 4 - p;
            break;
        case BODY: case CHUNK_DATA: {
            size_t n = avail < c->left ? avail : c->left;
            take(c, p, n);
            pos += n; c->left -= n;
            if (c->left) more = false;
            else if (c->state == CHUNK_DATA) c->state = CHUNK_CRLF;
            else { c->state = HEAD; finish(c); }
            break;
        }
        case CHUNK_CRLF: case CHUNK_SIZE: case TRAILER:
            if (!avail || !(nl = memmem(p, avail, "\r\n", 2))) { more = false; break; }
            pos += nl + 2 - p;
            if (c->state == CHUNK_CRLF) c->state = CHUNK_SIZE;
            else if (c->state == CHUNK_SIZE) { c->left = strtoull(p, NULL, 16); c->state = c->left ? CHUNK_DATA : TRAILER; }
            else if (nl == p) { c->state = HEAD; finish(c); }
            break;
        case WAIT: break;
        }
    }
    drop(&c->in, pos);
}

static void drive(conn *c) {               /* edge-triggered: go on until the socket has no more */
    while (c->state != WAIT) {             /* WAIT: the reply is held back, nothing is read */
        if (!flush_out(c)) goto gone;
        advance(c);
        if (c->state == WAIT) return;
        if (!flush_out(c)) goto gone;
        need(&c->in, 256 << 10);
        ssize_t n = recv(c->fd, c->in.p + c->in.len, 256 << 10, 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) goto gone;
        c->in.len += n;
    }
    return;
gone:
    close(c->fd);
    free(c->in.p); free(c->body.p); free(c->out.p); free(c->s.at); free(c);
}

static void on_term(int sig) { (void)sig; stop = 1; }

int main(int argc, char **argv) {
    int port = 0, one = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--port")) port = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--delay-ms")) delay_ms = atol(argv[i + 1]);
        else if (!strcmp(argv[i], "--fail-every")) fail_every = atol(argv[i + 1]);
        else if (!strcmp(argv[i], "--fail-status")) fail_status = atol(argv[i + 1]);
        else if (!strcmp(argv[i], "--fail-for-s")) fail_for_s = atol(argv[i + 1]);
        else if (!strcmp(argv[i], "--poison")) poison = argv[i + 1];
        else if (!strcmp(argv[i], "--dump")) dump = fopen(argv[i + 1], "w");
        else { fprintf(stderr, "sink: unknown option %s\n", argv[i]); return 2; }
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    started = now_real();
    sigset_t blocked, during; sigemptyset(&blocked); sigaddset(&blocked, SIGTERM); sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &during);
    struct sigaction sa = { .sa_handler = on_term }; sigaction(SIGTERM, &sa, NULL); sigaction(SIGINT, &sa, NULL);

    int ls = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t alen = sizeof a;
    if (bind(ls, (void *)&a, sizeof a) || listen(ls, 256)) { perror("sink: bind"); return 1; }
    getsockname(ls, (void *)&a, &alen);
    printf("listening %d\n", ntohs(a.sin_port)); fflush(stdout);

    int ep = epoll_create1(0);
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL }, evs[64];
    epoll_ctl(ep, EPOLL_CTL_ADD, ls, &ev);
    while (!stop) {
        struct timespec t, *wait = NULL;
        if (wait_head) {
            clock_gettime(CLOCK_MONOTONIC, &t);
            int64_t ns = (wait_head->due.tv_sec - t.tv_sec) * 1000000000ll + wait_head->due.tv_nsec - t.tv_nsec;
            if (ns < 0) ns = 0;
            t = (struct timespec){ ns / 1000000000, ns % 1000000000 };
            wait = &t;
        }
        int n = epoll_pwait2(ep, evs, 64, wait, &during);
        for (int i = 0; i < n; i++) {
            if (evs[i].data.ptr) { drive(evs[i].data.ptr); continue; }
            for (int fd; (fd = accept4(ls, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                conn *c = calloc(1, sizeof *c);
                c->fd = fd;
                ev.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET; ev.data.ptr = c;
                epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
            }
        }
        clock_gettime(CLOCK_MONOTONIC, &t);
        for (conn *c; (c = wait_head) && (c->due.tv_sec < t.tv_sec || (c->due.tv_sec == t.tv_sec && c->due.tv_nsec <= t.tv_nsec));) {
            if (!(wait_head = c->next)) wait_tail = &wait_head;
            c->state = HEAD;
            drive(c);
        }
    }
    if (dump) fclose(dump);
    char out[700];
    fwrite(out, 1, stats_json(out, sizeof out), stdout);
    return 0;
}
