#!/usr/bin/env python3
"""Honest files beside hostile droppers, a hostile API and hostile local clients, all at one daemon, for some minutes.

What has to hold to the end: each honest file has its receipt in time; each honest item is applied exactly once, in order, and
is in exactly one receipt; the daemon stays the same process, small, and well; every command ends properly; a stop takes ten
seconds at most; `upsertd verify` finds nothing wrong with an honest inbox. Ends with 1 and says which promise broke.

Everything is on the loopback address and in a temporary folder, which is removed at the end.
"""

import argparse
import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import attack
import callers
import droppers
import honest
import servers

RECEIPT_SECONDS = 10
STOP_SECONDS = 10
COMMAND_SECONDS = 60
# It reads all there is, of the hostile inboxes, too.
VERIFY_SECONDS = 300
HEALTH_SECONDS = 10
MEMORY_MIB = 128
# Less stops the soak, before it stops the daemon.
FREE_DISK = 1 << 30

# Inbox: the API's kind, and its target. Hostile droppers share the honest targets, too, there with `ordering: none`: otherwise
# files for a target wait until those that were claimed before them are read, and reading a large one may take long.
HONEST = {"clients": ("lusid", "lusid"), "accounts": ("liquid", "liquid")}
HOSTILE = {
    "squatter-a": ("lusid", "lusid"), "squatter-b": ("liquid", "liquid"),
    "wild-a": ("lusid", "odd-lusid"), "wild-b": ("liquid", "odd-liquid"),
}


class Ended(Exception):
    """The daemon, or an attack, has ended: there is nothing left to see."""


class Soak:
    def __init__(self, upsertd, seed, minutes, folder):
        self.upsertd, self.seed, self.minutes, self.folder = upsertd, seed, minutes, folder
        # How often, by kind.
        self.broken = {}
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.attacks = []
        self.daemon = None
        self.most = {"VmRSS": 0, "Threads": 0, "descriptors": 0}
        self.commands = {}
        self.health = []
        # What `verify` found in hostile inboxes last.
        self.kinds = {}
        self.late = set()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def breaks(self, promise):
        """Of the same kind only the first few are reported, so that they do not hide another."""
        kind = re.sub("[0-9]+", "", promise)[:40]
        with self.lock:
            self.broken[kind] = self.broken.get(kind, 0) + 1
            if self.broken[kind] <= 5:
                print(f"BROKEN: {promise}", flush=True)

    # Its world

    def attack(self, name, body, *arguments, nice=10):
        self.attacks.append(attack.Attack(name, self.seed, body, *arguments, nice=nice))

    def begin(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.admin = free.getsockname()[1]
        self.honest_port = self.serve("honest API", servers.serve_honestly, nice=0)
        self.hostile_port = self.serve("hostile API", servers.serve_hostilely, self.honest_port)
        self.configure()
        with open(self.path("log"), "wb") as log:
            self.daemon = subprocess.Popen(
                [self.upsertd, "run", "--config", self.path("upsertd.yaml")], stdin=subprocess.DEVNULL, stderr=log,
                stdout=log,
                preexec_fn=lambda: attack.libc.prctl(1, signal.SIGKILL))
        until = time.monotonic() + 30
        while not self.is_ready():
            if self.daemon.poll() is not None or time.monotonic() > until:
                raise Ended("the daemon does not become ready")
            time.sleep(0.1)

    def serve(self, name, body, *arguments, nice=10):
        ports, there = attack.fork.Pipe(duplex=False)
        self.attack(name, body, there, *arguments, nice=nice)
        if not ports.poll(30):
            raise Ended(f"the {name} does not start")
        return ports.recv()

    def configure(self):
        honest_url, odd_url = (f"http://127.0.0.1:{port}" for port in (self.honest_port, self.hostile_port))
        odd = f"auth: {{token_url: '{odd_url}/token', username: u, password: p, client_id: c, client_secret: s, scope: s}}\n    timeout: 10s"
        # Hostile droppers use these targets, too: their many small files must not be a request each.
        own = "auth: {access_token: honest}\n    batch: {linger: 0s}"
        lines = [
            f"spool: {self.path('spool')}", f"state: {self.path('state')}", "retry: {initial: 200ms, max: 5s}",
            f"admin: {{listen: '127.0.0.1:{self.admin}'}}", "targets:",
            f"  lusid:\n    api: lusid\n    url: {honest_url}/api\n    {own}",
            f"  liquid:\n    api: liquid\n    url: {honest_url}\n    {own}",
            f"  odd-lusid:\n    api: lusid\n    url: {odd_url}/api\n    {odd}",
            f"  odd-liquid:\n    api: liquid\n    url: {odd_url}\n    {odd}", "inboxes:",
        ]
        for name, (api, target) in (HONEST | HOSTILE).items():
            lines.append(f"  - name: {name}\n    target: {target}")
            if api == "liquid":
                lines.append("    item: {category: entity, type: Account, action: Merge, key: [accountId]}")
            if target in ("lusid", "liquid") and name in HOSTILE:
                lines.append("    ordering: none")
            if name in HOSTILE:
                lines.append("    retention: {archive: 1m, rejected: 1m, receipts: 2m}")
        with open(os.open(self.path("upsertd.yaml"), os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
            out.write("\n".join(lines) + "\n")

    def is_ready(self):
        with open(self.path("log"), "rb") as log:
            return b"is ready" in log.read()

    def attack_all(self):
        others = self.path("spool", "clients", "outbox", "receipts")
        for name, (api, _) in HOSTILE.items():
            self.attack(name, droppers.drop, self.path("spool", name), api, others, 2)
        self.attack("admin address", callers.call, self.admin, 3)
        self.attack("control socket", callers.order, self.path("state", "control.sock"), 2)

    # What it watches

    def watch(self):
        """Once a second: the process, its size, and receipts that are late."""
        pid = self.daemon.pid
        if self.daemon.poll() is not None:
            raise Ended(f"the daemon ended by itself, with status {self.daemon.returncode}")
        for other in self.attacks:
            if other.has_ended:
                raise Ended(f"the soak itself is at fault: {other.name} ended")
        if shutil.disk_usage(self.folder).free < FREE_DISK:
            raise Ended("the soak itself is at fault: the disk is nearly full")
        facts = facts_of(pid)
        for name in ("VmRSS", "Threads"):
            self.most[name] = max(self.most[name], facts[name])
        self.most["descriptors"] = max(self.most["descriptors"], len(os.listdir(f"/proc/{pid}/fd")))
        self.most["VmHWM"] = facts["VmHWM"]
        for dropper in self.honest:
            if dropper.fault:
                raise Ended(f"the soak itself is at fault: {dropper.fault!r}")
            there = dropper.receipts()
            for file in dropper.files[-500:]:
                if file.name not in there and file not in self.late and time.time() - file.dropped > RECEIPT_SECONDS + 1:
                    self.late.add(file)
                    self.breaks(f"{dropper.name}/{file.name} has no receipt after {RECEIPT_SECONDS} s")

    def run_commands(self):
        """The commands that look, in turn, and those that bring the hostile targets back to work."""
        turn = 0
        while not self.stop.is_set():
            ids = [path.rsplit(".",
                3)[1] for paths in list(self.honest[turn % 2].receipts().values())[-1:] for path in paths]
            for arguments in (["status", "--json"], ["queue"], ["queue", "--json"], ["receipts"],
                ["receipts", "x", "--status", "rejected"], ["status"],
                              ["show", *(ids[:1] or ["nothing"])], ["show", droppers.FORGED],
                              ["verify", "--json", "--quick"], ["verify", "--json"],
                              ["retry", "--target", "odd-lusid"], ["retry", "--target", "odd-liquid"]):
                if self.stop.is_set():
                    return
                status, printed = self.command(*arguments)
                if status is not None and arguments[0] == "show" and ids[:1] == arguments[1:] and status != 0:
                    self.breaks(f"upsertd show {ids[0]}, an honest file's, ended with {status}: {printed[-500:]!r}")
                self.stop.wait(0.5)
            turn += 1

    def command(self, *arguments):
        """Runs it to its end, which has to come soon, and be one of those of upsertd(1)."""
        name = " ".join(argument for argument in arguments[:3] if not argument[0].isdigit())
        limit = VERIFY_SECONDS if arguments[0] == "verify" else COMMAND_SECONDS
        began = time.monotonic()
        with subprocess.Popen(
            [self.upsertd, *arguments, "--config", self.path("upsertd.yaml")], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if arguments[0] == "show" else subprocess.PIPE,
            preexec_fn=lambda: attack.libc.prctl(1, signal.SIGKILL),
        ) as process:
            try:
                printed, said = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                self.breaks(f"upsertd {name} takes over {limit} s")
                return None, b""
        taken = time.monotonic() - began
        count, longest = self.commands.get(name, (0, 0))
        self.commands[name] = count + 1, max(longest, taken)
        status = process.returncode
        if not 0 <= status < 70:
            self.breaks(f"upsertd {name} ended with {status}: {(said or printed)[-500:]!r}")
        elif "--json" in arguments and status < 2:
            try:
                document = json.loads(printed)
                if arguments[0] == "verify":
                    self.check_verified(document)
            except ValueError as error:
                self.breaks(f"upsertd {name} prints no JSON: {error}")
        elif arguments[0] in ("status", "queue", "retry") and status != 0:
            self.breaks(f"upsertd {name} ended with {status}: {said[-500:]!r}")
        return status, printed

    def check_verified(self, document):
        """A dropper may spoil results in an inbox of his own; nobody's else, and not the outbox."""
        self.kinds = {}
        for found in document["disagreements"]:
            self.kinds[found["kind"]] = self.kinds.get(found["kind"], 0) + 1
            if found["inbox"] in HONEST or found["kind"] in ("outbox-counts", "outbox-history"):
                self.breaks(f"upsertd verify: {found}")

    def ask_health(self):
        """An honest caller of the admin address, who asks again where he is turned away."""
        while not self.stop.wait(2):
            began = time.monotonic()
            answer = None
            while answer is None and time.monotonic() - began < HEALTH_SECONDS:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/healthz", timeout=5) as reply:
                        answer = reply.status, reply.read()
                except urllib.error.HTTPError as error:
                    answer = error.code, error.read()
                except (OSError, ValueError, urllib.error.URLError):
                    time.sleep(0.1)
                except Exception:
                    time.sleep(0.1)
            if self.stop.is_set():
                return
            self.health.append(time.monotonic() - began)
            if answer is None:
                self.breaks(f"the admin address gives no answer for {HEALTH_SECONDS} s")
            elif answer[0] != 200:
                self.breaks(f"/healthz answers {answer[0]}: {answer[1][:500]!r}")

    # From beginning to end

    def run(self):
        self.begin()
        self.honest = [honest.Dropper(self.seed, self.path("spool", name), api, 0.5) for name, (api, _) in HONEST.items()]
        for dropper in self.honest:
            dropper.start()
        time.sleep(2)
        self.attack_all()
        watchers = [threading.Thread(target=each, daemon=True) for each in (self.run_commands, self.ask_health)]
        for watcher in watchers:
            watcher.start()
        end = time.monotonic() + self.minutes * 60
        told = time.monotonic()
        while time.monotonic() < end:
            time.sleep(1)
            self.watch()
            if time.monotonic() - told > 60:
                told = time.monotonic()
                self.tell()
        for dropper in self.honest:
            dropper.stop.set()
        # Their last receipts are due; the attacks go on.
        for _ in range(RECEIPT_SECONDS + 2):
            time.sleep(1)
            self.watch()
        self.stop.set()
        for watcher in watchers:
            watcher.join(VERIFY_SECONDS)
        self.watch()
        self.cpu = cpu_seconds(self.daemon.pid)
        self.end_daemon()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.honest_port}/applied", timeout=60) as answer:
            applied = json.load(answer)
        counts = {other.name: acts for other in self.attacks if (acts := other.end())}
        self.attacks = []
        self.check(applied)
        self.command("verify", "--json")
        if self.most["VmHWM"] >= MEMORY_MIB << 10:
            self.breaks(f"the daemon's memory reached {self.most['VmHWM'] >> 10} MiB; {MEMORY_MIB} are promised")
        self.tell()
        print("verify, in hostile inboxes: " + (", ".join(f"{kind} {count}" for kind,
            count in sorted(self.kinds.items())) or "nothing"))
        for name, acts in counts.items():
            print(f"{name}: " + ", ".join(f"{act} {count}" for act, count in sorted(acts.items())))

    def end_daemon(self):
        began = time.monotonic()
        self.daemon.terminate()
        try:
            status = self.daemon.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.breaks(f"the daemon does not stop within {STOP_SECONDS} s")
            return
        self.stopped = time.monotonic() - began
        if status != 0:
            self.breaks(f"the stopped daemon ended with status {status}")

    def check(self, applied):
        """What was dropped, what the API applied and what the receipts say: item for item."""
        for fault in applied["faults"]:
            self.breaks(f"the honest API: {fault}")
        left = dict(applied["applied"])
        ids = []
        for dropper in self.honest:
            there = dropper.receipts()
            for file in dropper.files:
                where = f"{dropper.name}/{file.name}"
                paths = there.pop(file.name, [])
                if len(paths) != 1:
                    self.breaks(f"{where} has {len(paths)} receipts")
                    continue
                with open(paths[0], "rb") as receipt:
                    receipt = json.load(receipt)
                counts, expected = receipt["counts"], (len(file.labels) + file.rejected, len(file.labels), file.rejected)
                if (counts["items"], counts["accepted"], counts["rejected"]) != expected:
                    self.breaks(f"{where}: {counts}, not {expected}; {receipt.get('error')} {receipt.get('rejects')}")
                ids.append(receipt["file"]["id"])
                for label in file.labels:
                    count = left.pop(label, 0)
                    if count != 1:
                        self.breaks(f"{label} was applied {count} times")
            if there:
                self.breaks(f"{dropper.name} has receipts of files that nobody dropped: {sorted(there)[:3]}")
            for folder in ("inbox", "work"):
                if names := os.listdir(self.path("spool", dropper.name, folder)):
                    self.breaks(f"{dropper.name}/{folder} still has {sorted(names)[:3]}")
        if left:
            self.breaks(f"{len(left)} items were applied that nobody dropped so: {sorted(left)[:3]}")
        if len(ids) != len(set(ids)):
            self.breaks("two files have one id")

    def seconds(self):
        """How long each honest receipt took: from the rename of the file to the rename of the receipt."""
        taken = []
        for dropper in self.honest:
            there = dropper.receipts()
            taken += [os.stat(there[file.name][0]).st_ctime - file.dropped for file in dropper.files if file.name in there]
        return sorted(taken)

    def tell(self):
        taken = self.seconds()
        items = sum(len(file.labels) + file.rejected for dropper in self.honest for file in dropper.files)
        print(
            f"honest: {sum(len(dropper.files) for dropper in self.honest)} files with {items} items; {len(taken)} receipts, each after "
            f"{statistics.median(taken):.2f} s (median), {taken[int(len(taken) * 0.99)]:.2f} s (p99), {taken[-1]:.2f} s (max)")
        print(
            f"daemon: {self.most['VmRSS'] >> 10} MiB at most each second, {self.most['VmHWM'] >> 10} MiB at its peak, "
            f"{self.most['Threads']} threads, {self.most['descriptors']} descriptors"
            + (f", {self.cpu:.0f} s of CPU, stopped in {getattr(self, 'stopped', 0):.1f} s" if hasattr(self, "cpu") else ""))
        if self.health:
            print(f"health: {len(self.health)} answers, the slowest after {max(self.health):.1f} s")
        print("commands: " + ", ".join(f"{name} {count} ({longest:.1f} s)" for name,
            (count, longest) in sorted(self.commands.items())), flush=True)

    def clear(self):
        """Ends what it started."""
        self.stop.set()
        if self.daemon and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        for other in self.attacks:
            other.end()


def facts_of(pid):
    """Of /proc/PID/status what is a number; sizes are in KiB."""
    facts = {}
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            name, _, value = line.partition(":")
            if value.split()[:1] and value.split()[0].isdigit():
                facts[name] = int(value.split()[0])
    return facts


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(prog="Scripts/soak", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20, metavar="M", help="how long the attacks last (default 20)")
    parser.add_argument("--seed", type=int, default=1, metavar="S",
        help="of the attacks' choices; their order in time is chance")
    parser.add_argument("--upsertd", required=True, help="the binary")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder with spool, state and log")
    options = parser.parse_args()
    if not 0 < options.minutes <= 24 * 60:
        parser.error("--minutes has to be above 0 and a day at most")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # The half-open connections are ours, too.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if hard != resource.RLIM_INFINITY else 8192, hard))
    # A short name: a socket's path has 107 bytes at most.
    folder = tempfile.mkdtemp(prefix="upsertd-soak.")
    soak = Soak(options.upsertd, options.seed, options.minutes, folder)
    print(f"soak: {options.minutes:g} minutes, seed {options.seed}, in {folder}", flush=True)
    try:
        soak.run()
    except KeyboardInterrupt:
        sys.exit(130)
    except Ended as reason:
        soak.breaks(str(reason))
    finally:
        soak.clear()
        if soak.broken and os.path.exists(soak.path("log")):
            with open(soak.path("log"), encoding="utf-8", errors="replace") as log:
                print("the daemon's last words:\n" + "".join(log.readlines()[-30:]), file=sys.stderr)
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if soak.broken:
        sys.exit("broken:\n" + "\n".join(f"{count} times: {kind}" for kind, count in soak.broken.items()))
    print("every promise held")


if __name__ == "__main__":
    main()
