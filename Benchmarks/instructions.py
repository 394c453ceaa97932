"""Counts the instructions that upsertd spends on an item, and compares them with Benchmarks/instructions.txt.

Under valgrind's callgrind, a daemon takes one file from its inbox to its receipt: reading, checking, batching, outbox,
requests, answers. The difference between a run with 1,000 items and one with 11,000 is the cost of 10,000 items, without start
and end. No clock is involved, so a busy machine gives the same figure. `Scripts/count-instructions` says how to call it.
"""
import argparse
import concurrent.futures
import os
import platform
import re
import shutil
import signal
import subprocess
import sys

import workloads
from world import HERE, SCRATCH, Failure, World, program, wait_for

INPUTS = {"ndjson": ("liquid", "NDJSON to Liquid"), "csv": ("lusid", "CSV to LUSID")}
FEW, MANY = 1_000, 11_000
ALLOWED = 1.05
COMMITTED = os.path.join(HERE, "instructions.txt")
HEADER = f"""\
# Instructions an item under callgrind, release build; compared by Scripts/count-instructions, which Scripts/test calls.
# More than {(ALLOWED - 1) * 100:.0f} % above these fails. To accept a new figure: Scripts/count-instructions --accept, and commit this file.
"""
# Settings without which the same work would take other instructions on another processor or in another process.
PINNED = {
    "SWIFT_DETERMINISTIC_HASHING": "1",
    # The memcpy, strlen and so on that every processor has.
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-AVX_Fast_Unaligned_Load,-SSSE3,-ERMS,-FSRM",
    # SHA-256 as processors without AVX and instructions of its own do it.
    "OPENSSL_ia32cap": "~0x1000000000000000:~0x200101b8",
}


def count(upsertd, kind, items, profile=None):
    """All instructions of a daemon that is started, delivers one file and is stopped."""
    # Few scans by the clock, and no extra scans for events.
    watch = "watch: {poll_interval: 30s, settle: 0s}"
    with World(upsertd, INPUTS[kind][0], watch=watch) as world:
        world.drop(workloads.make(kind, items, os.path.join(SCRATCH, "data")))
        environment = dict(os.environ, LD_PRELOAD=program("without-sigsuspend"), **PINNED)
        with open(world.path("valgrind.log"), "w+", encoding="utf-8", errors="replace") as log:
            process = world.start(
                ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile or world.path('callgrind.out')}", upsertd,
                 "run", "--config", world.path("upsertd.yaml")], env=environment, stdout=log, stderr=log)

            def delivered():
                if process.poll() is not None:
                    log.seek(0)
                    raise Failure(f"valgrind ended early:\n{log.read()[-2000:]}")
                return world.receipts()

            wait_for("the receipt", delivered, seconds=600, pause=0.1)
            world.check_receipts(1, items)
            # It writes its figures when the daemon has stopped.
            world.end(process, seconds=120)
            log.seek(0)
            found = re.search(r"Collected : (\d+)", log.read())
    if not found:
        raise Failure("valgrind printed no count")
    return int(found.group(1))


def measure(upsertd):
    """Instructions an item, by input."""
    # Without names and line numbers valgrind starts in a fraction of the time, and 3.19 can't read Swift's DWARF 5.
    stripped = os.path.join(SCRATCH, "bin", "upsertd-stripped")
    os.makedirs(os.path.dirname(stripped), exist_ok=True)
    subprocess.run(["objcopy", "--strip-all", upsertd, stripped], check=True)
    jobs = [(kind, items) for kind in INPUTS for items in (MANY, FEW)]
    for name in ("sink", "without-sigsuspend"):
        program(name)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        counts = dict(zip(jobs, pool.map(lambda job: count(stripped, *job), jobs)))
    return {kind: round((counts[kind, MANY] - counts[kind, FEW]) / (MANY - FEW)) for kind in INPUTS}


def committed():
    """The committed figures of this architecture."""
    figures = {}
    if os.path.exists(COMMITTED):
        with open(COMMITTED, encoding="utf-8") as file:
            for line in file:
                words = line.split()
                if len(words) == 3 and words[0] == platform.machine():
                    figures[words[1]] = int(words[2])
    return figures


def accept(figures):
    lines = []
    if os.path.exists(COMMITTED):
        with open(COMMITTED, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("#") and line.split()[:1] != [platform.machine()]]
    lines += [f"{platform.machine()} {kind} {figure}\n" for kind, figure in figures.items()]
    with open(COMMITTED, "w", encoding="utf-8") as file:
        file.write(HEADER + "".join(sorted(lines)))


def compare(figures):
    """Whether no input costs noticeably more than was committed."""
    known = committed()
    if not known:
        print(f"no figures are committed for {platform.machine()}: nothing to compare with")
    good = True
    for kind, figure in figures.items():
        name = INPUTS[kind][1]
        if kind not in known:
            print(f"{name}: {figure:,} instructions an item")
            continue
        change = figure / known[kind] - 1
        print(f"{name}: {figure:,} instructions an item, {change * 100:+.1f} % of the committed {known[kind]:,}")
        if figure > known[kind] * ALLOWED:
            good = False
        elif figure * ALLOWED < known[kind]:
            print("  cheaper than committed; keep it so: Scripts/count-instructions --accept")
    if not good:
        print("An item costs over 5 % more than before. To see where: Scripts/count-instructions --top\n"
              "If it is worth it: Scripts/count-instructions --accept, and commit Benchmarks/instructions.txt with the reason.")
    return good


def by_function(profile):
    """The instructions that each function spent itself."""
    listing = subprocess.run(
        ["callgrind_annotate", "--threshold=100", profile], capture_output=True, text=True, check=True).stdout
    spent = {}
    for number, name in re.findall(r"^ *([\d,]+) \([\d. ]+%\) +\S*?:(\S+)", listing, re.MULTILINE):
        spent[name] = spent.get(name, 0) + int(number.replace(",", ""))
    return spent


def top(upsertd):
    """Markdown tables of the functions in which an item's instructions are spent."""
    readable = os.path.join(SCRATCH, "bin", "upsertd-named")
    subprocess.run(["objcopy", "--strip-debug", upsertd, readable], check=True)
    for kind, (_, title) in INPUTS.items():
        spent = []
        for items in (MANY, FEW):
            profile = os.path.join(SCRATCH, f"callgrind.{kind}-{items}")
            count(readable, kind, items, profile)
            spent.append(by_function(profile))
        difference = {name: number - spent[1].get(name, 0) for name, number in spent[0].items()}
        total = sum(difference.values())
        names = sorted(difference, key=difference.get, reverse=True)[:10]
        plain = subprocess.run(
            ["swift", "demangle", "--compact", "--simplified"], input="\n".join(names), capture_output=True, text=True,
            check=True).stdout.splitlines()
        print(f"| {title}: {total / (MANY - FEW):,.0f} instructions an item | % |\n| --- | ---: |")
        for name, words in zip(names, plain):
            print(f"| `{words[:100]}` | {difference[name] / total * 100:.1f} |")
        print()


def main():
    # So that worlds are cleared away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(
        prog="Scripts/count-instructions",
        description="Counts the instructions that an item costs and fails where they rose by over 5 %.")
    parser.add_argument("upsertd", metavar="BINARY", help="a release build, as Scripts/build-release makes it")
    parser.add_argument("--accept", action="store_true", help="write the figures to Benchmarks/instructions.txt")
    parser.add_argument("--top", action="store_true", help="print where the instructions go, and compare nothing")
    chosen = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is not installed", file=sys.stderr)
        return 2
    upsertd = os.path.abspath(chosen.upsertd)
    try:
        if chosen.top:
            top(upsertd)
            return 0
        figures = measure(upsertd)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    if chosen.accept:
        accept(figures)
    return 0 if compare(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
