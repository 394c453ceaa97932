"""What is measured: each case is a function that returns figures by name.

A case that is compared with others (`TURNS`) is run once in every round, in turns with them; one that takes its own
samples (`ALONE`) is run once.
"""
import json
import os
import statistics
import subprocess
import time

import workloads
from world import Arrivals, Failure, World, cpu_seconds, memory_mib, program, wait_for


# upsertd cannot know how a file arrived that is there before the start, so the file must be unchanged for `watch.settle`. A file that is
# dropped into a running daemon does not wait these two seconds, so throughput does not count them.
NO_SETTLING = "watch: {settle: 0s}"


class Bench:
    """What the cases share: the binary, the data, and how much of it."""

    def __init__(self, upsertd, data, quick):
        self.upsertd, self.data, self.quick = upsertd, data, quick
        self.items = 100_000 if quick else 1_000_000

    def file(self, kind, count=None):
        path = workloads.make(kind, count or self.items, self.data)
        # In the page cache, so that the first case does not pay for the others.
        with open(path, "rb") as file:
            while file.read(1 << 22):
                pass
        return path

    # Throughput

    def delivered(self, kind, api, count=None, inbox=None):
        """One file, `run --once`: items a second from start to exit, CPU seconds, peak memory."""
        count = count or self.items
        file = self.file(kind, count)
        with World(self.upsertd, api, inbox=inbox, watch=NO_SETTLING) as world:
            world.write("map.yaml", workloads.MAPPING)
            world.drop(file)
            spent = world.once()
            world.check_receipts(1, count)
        return {
            "items/s": count / spent["seconds"],
            "CPU s per million": spent["cpu"] / count * 1e6,
            "peak MiB": spent["peak_kib"] / 1024,
        }

    def ndjson(self):
        """NDJSON to Liquid"""
        return self.delivered("ndjson", "liquid")

    def json(self):
        """JSON array to Liquid"""
        return self.delivered("json", "liquid")

    def lusid_json(self):
        """JSON object to LUSID"""
        return self.delivered("lusid-json", "lusid")

    def csv(self):
        """CSV with path headers to LUSID"""
        return self.delivered("csv", "lusid")

    def csv_mapping(self):
        """CSV with a mapping to LUSID"""
        return self.delivered("plain-csv", "lusid", inbox="mapping: map.yaml")

    def gzip(self):
        """gzipped NDJSON to Liquid"""
        return self.delivered("gzip", "liquid")

    # Limits, and a peer

    def post(self):
        """limit: prebuilt bodies, four connections"""
        with World(self.upsertd) as world:
            figures = self.limit("post", self.file("json", self.items // 10), str(world.port), "4", "10")
        return figures

    def disk(self):
        """limit: bodies into SQLite (FULL), then marked done"""
        with World(self.upsertd) as world:
            return self.limit("disk", self.file("json", self.items // 10), world.folder, "full")

    def parse(self):
        """limit: simdjson reads and checks NDJSON, one thread"""
        return self.limit("parse", self.file("ndjson", self.items // 10), "10")

    def limit(self, name, *arguments):
        done = subprocess.run([program(name), *arguments], capture_output=True, text=True, check=True, timeout=600)
        figures = json.loads(done.stdout)
        return {
            "items/s": figures["members"] / figures["seconds"],
            "CPU s per million": figures["cpu"] / figures["members"] * 1e6,
        }

    def syslog_ng(self):
        """syslog-ng, reliable disk buffer"""
        return self.peer(
            "disk-buffer(reliable(yes) disk-buf-size(2147483648) mem-buf-size(67108864) dir(\"%s\"))", "")

    def syslog_ng_memory(self):
        """syslog-ng, memory buffer, flow control"""
        return self.peer("", "flags(flow-control);")

    def peer(self, buffer, flags):
        with World(self.upsertd) as world:
            with open(os.path.join(os.path.dirname(__file__), "syslog-ng.conf.in"), encoding="utf-8") as template:
                text = template.read()
            os.mkdir(world.path("buffer"))
            values = {
                "FILE": self.file("ndjson"), "PORT": str(world.port), "WORKERS": "4", "FLAGS": flags,
                "DISKBUFFER": buffer % world.path("buffer") if buffer else "",
            }
            for name, value in values.items():
                text = text.replace(f"@{name}@", value)
            world.write("syslog-ng.conf", text)
            process = world.start(
                ["syslog-ng", "-F", "--no-caps", "-f", world.path("syslog-ng.conf"),
                 "-R", world.path("persist"), "-c", world.path("control"), "-p", world.path("pid")],
                stderr=subprocess.DEVNULL)

            def has_all():
                if process.poll() is not None:
                    raise Failure(f"syslog-ng ended with {process.returncode}")
                return world.stats()["items"] >= self.items

            began = time.monotonic()
            wait_for("syslog-ng to deliver all", has_all, seconds=900, pause=0.05)
            seconds, cpu, peak = time.monotonic() - began, cpu_seconds(process.pid), memory_mib(process.pid)
        return {
            "items/s": self.items / seconds, "CPU s per million": cpu / self.items * 1e6, "peak MiB": peak,
        }

    # Many small files

    def small_files(self):
        """files of one item, 10,000 dropped at once"""
        count = 1_000 if self.quick else 10_000
        with open(self.file("ndjson", self.items // 10), encoding="utf-8") as lines, World(
            self.upsertd, watch=NO_SETTLING
        ) as world:
            for number, line in zip(range(count), lines):
                with open(world.path("spool", "in", "inbox", f"f{number:06}.json"), "w", encoding="utf-8") as file:
                    file.write(line)
            os.sync()
            spent = world.once()
            world.check_receipts(count, count)
        return {
            "files/s": count / spent["seconds"], "CPU ms a file": spent["cpu"] / count * 1e3,
            "peak MiB": spent["peak_kib"] / 1024,
        }

    # An API that takes its time

    def slow_api(self):
        """answers after 100 ms, concurrency 8"""
        return self.bound_by_latency("ndjson")

    def hot_key(self):
        """the same, one key in every hundredth item"""
        return self.bound_by_latency("hot")

    def bound_by_latency(self, kind):
        items, delay, connections = (100_000 if self.quick else 400_000), 0.1, 8
        with World(self.upsertd, target="concurrency: 8", server=["--delay-ms", "100"]) as world:
            world.drop(self.file(kind, items))
            spent = world.once()
            world.check_receipts(1, items)
            stats = world.stats()
        # From the first request to the last; each connection does one every 100 ms, the last wave's answers not counted.
        ideal = (items / 500 / connections - 1) * delay
        return {
            "of what 8 connections can do, %": ideal / (stats["last"] - stats["first"]) * 100,
            "items/s": items / spent["seconds"],
        }

    # Ten items, as soon as they are there

    def latency(self):
        """ten-item file dropped by rename, to its receipt"""
        return self.until_receipt(samples=50 if self.quick else 200)

    def latency_polling(self):
        """the same, without inotify"""
        return self.until_receipt(samples=10 if self.quick else 30, preload=program("without-inotify"))

    def until_receipt(self, samples, preload=None):
        with open(self.file("ndjson", 1000), encoding="utf-8") as file:
            text = "".join(line for _, line in zip(range(10), file))
        took = []
        with World(self.upsertd) as world:
            daemon = world.daemon(preload)
            arrivals = Arrivals(world.receipts_folder())
            for number in range(samples + 1):
                part = world.path("spool", "in", "part")
                with open(part, "w", encoding="utf-8") as file:
                    file.write(text)
                time.sleep(0.1 + number % 7 * 0.013)  # idle again; not in step with any timer
                began = time.monotonic()
                os.rename(part, world.path("spool", "in", "inbox", f"f{number}.ndjson"))
                arrivals.wait(30)
                took.append((time.monotonic() - began) * 1e3)
            arrivals.close()
            world.end(daemon)
            world.check_receipts(samples + 1, (samples + 1) * 10)
        took = sorted(took[1:])  # the first one opens the connection
        return {
            "median ms": statistics.median(took), "99th percentile ms": took[int(len(took) * 0.99)], "most ms": took[-1],
        }

    # A queue that waits

    def backlog(self):
        """20,000 waiting batches, the API down"""
        batches = 2_000 if self.quick else 20_000
        with World(self.upsertd, target="batch: {max_items: 1}") as world:
            world.end(world.sink)
            world.drop(self.file("ndjson", batches))
            daemon = world.daemon()

            def queue():
                return json.loads(world.command("status", "--json")[1])["queue"]

            wait_for("the queue to fill", lambda: queue()["batches"] >= batches, seconds=300, pause=0.5)
            figures = {"status ms": self.median_ms(world, "status")}
            if "\n  queue " in subprocess.run([self.upsertd, "--help"], capture_output=True, text=True, check=True).stdout:
                figures["queue ms"] = self.median_ms(world, "queue")
            figures["status of nothing ms"] = self.median_ms_of_nothing()
            figures["idle CPU, % of a core"] = self.cpu_share(daemon, 5 if self.quick else 30)
            figures["RSS MiB"] = memory_mib(daemon.pid, "VmRSS")
            figures["outbox MiB, full"] = self.outbox_mib(world)
            world.start_server(world.port)
            world.command("retry")
            began = time.monotonic()
            wait_for("the queue to empty", lambda: queue()["batches"] == 0, seconds=600, pause=0.5)
            figures["then batches/s"] = batches / (time.monotonic() - began)
            wait_for("the receipt", world.receipts)
            world.end(daemon)
            figures["outbox MiB, after"] = self.outbox_mib(world)
            world.check_receipts(1, batches)
        return figures

    def median_ms(self, world, *command):
        return statistics.median(world.command(*command)[0] for _ in range(9)) * 1e3

    def median_ms_of_nothing(self):
        with World(self.upsertd) as world:
            world.daemon()
            return self.median_ms(world, "status")

    def outbox_mib(self, world):
        folder = world.path("state")
        names = [n for n in os.listdir(folder) if n.startswith("outbox")]
        return sum(os.path.getsize(os.path.join(folder, n)) for n in names) / (1 << 20)

    def cpu_share(self, daemon, seconds):
        before = cpu_seconds(daemon.pid)
        time.sleep(seconds)
        return (cpu_seconds(daemon.pid) - before) / seconds * 100

    # Others fail

    def one_key(self):
        """1,000,000 one-item batches of one failing key in front"""
        count = 10_000 if self.quick else 1_000_000
        lines = (f'{{"accountId":"POISON","n":{n}}}\n' for n in range(count))
        return self.behind(lines, "batch: {max_items: 1}", count)

    def many_keys(self):
        """20,000 failing batches of 500 different keys in front"""
        count = 100_000 if self.quick else 10_000_000
        lines = (f'{{"accountId":"POISON{n}"}}\n' for n in range(count))
        return self.behind(lines, "batch: {max_items: 500}\n    concurrency: 8", count // 500)

    def behind(self, lines, target, batches):
        """How soon an item of another key is done behind these, which the API always answers 500, and what that takes."""
        server = ("--poison", "POISON", "--fail-status", 500)
        with World(self.upsertd, target=target, server=server) as world:
            daemon = world.daemon()
            self.stream(world, lines)
            wait_for("the file to be queued", lambda: self.queued(world) >= batches, seconds=1200, pause=1)
            # Until all of them have been tried, or passed over.
            requests = -1
            while requests != (requests := world.stats()["requests"]) and requests < batches:
                time.sleep(5)
            samples = []
            # The first one must wait behind batches that were never sent; it has a figure of its own.
            for number in range(6 if self.quick else 21):
                path = world.path("other.ndjson")
                with open(path, "w", encoding="ascii") as file:
                    file.write(f'{{"accountId":"other{number}"}}\n')
                receipts = len(world.receipts())
                began = time.monotonic()
                os.rename(path, world.path("spool", "in", "inbox", f"other{number}.ndjson"))
                wait_for("its receipt", lambda: len(world.receipts()) > receipts, seconds=60, pause=0.002)
                samples.append((time.monotonic() - began) * 1e3)
            first, *samples = samples
            return {
                "ms to the receipt of another key, median": statistics.median(samples), "longest": max(samples),
                "behind first attempts, s": first / 1e3,
                "status, ms": self.median_ms(world, "status", "--json"), "queue, ms": self.median_ms(world, "queue"),
                "requests of the others": world.stats()["requests"], "peak MiB": memory_mib(daemon.pid),
                "RSS MiB": memory_mib(daemon.pid, "VmRSS"),
            }

    def stream(self, world, lines):
        path = world.path("many.ndjson")
        with open(path, "w", encoding="ascii") as file:
            file.writelines(lines)
        os.rename(path, world.path("spool", "in", "inbox", "many.ndjson"))

    def queued(self, world):
        return json.loads(world.command("status", "--json")[1])["queue"]["batches"]

    # Nothing to do

    def idle(self):
        """idle daemon with ten inboxes"""
        with World(self.upsertd, inboxes=10) as world:
            daemon = world.daemon()
            return {
                "CPU, % of a core": self.cpu_share(daemon, 10 if self.quick else 60),
                "RSS MiB": memory_mib(daemon.pid, "VmRSS"), "peak MiB": memory_mib(daemon.pid),
            }

    def crowded(self):
        """paused inbox, 10,000 files waiting, 100,000 archived"""
        waiting, archived = (1_000, 10_000) if self.quick else (10_000, 100_000)
        with World(self.upsertd) as world:
            world.command("pause", "in")
            os.makedirs(world.path("spool", "in", "archive"), exist_ok=True)
            for folder, count in (("inbox", waiting), ("archive", archived)):
                for number in range(count):
                    with open(world.path("spool", "in", folder, f"f{number:06}.json"), "wb"):
                        pass
            daemon = world.daemon()
            time.sleep(5)
            seconds = 10 if self.quick else 30
            return {
                "CPU ms a look (one a second)": self.cpu_share(daemon, seconds) * 10,
                "RSS MiB": memory_mib(daemon.pid, "VmRSS"),
            }

    # The same per item, however large the file

    def flat(self):
        """NDJSON to Liquid, 100 times the items"""
        counts = (10_000, 1_000_000) if self.quick else (100_000, 10_000_000)
        few, many = [], []
        for _ in range(3):
            few.append(self.delivered("ndjson", "liquid", counts[0]))
        many.append(self.delivered("ndjson", "liquid", counts[1]))

        def median(name, runs):
            return statistics.median(r[name] for r in runs)

        return {
            f"CPU s per million at {counts[0]:,}": median("CPU s per million", few),
            f"at {counts[1]:,}": median("CPU s per million", many),
            "peak MiB of the few": median("peak MiB", few), "of the many": median("peak MiB", many),
        }


LIMITS = ["post", "disk", "parse"]
PEERS = ["syslog-ng", "syslog-ng-memory"]
THROUGHPUT = ["ndjson", "json", "lusid-json", "csv", "csv-mapping", "gzip"]
TURNS = THROUGHPUT + ["small-files", "slow-api", "hot-key"]
ALONE = ["latency", "latency-polling", "backlog", "one-key", "many-keys", "idle", "crowded"]
LONG = ["flat"]
