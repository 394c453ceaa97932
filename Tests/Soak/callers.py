"""Hostile users of the machine: at the admin address, and at the control socket, as far as its mode lets them."""

import json
import socket
import struct
import threading

from attack import repeat

PATHS = ["/api/status", "/metrics", "/", "/healthz", "/readyz", "/api/dashboard", "/api/history", "/api/files"]
ODD_PATHS = [
    "/api/files/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/api/files/..%2f..%2fetc/passwd", "/api/files/%00", "/api/files/" + "0" * 9000,
    "//", "*", "http://127.0.0.1/metrics", "/%",
    "/api/files?limit=9223372036854775808&before=%ff", "/api/files?limit=-1&search=" + "%20a" * 2000,
    "/api/files?search=%25_%27%22;--&state=x&inbox=%00",
    "/api/dashboard?since=9223372036854775808", "/api/dashboard?since=" + "9" * 8000, "/?" + "&" * 9000, "/metrics#x",
    "/\u00e9", "/a b",
]
HEADS = [
    "Host: evil.example", "Host: ", "Host: localhost\r\nHost: localhost", "Origin: http://evil.example",
    "Content-Length: 9223372036854775808", "Content-Length: -1",
    "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked", "Expect: 100-continue",
    "Range: bytes=0-9223372036854775807", "Connection: upgrade\r\nUpgrade: h2c",
    "Sec-Fetch-Site: cross-site", "X: \0", ": no name", "X : y", " folded: z", "If-None-Match: *",
    "Accept-Encoding: gzip;q=1e999",
]


class Caller:
    """Somebody who calls the admin address."""

    def __init__(self, port, stop):
        self.port, self.stop = port, stop

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def get(self, connection, path, *heads, method="GET", version="HTTP/1.1"):
        lines = [f"{method} {path} {version}", *(heads or [f"Host: 127.0.0.1:{self.port}"]), "", ""]
        connection.sendall("\r\n".join(lines).encode())

    def read(self, connection, most=4 << 20):
        count = 0
        while count < most:
            data = connection.recv(65536)
            if not data:
                break
            count += len(data)

    def half_open(self, rng):
        start = rng.choice([b"", b"G", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n", b"\x16\x03\x01"])
        kept = []
        try:
            for _ in range(rng.choice([100, 300])):
                kept.append(self.connect())
                kept[-1].sendall(start)
        except OSError:
            pass
        self.stop.wait(rng.choice([0, 5, 12]))
        for connection in kept:
            connection.close()

    def garbage(self, rng):
        for _ in range(20):
            with self.connect() as connection:
                connection.sendall(rng.choice([
                    rng.randbytes(rng.randrange(1, 5000)), b"\r\n" * 5000, b"\0" * 5000, b"GET\r\n\r\n",
                    b"GET / HTTP/9223372036854775808.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/1.1\nHost: localhost\n\n"]))
                connection.settimeout(0.5)
                self.read(connection)

    def huge_head(self, rng):
        with self.connect() as connection:
            connection.sendall(b"GET /" + b"a" * rng.choice([0, 20_000]) + b" HTTP/1.1\r\n")
            for number in range(rng.choice([10, 10_000])):
                connection.sendall(b"X-%d: %s\r\n" % (number, b"v" * rng.choice([0, 900])))
            self.read(connection)

    def slow_head(self, rng):
        kept = [self.connect() for _ in range(30)]
        for byte in f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nX: yyyyyyyyyyyyyyyyyyyy\r\n\r\n".encode():
            for connection in kept:
                connection.sendall(bytes([byte]))
            if self.stop.wait(0.2):
                break
        for connection in kept:
            connection.close()

    def parallel(self, rng):
        path = rng.choice(PATHS)

        def call():
            try:
                with self.connect() as connection:
                    for _ in range(5):
                        self.get(connection, path)
                        connection.settimeout(1)
                        connection.recv(65536)
            except OSError:
                pass

        threads = [threading.Thread(target=call) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def never_reads(self, rng):
        kept = []
        for _ in range(20):
            connection = self.connect()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            kept.append(connection)
            for _ in range(100):
                self.get(connection, rng.choice(PATHS))
        self.stop.wait(rng.choice([1, 15]))
        for connection in kept:
            connection.close()

    def odd_requests(self, rng):
        for _ in range(10):
            with self.connect() as connection:
                host = f"Host: 127.0.0.1:{self.port}"
                heads = rng.choice([[host], [host, rng.choice(HEADS)], [rng.choice(HEADS)]])
                method = rng.choice(["GET", "GET", "HEAD", "POST", "DELETE", "OPTIONS", "get", "X" * 500])
                version = rng.choice(["HTTP/1.1", "HTTP/1.0", "HTTP/2", ""])
                self.get(connection, rng.choice(PATHS + ODD_PATHS), *heads, method=method, version=version)
                connection.settimeout(1)
                self.read(connection)

    def resets(self, rng):
        for _ in range(50):
            with self.connect() as connection:
                self.get(connection, rng.choice(PATHS))
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def call(rng, stop, port, threads):
    caller = Caller(port, stop)
    acts = [caller.half_open, caller.garbage, caller.huge_head, caller.slow_head, caller.parallel, caller.never_reads,
            caller.odd_requests, caller.resets]
    return repeat(rng, stop, acts, pause=2.0, threads=threads)


class Orderer:
    """Somebody at the control socket."""

    def __init__(self, path, stop):
        self.path, self.stop = path, stop

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(5)
        try:
            connection.connect(self.path)
        except OSError:
            connection.close()
            raise
        return connection

    def half_open(self, rng):
        kept = []
        try:
            for _ in range(100):
                kept.append(self.connect())
                kept[-1].sendall(rng.choice([b"", b"{", b'{"order": "retry"']))
        except OSError:
            pass
        self.stop.wait(rng.choice([0, 3, 8]))
        for connection in kept:
            connection.close()

    def garbage(self, rng):
        for _ in range(20):
            with self.connect() as connection:
                connection.sendall(rng.choice([
                    rng.randbytes(rng.randrange(1, 5000)), b"\n" * 1000, b"\0\n", b"[" * 60_000 + b"\n", b"null\n",
                    b'{"order": {"order": 1}}\n', b'{"query": "unread"}\n' * 100,
                    b'{"order": "retry", "file": 5, "target": "\\u0000"}\n',
                    b'{"order": "pause", "name": "%s"}\n' % (b"n" * 60_000)]))
                connection.settimeout(0.5)
                connection.recv(65536)

    def huge(self, rng):
        with self.connect() as connection:
            for _ in range(200):
                connection.sendall(b"x" * 65536)

    def orders(self, rng):
        """Orders for what is not there; the answer is not awaited."""
        for _ in range(10):
            with self.connect() as connection:
                order = rng.choice([
                    {"order": "cancel", "file": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, {"query": "unread"},
                    {"order": "retry", "file": "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"}, {"order": "resume", "name": "\u202e"},
                    {"order": "retry", "target": "nobody"}, {"order": "pause", "name": ""}])
                connection.sendall(json.dumps(order).encode() + b"\n")


def order(rng, stop, path, threads):
    orderer = Orderer(path, stop)
    return repeat(rng, stop, [orderer.half_open, orderer.garbage, orderer.huge, orderer.orders], pause=2.0, threads=threads)
