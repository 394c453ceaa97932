"""What a measurement runs in: programs built from Programs/, and a temporary world of a server, folders and upsertd.

Everything listens on the loopback address alone; what a world started and wrote is gone when it is left.
"""
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SCRATCH = os.path.join(ROOT, ".build", "benchmarks")
ITEM = "item: {category: entity, type: Account, action: Merge, key: [accountId]}"
PR_SET_PDEATHSIG = 1
TICKS = os.sysconf("SC_CLK_TCK")
libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """A measurement that is worth nothing, and why."""


def with_parent():
    """In a child, before its program: it ends when this program does, however that happens."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def program(name):
    """The path of a program made from Programs/, compiled again where its source is newer."""
    folder = os.path.join(HERE, "Programs")
    source = next(os.path.join(folder, n) for n in (name + ".c", name + ".cpp") if os.path.exists(os.path.join(folder, n)))
    preloaded = name.startswith("without-")
    path = os.path.join(SCRATCH, "bin", name + (".so" if preloaded else ""))
    newest = max(os.path.getmtime(os.path.join(folder, n)) for n in (os.path.basename(source), "bodies.h"))
    if os.path.exists(path) and os.path.getmtime(path) >= newest:
        return path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if source.endswith(".cpp"):
        command = ["g++", "-O2", "-std=c++17", "-o", path, source, "-lsimdjson"]
    else:
        compiler = shutil.which("cc") or shutil.which("clang")
        command = [compiler, "-O2", "-pthread", "-o", path, source]
        command += ["-shared", "-fPIC"] if preloaded else ["-lsqlite3"] if name == "disk" else []
    subprocess.run(command, check=True)
    return path


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mib(pid, name="VmHWM"):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(name + ":"))


def wait_for(what, condition, seconds=60, pause=0.02):
    """The condition's value, as soon as it is true."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise Failure(f"waited {seconds} s for {what}")
        time.sleep(pause)


class World:
    """One server, one configuration, one spool and state; a context, cleared away at its end."""

    def __init__(self, upsertd, api="liquid", target="", inbox=None, server=(), inboxes=1, watch=""):
        self.upsertd = upsertd
        self.api, self.target, self.server, self.watch = api, target, server, watch
        self.inbox = (ITEM if api == "liquid" else "") if inbox is None else inbox
        self.names = ["in"] if inboxes == 1 else [f"in{n}" for n in range(inboxes)]
        self.started = []

    def __enter__(self):
        os.makedirs(SCRATCH, exist_ok=True)
        self.folder = tempfile.mkdtemp(prefix="run.", dir=SCRATCH)
        try:
            self.start_server()
            for name in self.names:
                os.makedirs(self.path("spool", name, "inbox"))
            os.makedirs(self.path("state"))
            if self.api == "lusid":
                self.target = "schema: seed\n    " + self.target
            inboxes = "".join(f"  - name: {name}\n    target: t\n    {self.inbox}\n" for name in self.names)
            config = (
                f"spool: {self.path('spool')}\nstate: {self.path('state')}\nadmin: false\nlog: {{level: warning}}\n"
                f"{self.watch}\n"
                f"targets:\n  t:\n    api: {self.api}\n    url: http://127.0.0.1:{self.port}\n"
                f"    auth: {{access_token: t}}\n    {self.target}\ninboxes:\n{inboxes}")
            self.write("upsertd.yaml", config)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            self.end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    # Files

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text)

    def drop(self, file, name=None):
        """Puts a file of the data folder into the inbox without copying it."""
        there = self.path("spool", self.names[0], "inbox", name or os.path.basename(file))
        try:
            os.link(os.path.realpath(file), there)
        except OSError:
            shutil.copyfile(file, there)
            os.sync()

    def receipts(self):
        try:
            return [n for n in os.listdir(self.receipts_folder()) if not n.startswith(".")]
        except FileNotFoundError:
            return []

    def receipts_folder(self):
        return self.path("spool", self.names[0], "outbox", "receipts")

    def check_receipts(self, files, items):
        """Everything that was dropped was accepted, and the server has it."""
        names = self.receipts()
        accepted = 0
        for name in names:
            with open(os.path.join(self.receipts_folder(), name), encoding="utf-8") as file:
                accepted += json.load(file)["counts"]["accepted"]
        if len(names) != files or accepted != items:
            raise Failure(f"{len(names)} receipts with {accepted} accepted items, not {files} with {items}")
        if self.stats()["items"] < items:
            raise Failure(f"the server got {self.stats()['items']} items, not {items}")

    # Processes

    def start(self, command, **options):
        process = subprocess.Popen(command, preexec_fn=with_parent, **options)
        self.started.append(process)
        return process

    def end(self, process, seconds=15):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout:
            process.stdout.close()
        if process in self.started:
            self.started.remove(process)

    def start_server(self, port=0, arguments=None):
        arguments = self.server if arguments is None else arguments
        command = [program("sink"), "--port", str(port)] + [str(a) for a in arguments]
        self.sink = self.start(command, stdout=subprocess.PIPE, text=True)
        line = self.sink.stdout.readline().split()
        if not line:
            raise Failure("the server did not start")
        self.port = int(line[1])

    def stats(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats", timeout=10) as answer:
            return json.load(answer)

    def once(self, timeout=1800):
        """`upsertd run --once`; what it spent."""
        return self.spend([self.upsertd, "run", "--once", "--config", self.path("upsertd.yaml")], timeout)

    def spend(self, command, timeout=1800):
        process = self.start([program("spent"), self.path("spent")] + command)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"{os.path.basename(command[0])} did not end in {timeout} s") from None
        self.end(process)
        with open(self.path("spent"), encoding="ascii") as file:
            spent = json.load(file)
        if spent["status"] != 0:
            raise Failure(f"{os.path.basename(command[0])} ended with status {spent['status']}")
        return spent

    def daemon(self, preload=None):
        """`upsertd run`, once it watches its inboxes."""
        environment = dict(os.environ, **({"LD_PRELOAD": preload} if preload else {}))
        with open(self.path("log"), "wb") as log:
            process = self.start([self.upsertd, "run", "--config", self.path("upsertd.yaml")], env=environment, stderr=log)
        wait_for("upsertd to make its folders", lambda: os.path.isdir(self.receipts_folder()))
        time.sleep(1)  # to be idle, as the measurements say
        return process

    def command(self, *arguments):
        """A command beside the daemon: the seconds that it took, and what it printed."""
        began = time.monotonic()
        done = subprocess.run(
            [self.upsertd, *arguments, "--config", self.path("upsertd.yaml")], capture_output=True, text=True,
            timeout=120, check=False)
        if done.returncode != 0:
            raise Failure(f"upsertd {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return time.monotonic() - began, done.stdout


class Arrivals:
    """Waits for files that are renamed into a folder, by inotify; polling would cost what is measured."""

    def __init__(self, folder):
        self.descriptor = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if libc.inotify_add_watch(self.descriptor, folder.encode(), 0x80) < 0:  # IN_MOVED_TO
            raise Failure(f"can't watch {folder}")

    def wait(self, seconds):
        if not select.select([self.descriptor], [], [], seconds)[0]:
            raise Failure(f"no receipt within {seconds} s")
        os.read(self.descriptor, 65536)

    def close(self):
        os.close(self.descriptor)
