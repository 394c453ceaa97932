"""Two servers on the loopback address: an honest API, and a hostile one with a hostile token endpoint."""

import gzip
import http.server
import itertools
import json
import random
import socket
import struct
import threading

MIB = 1 << 20


def read_json(body):
    """Numbers stay as they are written: of ten thousand digits, too."""
    return json.loads(body, parse_int=str, parse_float=str)


def judge(path, document, refuses):
    """Both APIs' good answer: status, body, and the labels of the items that it applied."""
    if path.startswith("/ls/"):
        labels = [item["data"].get("name") for item in document]
        rejected = [item for item, label in zip(document, labels) if refuses(label)]
        answer = {"count": len(document), "rejectedItems": rejected}
        return 200, answer, [label for label in labels if not refuses(label)]
    failed = {key: {"id": key, "type": "refused", "detail": "no"} for key,
        item in document.items() if refuses(item.get("displayName"))}
    values = {key: {} for key in document if key not in failed}
    return 201, {"values": values, "failed": failed}, [document[key].get("displayName") for key in values]


# The honest one


class HonestAPI:
    """Applies what it is sent, and counts it: of each label how often, and what should not have come."""

    def __init__(self):
        self.lock = threading.Lock()
        self.applied = {}
        self.last = {}
        self.faults = []

    def apply(self, labels):
        with self.lock:
            for label in labels:
                if not isinstance(label, str) or not label.startswith("honest "):
                    continue
                self.applied[label] = self.applied.get(label, 0) + 1
                _, inbox, number, kind = label.split(" ")
                if kind == "ordered":
                    if int(number) < self.last.get(inbox, 0):
                        self.fault(f"{label} came after number {self.last[inbox]}")
                    self.last[inbox] = int(number)

    def fault(self, reason):
        if len(self.faults) < 100:
            self.faults.append(reason)


class HonestHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        api = self.server.api
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != "Bearer honest":
            api.fault(f"a request came with the token {self.headers['Authorization']!r}")
        try:
            status, answer, labels = judge(self.path, read_json(body),
                lambda label: isinstance(label, str) and label.endswith(" refused"))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            status, answer, labels = 400, {"title": "not understood"}, []
        api.apply(labels)
        self.answer(status, json.dumps(answer).encode())

    def do_GET(self):
        """What it counted, for the soak."""
        if self.path != "/applied":
            self.server.api.fault(f"GET {self.path[:200]}")
        with self.server.api.lock:
            body = json.dumps({"applied": self.server.api.applied, "faults": self.server.api.faults}).encode()
        self.answer(200, body)

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """A caller that went away."""


def serve_honestly(_, stop, ports):
    server = Server(("127.0.0.1", 0), HonestHandler)
    server.api = HonestAPI()
    ports.send(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stop.wait()


# The hostile one

WAITS = [
    b"Sun, 06 Nov 1994 9223372036854775807:49:37 GMT", b"9223372036854775808", b"-9223372036854775808",
    b"9223372036854775807", b"-1", b"NaN",
    b"inf", b"1e999", b"0", b"0.5", b"", b"\xff\xff", b"Sun, 06 Nov 99999999999999 08:49:37 GMT",
    b"Sun, 31 Feb 2030 08:49:37 GMT", b"1, 2",
    b"Sunday, 06-Nov-94 99:99:99 GMT", b"soon", b"1" * 5000,
]
LIFETIMES = [
    b"9223372036854775807", b"9223372036854775808", b"-1", b"0", b"1e308", b"1e999", b"-9223372036854775808", b"null",
    b'"NaN"', b'"3600"', b"[]",
    b"0.0000001", b"3600",
]


class Caller:
    """A connection of the daemon's."""

    def __init__(self, connection, rng, stop):
        self.connection, self.rng, self.stop = connection, rng, stop
        self.buffer = b""
        connection.settimeout(30)

    def request(self):
        """Path and body of the next request; None at the end."""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
        if b"expect: 100-continue" in lines:
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        # Before the body has come.
        if length > 4096 and self.rng.random() < 0.1:
            return head.split(b" ")[1].decode(), None
        while len(self.buffer) < length:
            self.more()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return head.split(b" ")[1].decode(), body

    def more(self):
        data = self.connection.recv(MIB)
        if not data:
            raise EOFError
        self.buffer += data

    def send(self, data):
        self.connection.sendall(data)

    def answer(self, status, body, *headers):
        self.send(b"HTTP/1.1 %d X\r\n" % status + b"".join(line + b"\r\n" for line in headers) + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def stream(self, status, start, piece, size=60 * MIB):
        """An answer of `size` bytes, as far as the other side takes it."""
        self.send(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, size) + start)
        block = piece * (65536 // len(piece) + 1)
        for _ in range(size // len(block)):
            self.send(block)
        raise EOFError


class HostileAnswers:
    """What nobody should answer. Each act gets the caller, the ids of the request, and a good answer to it."""

    def __init__(self, honest_port):
        self.honest_port = honest_port
        self.bomb = gzip.compress(b" " * (60 * MIB), 6)

    def odd_waits(self, caller, rng, **_):
        caller.answer(rng.choice([429, 503, 500, 502, 408, 425]), b"", b"Retry-After: " + rng.choice(WAITS))

    def deep(self, caller, rng, ids, **_):
        start = b'{"failed": {' if rng.random() < 0.5 else b'{"values": {'
        start += json.dumps(ids[0] if ids else "").encode() + b': {"displayName": ' + b"[" * 480
        caller.stream(rng.choice([201, 200, 400, 500]), start, rng.choice([b"1,", b'{"a":[1,2]},', b"[[]],"]))

    def long_detail(self, caller, rng, **_):
        caller.stream(rng.choice([400, 422, 500, 403, 201, 200]), rng.choice([b'{"detail": "', b'{"title": "', b'{"code": ',
            b'"']), rng.choice([b"x", b"\\u0041", b"9"]))

    def long_id(self, caller, rng, status, good, **_):
        caller.answer(status, good, b"lusid-meta-requestid: " + rng.choice([b"r", b"\x1b[31m", b"\xff"]) * rng.choice([2000,
            15_000, 90_000]))

    def endless_headers(self, caller, rng, **_):
        caller.send(b"HTTP/1.1 201 X\r\n")
        for number in range(rng.choice([1000, 100_000])):
            caller.send(b"X-%d: %s\r\n" % (number, b"v" * 900))
        raise EOFError

    def drip(self, caller, rng, status, good, **_):
        data = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(good)) + good
        for place in range(min(len(data), rng.choice([20, 100, 300]))):
            caller.send(data[place : place + 1])
            if caller.stop.wait(0.1):
                break
        raise EOFError

    def silence(self, caller, rng, **_):
        caller.stop.wait(rng.choice([1, 5, 30]))
        raise EOFError

    def cut(self, caller, rng, status, good, **_):
        data = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(good)) + good
        caller.send(data[: rng.randrange(len(data))])
        raise EOFError

    def cut_chunks(self, caller, rng, status, good, **_):
        caller.send(b"HTTP/1.1 %d X\r\nTransfer-Encoding: chunked\r\n\r\n" % status + b"%x\r\n" % (len(good) + rng.randrange(9)) + good)
        raise EOFError

    def odd_chunks(self, caller, rng, status, good, **_):
        caller.send(b"HTTP/1.1 %d X\r\nTransfer-Encoding: chunked\r\n\r\n" % status)
        caller.send(rng.choice([
            b"ffffffffffffffff\r\n" + good, b"-1\r\n" + good, b"1;" + b"e" * MIB + b"\r\nx\r\n", b"zz\r\n",
            b"0\r\n" + b"T: t\r\n" * 200_000,
            b"1\r\n \r\n" * 200_000 + b"0\r\n\r\n", b"80000000000000000\r\n"]))
        raise EOFError

    def gzip_bomb(self, caller, rng, status, good, **_):
        packed = rng.choice([self.bomb, gzip.compress(good) + self.bomb, self.bomb * 50, gzip.compress(good)[:-9],
            b"\x1f\x8b" + good])
        caller.answer(status, packed, b"Content-Encoding: " + rng.choice([b"gzip", b"deflate", b"gzip, gzip, gzip", b"br",
            b"x-odd"]))

    def reset(self, caller, rng, status, good, **_):
        if rng.random() < 0.5:
            caller.send(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(good)) + good[: len(good) // 2])
        caller.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise EOFError

    def redirect(self, caller, rng, **_):
        there = rng.choice([b"http://127.0.0.1:%d/redirected" % self.honest_port, b"file:///etc/passwd", b"/",
            b"http://[::1", b"gopher://127.0.0.1/x", b"//" + b"h" * 9000])
        caller.answer(rng.choice([301, 302, 303, 307, 308, 300, 304]), b"", b"Location: " + there)

    def odd_length(self, caller, rng, status, good, **_):
        length = rng.choice([b"-1", b"9223372036854775807", b"9223372036854775808", b"1e3", b"0x10", b"", b"1",
            b"3\r\nContent-Length: 5", b"5\r\nTransfer-Encoding: chunked"])
        caller.send(b"HTTP/1.1 %d X\r\nContent-Length: " % status + length + b"\r\n\r\n" + good)
        raise EOFError

    def interim_flood(self, caller, rng, status, good, **_):
        interim = rng.choice([b"100 Continue", b"102 Processing", b"103 Early Hints", b"199 X"])
        for _ in range(rng.choice([10, 1000, 20_000])):
            caller.send(b"HTTP/1.1 " + interim + b"\r\nLink: <x>\r\n\r\n")
        caller.answer(status, good)

    def no_http(self, caller, rng, good, **_):
        caller.send(rng.choice([
            good, b"\0" * 1000, b"HTTP/9.9 201 X\r\n\r\n" + good, b"HTTP/1.1 000 X\r\n\r\n", b"HTTP/1.1 999 X\r\n\r\n",
            b"HTTP/1.1 " + b"2" * 100_000,
            b"HTTP/1.1 99999999999999999999 X\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nPRI", b"\x16\x03\x01\x02\x00",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"HTTP/1.1 201\r\nA\0B: c\r\n\r\n", b"SSH-2.0-x\r\n", b"\r\n" * 50_000]))
        raise EOFError

    def two_answers(self, caller, status, good, **_):
        caller.answer(status, good)
        caller.answer(status, b'{"values": {"item-1": {}}, "count": 9}')

    def contradictory(self, caller, rng, status, ids, body, **_):
        first = json.dumps(ids[0] if ids else "item-1").encode()
        caller.answer(status, rng.choice([
            b'{"values": {%s: {}}, "failed": {%s: {}}}' % (first, first), b'{"values": {"never-sent": {}}}',
            b'{"values": [], "failed": 1}', b"{}", b"", b"null", b"[]",
            b'{"values": {%s: {}, %s: {}}}' % (first, first), b'{"count": -1, "rejectedItems": []}',
            b'{"count": 9223372036854775808, "rejectedItems": []}',
            b'{"count": 1e999, "rejectedItems": null}', b'{"count": 1, "rejectedItems": ' + (body or b"1") + b"}",
            b'{"count": 1, "rejectedItems": [{}, {}, {}]}',
            b'{"failed": {%s: {"detail": "\\u202e\\u001b[31m=cmd()", "type": 1, "id": null}}}' % first, b"\xff\xfe",
            b"\xef\xbb\xbf{}", b"[" * 100_000, b'{"values": ' * 5000,
            b'{"code": 9223372036854775808, "errorDetails": 5}', b'{"rejectedItems": [' + b"{}," * 200_000 + b"{}]}"]))

    def statuses(self, caller, rng, **_):
        status = rng.choice([201, 204, 205, 206, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 418, 422, 423, 425,
            429, 431, 451, 500, 501, 502, 503, 504, 511, 599])
        detail = rng.choice([b'{"code": 103}', b'{"code": 119, "detail": "\\u001b[2J"}', b'{"code": -9223372036854775809}',
            b'{"errors": {"item-1": ["no"]}}', b"<html>", b"x" * 9000])
        caller.answer(status, detail, rng.choice([b"WWW-Authenticate: Basic", b"Connection: close",
            b"Content-Type: text/html", b"Set-Cookie: " + b"c" * 8000]))

    def closed(self, caller, **_):
        caller.answer(413, b"", b"Connection: close")
        raise EOFError

    def odd_token(self, caller, rng, **_):
        """A token endpoint's; to an API's request only one more answer that can't be read."""
        token = rng.choice([b'"%s"' % (b"t" * rng.choice([1, 8000, 900_000])), b'"a\\r\\nX-Evil: 1"', b'"\\u0000"', b"5",
            b"null", b'""', b'["t"]', b'"\xff"'])
        caller.answer(200,
            b'{"access_token": ' + token + b', "expires_in": ' + rng.choice(LIFETIMES) + b', "refresh_token": ' + rng.choice([token, b"7", b'"r"']) + b"}")


def serve_hostilely(rng, stop, ports, honest_port):
    answers = HostileAnswers(honest_port)
    acts = [getattr(answers, name) for name in dir(HostileAnswers) if not name.startswith("_")]
    counts = dict.fromkeys((act.__name__ for act in acts), 0)
    places = threading.Semaphore(100)
    seeds = itertools.count(rng.randrange(1 << 60))

    def serve(connection):
        rng = random.Random(next(seeds))
        with places, connection:
            caller = Caller(connection, rng, stop)
            try:
                while not stop.is_set():
                    answer(caller, rng, *caller.request())
            except (OSError, EOFError):
                pass

    def answer(caller, rng, path, body):
        is_token = "/token" in path
        status, good, ids = 200, b'{"access_token": "hostile", "expires_in": %s}' % rng.choice(LIFETIMES), []
        if not is_token:
            try:
                document = read_json(body or b"{}")
                ids = list(document) if isinstance(document, dict) else []
                status, good, _ = judge(path, document, lambda label: rng.random() < 0.05)
                good = json.dumps(good).encode()
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                status, good = 400, b"{}"
        # So much goes well that the targets stay at work.
        if rng.random() < 0.4:
            caller.answer(status, good)
            return
        act = rng.choice(acts)
        counts[act.__name__] += 1
        act(caller, rng=rng, status=status, good=good, ids=ids, body=body)

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        ports.send(listener.getsockname()[1])
        listener.settimeout(0.5)
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
    return counts
