// A limit: parsing.  Read an NDJSON file in 4 MiB pieces and validate every line with
// simdjson (DOM, one parser used again and again, one thread).
//
//   parse FILE.ndjson REPEATS
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <simdjson.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

static double cpu() {
    rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: parse FILE.ndjson REPEATS\n"), 2;
    const size_t piece = 4 << 20;
    std::vector<char> buf(piece + simdjson::SIMDJSON_PADDING);
    simdjson::dom::parser parser;
    size_t docs = 0, bytes = 0;
    double c0 = cpu();
    auto t0 = std::chrono::steady_clock::now();
    for (int r = atoi(argv[2]); r > 0; r--) {
        int fd = open(argv[1], O_RDONLY);
        if (fd < 0) return perror(argv[1]), 1;
        size_t have = 0;
        for (ssize_t n; (n = read(fd, buf.data() + have, piece - have)) > 0;) {
            have += n;
            char *last = (char *)memrchr(buf.data(), '\n', have);
            if (!last) return fputs("a line longer than the piece\n", stderr), 1;
            size_t whole = last + 1 - buf.data();
            simdjson::dom::document_stream stream;
            if (parser.parse_many(buf.data(), whole, 1 << 20).get(stream)) return fputs("parse_many\n", stderr), 1;
            for (auto doc : stream) {
                if (doc.error()) return fprintf(stderr, "bad document %zu\n", docs), 1;
                docs++;
            }
            bytes += whole;
            have -= whole;
            memmove(buf.data(), buf.data() + whole, have);
        }
        close(fd);
    }
    double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count();
    printf("{\"seconds\":%.6f,\"cpu\":%.3f,\"members\":%zu,\"bytes\":%zu}\n", s, cpu() - c0, docs, bytes);
}
