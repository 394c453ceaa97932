"""Measures upsertd against a bundled server; `Scripts/bench --help` says how, `Benchmarks/README.md` what it found."""
import argparse
import os
import shutil
import signal
import statistics
import sys
import time

from cases import ALONE, LIMITS, LONG, PEERS, THROUGHPUT, TURNS, Bench
from world import SCRATCH, Failure


def options():
    every = TURNS + ALONE + LONG
    parser = argparse.ArgumentParser(
        prog="Scripts/bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures upsertd against a bundled server, on the loopback address, and prints Markdown tables.\n"
        "Run it on an otherwise idle machine: cases that are compared run in turns, and ratios are valid within one run.",
        epilog=f"Cases: {' '.join(TURNS + ALONE)}\nLong ones, only by name: {' '.join(LONG)} (7 GB of data)\n"
        f"The data (3 GB) stays in {os.path.relpath(SCRATCH)} for the next run, until --clean.")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="what to measure; by default all but the long ones")
    parser.add_argument("--runs", type=int, metavar="N", help="rounds, whose medians are printed (3; with --quick 1)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, shorter samples, for a first impression")
    parser.add_argument("--with-syslog-ng", action="store_true", help="also measure syslog-ng, if it is installed")
    parser.add_argument("--upsertd", metavar="PATH", help="measure this binary; by default a release build is made")
    parser.add_argument("--data", metavar="FOLDER", default=os.path.join(SCRATCH, "data"), help="where the data is kept")
    parser.add_argument("--clean", action="store_true", help="remove data and programs, and do nothing else")
    chosen = parser.parse_args()
    for case in chosen.cases:
        if case not in every:
            parser.error(f"there is no case {case}; cases are {' '.join(every)}")
    return chosen


def measure(bench, case):
    function = getattr(bench, case.replace("-", "_"))
    began = time.monotonic()
    load = os.getloadavg()[0]
    figures = function()
    printed = ", ".join(f"{name} {text(value)}" for name, value in figures.items())
    print(f"  {case}: {printed} ({time.monotonic() - began:.0f} s, load {load:.1f})", file=sys.stderr, flush=True)
    return figures


def text(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def medians(rounds):
    return {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}


def table(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1)] + rows
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def report(bench, results):
    """The tables, as in Benchmarks/README.md."""
    title = {case: (getattr(bench, case.replace("-", "_")).__doc__ or case).strip() for case in results}
    limits = [case for case in LIMITS if case in results]
    parts = []
    rows = []
    for case in THROUGHPUT + PEERS + LIMITS:
        if case in results:
            figures = results[case]
            shares = [f"{figures['items/s'] / results[limit]['items/s'] * 100:.0f} %" for limit in limits]
            rows.append([title[case], text(figures["items/s"]), text(figures["CPU s per million"]),
                         text(figures["peak MiB"]) if "peak MiB" in figures else ""] + shares)
    if rows:
        header = [f"{bench.items:,} items", "items/s", "CPU s per million", "peak MiB"]
        parts.append(table(header + [f"of `{limit}`" for limit in limits], rows))
    rows = []
    for case, figures in results.items():
        if case not in THROUGHPUT + PEERS + LIMITS:
            rows.append([title[case], "; ".join(f"{name} **{text(value)}**" for name, value in figures.items())])
    if rows:
        parts.append("\n".join(["| case | figures |", "| --- | --- |"] + [f"| {a} | {b} |" for a, b in rows]))
    return "\n\n".join(parts)


def main():
    # So that worlds are cleared away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = options()
    if chosen.clean:
        shutil.rmtree(SCRATCH, ignore_errors=True)
        return 0
    cases = chosen.cases or TURNS + ALONE
    bench = Bench(os.path.abspath(chosen.upsertd), chosen.data, chosen.quick)
    turns = [case for case in TURNS if case in cases]
    if any(case in THROUGHPUT for case in cases):
        turns += LIMITS
    if chosen.with_syslog_ng:
        if shutil.which("syslog-ng") is None:
            print("syslog-ng is not installed: apt-get install syslog-ng-core syslog-ng-mod-http", file=sys.stderr)
            return 2
        turns += PEERS
    rounds = {case: [] for case in turns}
    failures = []
    results = {}

    def attempt(case):
        try:
            return measure(bench, case)
        except Failure as failure:
            failures.append(case)
            print(f"  {case}: FAILED: {failure}", file=sys.stderr, flush=True)
            return None

    began_load = os.getloadavg()[0]
    for number in range((chosen.runs or (1 if chosen.quick else 3)) if turns else 0):
        print(f"round {number + 1}", file=sys.stderr, flush=True)
        for case in turns:
            figures = attempt(case)
            if figures:
                rounds[case].append(figures)
    results = {case: medians(rounds[case]) for case in turns if rounds[case]}
    for case in ALONE + LONG:
        if case in cases:
            figures = attempt(case)
            if figures:
                results[case] = figures
    print(report(bench, results))
    count = max((len(r) for r in rounds.values()), default=1)
    print(f"\nMedians of {count}; {os.cpu_count()} processors, load {began_load:.1f} before and "
          f"{os.getloadavg()[0]:.1f} after.")
    if failures:
        print(f"failed: {' '.join(failures)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
