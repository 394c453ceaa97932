#!/usr/bin/env python3
"""The files that the benchmarks drop: the same count gives the same bytes, every time.

  workloads.py KIND COUNT FOLDER       makes FOLDER/KIND-COUNT.EXTENSION, unless it is there; KIND is one of

  ndjson      one Liquid item of about 610 bytes a line
  gzip        the same, gzipped (ndjson.gz)
  json        the same items as one JSON array
  hot         the same as ndjson, but every hundredth item has the same key
  lusid-json  LUSID investor records as one object keyed by request id, in the schema of SDK 2.1.781 to 2.1.881
  csv         the same records, 8 columns whose names are paths
  plain-csv   the same with names that need MAPPING

The .json files hold one top-level member a line, so that the C programs can cut bodies out of them without a parser.
"""
import csv
import gzip
import json
import os
import shutil
import sys

REGIONS = ["EMEA", "AMER", "APAC", "LATAM"]
CURRENCIES = ["USD", "EUR", "GBP", "JPY", "CHF"]
STREETS = ["Rue de l'Été", "High Street", "Bahnhofstraße", "Main St \"North\"", "Calle Mayor"]
CITIES = ["Luxembourg", "London", "Zürich", "New York", "Madrid"]
IR = "InvestorRecord/ExternalIdentifier/ExternalIRId"
PERSON = "Person/HrSystem1/InternalId"
RISK, DOMICILE = "InvestorRecord/Onboarding/RiskRating", "InvestorRecord/Onboarding/Domicile"

# The CSV's columns: names that say nothing, and the paths of the fields that they fill.
PATHS = {
    "requestId": "requestId",
    "externalIRId": f"identifiers.{IR}",
    "displayName": "displayName",
    "description": "description",
    "riskRating": f"properties.{RISK}",
    "domicile": f"properties.{DOMICILE}",
    "effectiveFrom": f"properties.{RISK}.effectiveFrom",
    "personInternalId": f"investor.investorIdentifiers.{PERSON}",
}
MAPPING = "columns:\n" + "".join(f"  {name}: {path}\n" for name, path in PATHS.items())


def ld_item(i):
    r = (i * 2654435761) & 0xFFFFFFFF  # a fixed, well mixed number per item
    return {
        "headers": {"category": "entity", "type": "Account", "action": "Merge"},
        "data": {
            "accountId": f"A{i:07d}",
            "name": f"Client Account {i:07d} Holdings {r % 1000} S.à r.l.",
            "currency": CURRENCIES[r % 5],
            "postalCode": f"{r % 100000:05d}",
            "region": REGIONS[r >> 5 & 3],
            "exposure": 0.0 if i % 3 == 0 else (r % 10_000_000) / 100,
            "limit": 12345678901.25 + (r % 1000),
            "creditBlock": (r >> 7) % 2 == 0,
            "openedOn": f"20{10 + r % 15:02d}-{1 + r % 12:02d}-{1 + r % 28:02d}T00:00:00.000Z",
            "riskClass": None if i % 7 == 0 else f"R{r % 9}",
            "relationshipManager": f"desk{r % 40:02d}.manager@example.com",
            "sourceSystem": "CRM-LU-01",
            "addresses": [
                {"type": kind, "street": f"{1 + (r >> s) % 200} {STREETS[(r >> s) % 5]}",
                 "city": CITIES[(r >> s) % 5], "country": "LU", "primary": s == 3}
                for s, kind in ((3, "registered"), (9, "postal"))
            ],
        },
    }


def lusid_row(i):
    return {
        "requestId": f"req-{i:07d}",
        "externalIRId": f"IR_{i:07d}",
        "displayName": f"Investor Record {i:07d}",
        "description": f"Record {i} of the benchmark, onboarded by desk {i % 13}",
        "riskRating": ["Low", "Medium", "High"][i % 3],
        "domicile": ["GB", "LU", "US", "CH"][i % 4],
        "effectiveFrom": f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}T00:00:00+00:00",
        "personInternalId": f"XY{i:07d}",
    }


def lusid_request(row):
    def label(key, value):
        return {"key": key, "value": {"labelValue": value}}

    return {
        "identifiers": {IR: label(IR, row["externalIRId"])},
        "properties": {
            RISK: {**label(RISK, row["riskRating"]), "effectiveFrom": row["effectiveFrom"]},
            DOMICILE: label(DOMICILE, row["domicile"]),
        },
        "displayName": row["displayName"],
        "description": row["description"],
        "investor": {
            "investorType": "Person",
            "investorIdentifiers": {PERSON: label(PERSON, row["personInternalId"])},
        },
    }


def dumps(o):
    return json.dumps(o, ensure_ascii=False, separators=(",", ":"))


def document(opening, members, closing):
    yield opening + "\n"
    first = True
    for member in members:
        yield member if first else ",\n" + member
        first = False
    yield "\n" + closing + "\n"


def rows(header, count):
    """Lines of CSV: `header`, then `count` rows."""

    class Lines:
        line = ""

        def write(self, text):
            self.line = text

    lines = Lines()
    writer = csv.writer(lines)
    writer.writerow(header)
    yield lines.line
    for i in range(1, count + 1):
        writer.writerow(lusid_row(i).values())
        yield lines.line


def hot_item(i):
    item = ld_item(i)
    if i % 100 == 0:
        item["data"]["accountId"] = "HOT"
    return item


def contents(kind, count):
    numbers = range(1, count + 1)
    if kind == "ndjson":
        return (dumps(ld_item(i)) + "\n" for i in numbers)
    if kind == "hot":
        return (dumps(hot_item(i)) + "\n" for i in numbers)
    if kind == "json":
        return document("[", (dumps(ld_item(i)) for i in numbers), "]")
    if kind == "lusid-json":
        records = map(lusid_row, numbers)
        return document("{", (dumps(r["requestId"]) + ":" + dumps(lusid_request(r)) for r in records), "}")
    if kind == "csv":
        return rows(PATHS.values(), count)
    if kind == "plain-csv":
        return rows(PATHS.keys(), count)
    raise ValueError(f"no workload is called {kind}")


EXTENSIONS = {"ndjson": "ndjson", "hot": "ndjson", "gzip": "ndjson.gz", "json": "json", "lusid-json": "json",
              "csv": "csv", "plain-csv": "csv"}


def make(kind, count, folder):
    """The file's path; it is made where it is missing, and then whole."""
    path = os.path.join(folder, f"{kind}-{count}.{EXTENSIONS[kind]}")
    if os.path.exists(path):
        return path
    os.makedirs(folder, exist_ok=True)
    if kind == "gzip":
        with open(make("ndjson", count, folder), "rb") as source, gzip.GzipFile(path + ".part", "wb", 6, mtime=0) as out:
            shutil.copyfileobj(source, out, 1 << 20)
    else:
        with open(path + ".part", "w", encoding="utf-8", newline="") as out:
            out.writelines(contents(kind, count))
    os.rename(path + ".part", path)
    return path


if __name__ == "__main__":
    print(make(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
