"""Honest droppers: they drop good files at a steady pace, and know what each file's receipt has to say."""

import gzip
import json
import os
import random
import threading
import time

FORMATS = ["csv", "json", "ndjson", "csv.gz", "json.gz"]


class File:
    """A dropped file, and what has to become of it."""

    def __init__(self, name, labels, rejected):
        self.name, self.labels, self.rejected = name, labels, rejected
        self.dropped = time.time()


class Dropper(threading.Thread):
    """Drops into one inbox until `stop`.

    Of each file one item has the same key as one in the file before, so that order can be seen; one is refused by the API
    in some, and one by upsertd's own checks in some others.
    """

    def __init__(self, seed, inbox, api, pause):
        super().__init__(daemon=True)
        self.rng = random.Random(f"{seed}:{inbox}")
        self.folder, self.name, self.api, self.pause = inbox, os.path.basename(inbox), api, pause
        self.files = []
        self.stop = threading.Event()
        self.fault = None

    def run(self):
        try:
            while not self.stop.is_set():
                self.drop(len(self.files) + 1)
                self.stop.wait(self.rng.uniform(0.5, 1.5) * self.pause)
        except Exception as error:
            self.fault = error

    def drop(self, number):
        count = self.rng.choice([1, 2, 5, 20, 20, 300 if number % 20 == 0 else 20])
        items = [("ordered", f"honest {self.name} {number} ordered")]
        items += [(f"{number}-{place}", f"honest {self.name} {number} {place}") for place in range(1, count)]
        labels = [label for _, label in items]
        rejected = 0
        if number % 7 == 0:
            items.append((f"{number}-refused", f"honest {self.name} {number} refused"))
            rejected += 1
        if number % 5 == 0:
            items.append((f"{number}-incomplete", None))
            rejected += 1
        format = FORMATS[number % len(FORMATS)]
        data = self.write(items, format.split(".")[0])
        if format.endswith(".gz"):
            data = gzip.compress(data)
        name = f"{number:06}.{format}"
        hidden = os.path.join(self.folder, "inbox", "." + name)
        with open(hidden, "wb") as out:
            out.write(data)
        file = File(name, labels, rejected)
        os.rename(hidden, os.path.join(self.folder, "inbox", name))
        self.files.append(file)

    def write(self, items, format):
        if format == "csv":
            if self.api == "liquid":
                lines = ["accountId,name", *(f"{key if label else ''},{label or 'x'}" for key, label in items)]
            else:
                lines = ["scope,displayName,identifiers.InvestorRecord/Soak/Id",
                    *(f"s,{label or ''},{key}" for key, label in items)]
            return "\n".join(lines).encode() + b"\n"
        documents = [self.item(key, label) for key, label in items]
        if format == "json":
            return json.dumps(documents).encode()
        return b"".join(json.dumps(document).encode() + b"\n" for document in documents)

    def item(self, key, label):
        if self.api == "liquid":
            return {"accountId": key, "name": label} if label else {"name": "x"}
        name = "InvestorRecord/Soak/Id"
        item = {"scope": "s", "identifiers": {name: {"key": name, "value": {"labelValue": key}}}}
        return item | ({"displayName": label} if label else {})

    def receipts(self):
        """Each file's receipts: name of the dropped file to paths."""
        found = {}
        for entry in os.scandir(os.path.join(self.folder, "outbox", "receipts")):
            if not entry.name.startswith("."):
                found.setdefault(entry.name.rsplit(".", 3)[0], []).append(entry.path)
        return found
