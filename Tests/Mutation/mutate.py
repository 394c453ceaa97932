"""Applies the mutants of `mutants.py` to a copy of the sources, builds it once, and runs each mutant's tests.

All mutants are in one build; a file says which one is on. A mutant whose tests pass has survived: they do not prove
what they say.
"""

import argparse
import pathlib
import subprocess
import sys
import time

from mutants import MUTANTS, SKIP

SWITCH = '''internal import Glibc

/// Which mutant is on: the number in a file.
enum Mutant {{
  private static let on: Int32 = {{
    guard let file = fopen("{path}", "r") else {{ return -1 }}
    defer {{ fclose(file) }}
    var text = [CChar](repeating: 0, count: 16)
    return fgets(&text, 16, file) == nil ? -1 : atoi(text)
  }}()

  static func isOn(_ number: Int32) -> Bool {{ on == number }}
}}
'''


def replaced(number, old, new):
    if new is SKIP:
        return f"if !Mutant.isOn({number}) {{ {old} }}"
    # The braces and words around an expression, which only make its place unique, stay outside.
    head, tail = "", ""
    for word in ("return ", "caFile: ", "clientCert: "):
        if old.startswith(word):
            head, old, new = word, old[len(word):], new[len(word):]
    for word in (" {", " else"):
        if old.endswith(word):
            tail, old, new = word, old[: -len(word)], new[: -len(word)]
    return f"{head}(Mutant.isOn({number}) ? {new} : ({old})){tail}"


def apply(root, numbers):
    """Returns what could not be applied."""
    faults = []
    modules = set()
    for number in numbers:
        file, old, new, _ = MUTANTS[number]
        path = root / "Sources" / file
        text = path.read_text() if path.exists() else ""
        if text.count(old) != 1:
            faults.append(f"{number} {file}: {old!r} is there {text.count(old)} times")
            continue
        path.write_text(text.replace(old, replaced(number, old, new)))
        modules.add(file.split("/")[0])
    for module in modules:
        (root / "Sources" / module / "Mutant.swift").write_text(SWITCH.format(path=root / "mutant"))
    return faults


def run(root, filters, limit):
    """Whether the tests pass, and their last lines."""
    command = ["swift", "test", "--skip-build", "--disable-xctest", "--filter", filters]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return False, "the time was up"
    failed = "\n".join(line for line in done.stdout.splitlines() if line.startswith("✘"))
    return done.returncode == 0, failed or done.stdout[-2000:] + done.stderr[-2000:]


def main():
    parser = argparse.ArgumentParser(prog="Scripts/mutate", description=__doc__)
    parser.add_argument("root", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--list", action="store_true", help="only say whether each mutant can be applied")
    parser.add_argument("--only", type=int, action="append", help="only this mutant, by its number")
    parser.add_argument("--minutes", type=float, default=5, help="for one mutant's tests, at most; too long counts as noticed")
    options = parser.parse_args()
    numbers = options.only or range(len(MUTANTS))
    faults = apply(options.root, numbers)
    for fault in faults:
        print(fault)
    if options.list or faults:
        print(f"{len(MUTANTS)} mutants, {len(faults)} can't be applied")
        return 1 if faults else 0
    print("building", flush=True)
    subprocess.run(["swift", "build", "--build-tests"], cwd=options.root, check=True, stdout=subprocess.DEVNULL)
    switch = options.root / "mutant"
    for filters in sorted({MUTANTS[number][3] for number in numbers}):
        passes, text = run(options.root, filters, 60 * 10)
        if not passes:
            print(f"without a mutant, {filters} fails:\n{text}")
            return 1
    survivors = 0
    for number in numbers:
        file, old, new, filters = MUTANTS[number]
        switch.write_text(f"{number}\n")
        start = time.monotonic()
        passes, _ = run(options.root, filters, 60 * options.minutes)
        survivors += passes
        word = "SURVIVED" if passes else "noticed"
        print(f"{number:3} {word:8} {time.monotonic() - start:4.0f} s  {file}: {old} -> {new or 'left out'}", flush=True)
    print(f"{len(numbers)} mutants, {survivors} survived")
    return 1 if survivors else 0


sys.exit(main())
