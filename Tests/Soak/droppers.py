"""Hostile droppers: files, links, folders and forged results that somebody made to do harm, in their own inbox."""

import gzip
import itertools
import json
import os
import shutil
import socket
import stat
import time

from attack import repeat

LARGEST = 2**63 - 1
FORGED = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


class Dropper:
    """Somebody who may write into one inbox, and the harm that they can think of."""

    def __init__(self, inbox, api, others):
        self.inbox = os.path.join(inbox, "inbox")
        self.receipts = os.path.join(inbox, "outbox", "receipts")
        self.rejected = os.path.join(inbox, "outbox", "rejected")
        self.work = os.path.join(inbox, "work")
        # On the same file system, for hard links.
        self.links = inbox + ".links"
        self.others = others
        self.api = api
        self.numbers = itertools.count(1)
        os.makedirs(self.links, exist_ok=True)

    # What it writes

    def item(self, rng, label=None):
        label = label or f"x{rng.randrange(10**9)}"
        if self.api == "liquid":
            return {"headers": {"category": "entity", "type": "Account", "action": "Merge"},
                "data": {"accountId": label, "name": label}}
        key = "InvestorRecord/Wild/Id"
        return {"scope": "s", "displayName": label, "identifiers": {key: {"key": key, "value": {"labelValue": label}}}}

    def items(self, rng, count):
        return json.dumps([self.item(rng) for _ in range(count)]).encode()

    def csv(self, rng, count):
        path = "accountId,name" if self.api == "liquid" else "identifiers.InvestorRecord/Wild/Id,displayName"
        rows = (f"x{rng.randrange(10**9)},n\n" for _ in range(count))
        return (path + (",scope\n" if self.api == "lusid" else "\n")).encode() + "".join(
            row.replace("\n", ",s\n") if self.api == "lusid" else row for row in rows).encode()

    def name(self, extension):
        return f"w{next(self.numbers):06}{extension}"

    def write(self, name, data=b"", hidden=True):
        """As a good sender does, or straight into place; the path."""
        folder = os.fsencode(self.inbox)
        name = os.fsencode(name)
        path = os.path.join(folder, name)
        first = os.path.join(folder, b".%d.new" % next(self.numbers)) if hidden else path
        with open(first, "wb") as out:
            out.write(data)
        if hidden:
            os.rename(first, path)
        return path

    # Plain files with something odd about them

    def ordinary(self, rng):
        self.write(self.name(rng.choice([".json", ".JSON"])), self.items(rng, rng.choice([1, 20, 500])))
        self.write(self.name(".csv"), self.csv(rng, 40))

    def odd_times(self, rng):
        path = self.write(self.name(".json"), self.items(rng, 1), hidden=False)
        when = rng.choice([9223372036_900000000, 0, -1, -(2**31) * 10**9, 2**32 * 10**9, LARGEST])
        os.utime(path, ns=(when, when))

    def sparse(self, rng):
        start = rng.choice([b"", b"[", b'{"a": "', b"a,b\n", b"\x1f\x8b\x08"])
        path = os.fsdecode(self.write("." + self.name(".new"), start))
        name = os.path.join(self.inbox, self.name(rng.choice([".json", ".csv", ".ndjson", ".csv.gz", ".tsv", ".bin"])))
        for size in rng.choice([[LARGEST, 8 << 40], [8 << 40], [(16 << 40) - 8192], [64 << 20], [5 << 30]]):
            try:
                os.truncate(path, size)
                break
            except OSError:
                continue
        os.rename(path, name)

    def half_written(self, rng):
        data = self.items(rng, 200)
        path = self.write("." + self.name(".part"), data[: len(data) // 2])
        with open(path, "ab") as out:
            target = os.path.join(self.inbox, self.name(".json"))
            os.rename(path, target)
            time.sleep(rng.random() * 2)
            out.write(data[len(data) // 2 :])
            out.flush()
            time.sleep(rng.random())
            out.write(rng.choice([b"", b" ", b"]", b"\0"]))

    def written_in_place(self, rng):
        """Grows, shrinks and grows again while it waits and is read."""
        path = os.path.join(self.inbox, self.name(".ndjson"))
        for _ in range(rng.randrange(1, 12)):
            with open(path, "ab") as out:
                out.write(b"\n".join(json.dumps(self.item(rng)).encode() for _ in range(5)) + b"\n")
            time.sleep(rng.random() / 2)
            os.truncate(path, rng.choice([0, 100, os.path.getsize(path)]))

    def empty_then_filled(self, rng):
        path = self.write(self.name(rng.choice([".csv", ".json"])), hidden=False)
        time.sleep(rng.choice([0.5, 2.5, 9.9]))
        with open(path, "r+b") as out:
            out.write(self.items(rng, 2))

    def linked(self, rng):
        """Keeps a hard link, and changes the text under the claimed file."""
        name = self.name(rng.choice([".json", ".ndjson"]))
        link = os.path.join(self.links, name)
        with open(link, "wb") as out:
            if name.endswith(".json"):
                out.write(self.items(rng, 300))
            else:
                out.write(b"".join(json.dumps(self.item(rng)).encode() + b"\n" for _ in range(300)))
        os.link(link, os.path.join(self.inbox, name))
        for _ in range(rng.randrange(1, 8)):
            time.sleep(rng.random() / 2)
            how = rng.randrange(4)
            size = os.path.getsize(link)
            with open(link, "r+b") as out:
                if how == 0:
                    out.seek(rng.randrange(max(1, size)))
                    out.write(b"changed")
                elif how == 1:
                    out.truncate(size // 2)
                elif how == 2:
                    out.seek(0, os.SEEK_END)
                    out.write(self.items(rng, 50))
                else:
                    out.truncate(8 << 40)
        os.unlink(link)

    def touched(self, rng):
        path = self.write(self.name(".json"), self.items(rng, 3), hidden=False)
        for _ in range(rng.randrange(1, 20)):
            what = rng.randrange(5)
            if what == 0:
                os.utime(path)
            elif what == 1:
                os.chmod(path, rng.choice([0, 0o200, 0o644, 0o7777]))
            elif what == 2:
                other = os.fsencode(os.path.join(self.inbox, self.name(rng.choice([".json", ".csv", ".tmp", ""]))))
                os.rename(path, other)
                path = other
            elif what == 3:
                os.unlink(path)
                self.write(os.path.basename(path), self.items(rng, 3), hidden=False)
            else:
                os.replace(self.write("." + self.name(".new"), self.csv(rng, 3)), path)
            time.sleep(rng.random() / 3)
        os.chmod(path, 0o644)

    def swapped(self, rng):
        """A file by one look; a link, a folder or another file by the next."""
        path = os.path.join(self.inbox, self.name(".json"))
        until = time.monotonic() + 2
        while time.monotonic() < until:
            new = os.path.join(self.inbox, f".{next(self.numbers)}.swap")
            what = rng.randrange(3)
            if what == 0:
                os.symlink("/etc/passwd", new)
            elif what == 1:
                os.mkfifo(new)
            else:
                with open(new, "wb") as out:
                    out.write(self.items(rng, 1))
            os.replace(new, path)
            time.sleep(rng.random() / 50)
        os.unlink(path)

    # Contents

    def bomb(self, rng):
        kind = rng.randrange(6)
        if kind == 0:
            data = gzip.compress(b"\0" * (50 << 20), 9)
        elif kind == 1:
            # Below the ratio at first.
            data = gzip.compress(self.csv(rng, 2000) + b"x,y\n" * (5 << 20), 9)
        elif kind == 2:
            data = gzip.compress(b"") * 20_000
        elif kind == 3:
            data = gzip.compress(gzip.compress(b"[" + b" " * (30 << 20)))
        elif kind == 4:
            data = gzip.compress(self.items(rng, 500))[: rng.randrange(1, 2000)]
        else:
            data = gzip.compress(self.items(rng, 50)) + b"rest" * rng.randrange(1, 2000)
        self.write(self.name(rng.choice([".json.gz", ".csv.gz", ".ndjson.gz"])), data)

    def deep(self, rng):
        depth = rng.choice([126, 127, 128, 129, 1000, 100_000, 3_000_000])
        kind = rng.randrange(3)
        if kind == 0:
            data = b"[" * depth
        elif kind == 1:
            data = b'{"a":' * depth + b"1" + b"}" * depth
        else:
            item = json.dumps(self.item(rng)).encode()[:-1]
            data = b"[" + item + b', "description2": ' + b"[" * depth + b"]" * depth + b"}]"
        self.write(self.name(rng.choice([".json", ".ndjson"])), data)

    def wide(self, rng):
        kind = rng.randrange(7)
        names = [f"c{n}" for n in range(10_000)]
        if kind == 0:
            data = (",".join(names) + "\n" + (",".join("1" * 10_000) + "\n") * 50).encode()
        elif kind == 1:
            data = (",".join("c" for _ in names) + "\n").encode()
        elif kind == 2:
            data = self.csv(rng, 2) + b"x" * (8 << 20) + b",s\n" + self.csv(rng, 2)
        elif kind == 3:
            data = self.csv(rng, 20) + b'"' + b"never closed,\n" * (600 << 10)
        elif kind == 4:
            data = self.csv(rng, 2) + b"," * (4 << 20) + b"\n"
        elif kind == 5:
            data = b"a[9223372036854775807].b,a[0][0][0].c,:number,.,..,a.a.a,headers.,properties.x/y/z.q\n1,2,3,4,5,6,7,8\n"
        else:
            data = (".".join("a" for _ in range(50_000)) + "\n1\n").encode()
        self.write(self.name(rng.choice([".csv", ".tsv"])), data)

    def malformed(self, rng):
        """Well up to its very end."""
        good = b"[" + b",\n".join(json.dumps(self.item(rng)).encode() for _ in range(20_000))
        self.write(
            self.name(rng.choice([".json", ".ndjson"])),
            good + rng.choice([b"", b"]}", b', "\xff"]', b"," + b"1" * (1 << 20) + b"]", b', "\\ud800"]', b",\0]",
            b", tru]"]))

    def odd_items(self, rng):
        item = json.dumps(self.item(rng))
        kind = rng.randrange(6)
        if kind == 0:
            data = "[" + ",".join([item] * 50) + "]"
        elif kind == 1:
            data = '{"a": ' + item + ', "a": ' + item + ', "": ' + item + ', "__proto__": 1}'
        elif kind == 2:
            data = "[" + item[:-1] + ', "n": 1e999999999, "m": -0.0e-999999999, "o": ' + "9" * 5000 + "}]"
        elif kind == 3:
            data = "[" + ",".join(["null", "1", '""', "[]", "{}", "true", "1e5"] * 500) + "]"
        elif kind == 4:
            data = "[" + item[:-1] + "".join(f', "m{n}": {n}' for n in range(20_000)) + "}]"
        else:
            data = "[" + item.replace("x", "\\u0000\\u202e\\ud83d\\ude00=cmd()") + "]"
        self.write(self.name(".json"), data.encode())

    def many(self, rng):
        # What waits for a hostile API would pile up.
        if len(os.listdir(self.work)) > 300:
            return
        for _ in range(100):
            self.write(self.name(".json"), self.items(rng, 1))

    # Names

    def odd_names(self, rng):
        names = [
            b".DS_Store", b"~$x.xlsx", b"Thumbs.db", b"#x#", b"x.json~", b"x.json.swp", b"a\nb.json", b"a\tb\x1b[31m.csv",
            b"\xff\xfe.json",
            b"\x80" * 200 + b".csv", b"x" * 250 + b".json", b"x" * 255, "a\u202evsc.exe".encode(), b"-rf", b"--config.csv",
            b"$(reboot).json", b"`id`.csv", b"a.json.gz.json.gz", b"%FF.json", b"a%00b.csv", b".json", b"..json", b"...",
            b"a b.json ",
            b"a.%s.rejected.json" % FORGED.encode(), b"a.%s.json" % FORGED.encode(), b"%s.a.json" % FORGED.encode(),
            b"a.%s.receipt.json" % FORGED.encode(), b"CON", b"\\..\\..\\x.json", "é".encode() * 120 + b".json",
            b"'\";drop table file.csv",
        ]
        for name in rng.sample(names, 6):
            try:
                self.write(name, self.items(rng, 1), hidden=rng.random() < 0.5)
            except OSError:
                continue

    def no_files(self, rng):
        path = os.path.join(self.inbox, self.name(rng.choice([".json", ".csv", ".json.gz"])))
        kind = rng.randrange(9)
        if kind < 5:
            targets = ["/etc/passwd", "/dev/zero", path, "/nowhere", self.inbox, self.others]
            os.symlink(targets[kind], path)
        elif kind == 5:
            os.symlink(self.others, path)
        elif kind == 6:
            os.mkfifo(path)
        elif kind == 7:
            os.makedirs(path + "/inside/" + "deep/" * 20)
            self.write(os.path.join(os.path.basename(path), "x.json"), self.items(rng, 1), hidden=False)
        else:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
                listener.listen()

    def ignored(self, rng):
        suffix = rng.choice([".tmp", ".part", "~", ".swp"])
        for _ in range(1000):
            self.write(self.name(suffix), hidden=False)

    # Results

    def forged(self, rng):
        """Receipts of files that never were, of its own and of others' files."""
        mine = [name for name in os.listdir(self.receipts) if name.endswith(".receipt.json") and not name.startswith("x.json.")]
        ids = [FORGED] + [name.split(".")[-3] for name in os.listdir(self.others)[:50] if name.endswith(".receipt.json")]
        path = os.path.join(self.receipts, f"x.json.{rng.choice(ids)}.receipt.json")
        kind = rng.randrange(5)
        if os.path.islink(path) or os.path.isfile(path):
            os.unlink(path)
        if kind == 0:
            with open(path, "wb"):
                os.truncate(path, rng.choice([8 << 40, 63 << 20, 65 << 20]))
        elif kind == 1 and mine:
            with open(os.path.join(self.receipts, rng.choice(mine)), "rb") as file:
                receipt = json.load(file)
            number = rng.choice([LARGEST, 2**63, -(2**63), 2**53, -1, 10**40])
            receipt["counts"] = dict.fromkeys(receipt["counts"], number)
            receipt["file"]["bytes"] = number
            receipt["batches"] = [{"sequence": number, "items": number, "accepted": number, "rejected": number,
                "attempts": number,
                                   "unanswered": number, "status": number, "ranges": [[-number, number], [number, number]]}]
            with open(path, "w", encoding="ascii") as out:
                json.dump(receipt, out)
        elif kind == 2:
            os.mkdir(path)
        elif kind == 3:
            os.symlink("/dev/zero", path)
        else:
            with open(path, "wb") as out:
                out.write(rng.choice([b"", b"[" * 100_000, b"{}", b'{"version": 1e400}', b"\xff" * 1000]))

    def in_the_way(self, rng):
        """Folders with the names that results will get."""
        for name in os.listdir(self.work)[:20]:
            number, _, name = name.partition(".")
            stem, _, extension = name.partition(".")
            for path in (f"{self.receipts}/{name}.{number}.receipt.json",
                f"{self.rejected}/{stem}.{number}.rejected.{extension}",
                         f"{self.rejected}/{stem}.{number}.{extension}"):
                if rng.random() < 0.5 and not os.path.exists(path):
                    os.makedirs(path + "/inside")

    def rejects(self, rng):
        """Takes rejects away, changes them, drops them again."""
        names = sorted(os.listdir(self.rejected))
        for name in rng.sample(names, min(3, len(names))):
            path = os.path.join(self.rejected, name)
            # What is large or no file stays for `clear`.
            if not os.path.isfile(path) or os.path.getsize(path) > 1 << 20:
                continue
            what = rng.randrange(3)
            if what == 0:
                os.unlink(path)
            elif what == 1:
                with open(path, "r+b") as out:
                    out.seek(rng.randrange(100))
                    out.write(rng.choice([b'"', b",,,", b"\n", b"_error_code,", b"\xff"]))
            else:
                os.rename(path, os.path.join(self.inbox, name))

    # Bounds

    def clear(self):
        """Takes away what would pile up: leftovers in the inbox, rejects, forged results."""
        for folder, age in ((self.inbox, 40), (self.rejected, 20), (self.receipts, 60)):
            for entry in os.scandir(os.fsencode(folder)):
                try:
                    status = entry.stat(follow_symlinks=False)
                    if time.time() - status.st_ctime < age or (folder == self.receipts and is_daemons(entry, status)):
                        continue
                    if stat.S_ISDIR(status.st_mode):
                        shutil.rmtree(entry.path, ignore_errors=True)
                    else:
                        os.unlink(entry.path)
                except OSError:
                    continue


def is_daemons(entry, status):
    """Whether it looks like a receipt that the daemon wrote."""
    return stat.S_ISREG(status.st_mode) and not entry.name.startswith(b"x.json.")


def drop(rng, stop, inbox, api, others, threads):
    """What a hostile dropper does until `stop`."""
    dropper = Dropper(inbox, api, others)
    acts = [
        dropper.ordinary, dropper.ordinary, dropper.odd_times, dropper.sparse, dropper.half_written, dropper.written_in_place,
        dropper.empty_then_filled, dropper.linked, dropper.touched, dropper.swapped, dropper.bomb, dropper.deep, dropper.wide,
        dropper.malformed, dropper.odd_items, dropper.many, dropper.odd_names, dropper.no_files, dropper.ignored,
        dropper.forged, dropper.in_the_way, dropper.rejects,
    ]
    cleared = 0

    def tidy(rng):
        nonlocal cleared
        if time.monotonic() - cleared > 10:
            cleared = time.monotonic()
            dropper.clear()

    return repeat(rng, stop, acts + [tidy] * 2, pause=1.0, threads=threads)
