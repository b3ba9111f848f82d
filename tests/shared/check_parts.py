#!/usr/bin/env python3
"""Whether a log that is joined in parts gives the messages that it gives as a whole.

usage: check_parts.py TRACE LOG [STEP] [-v]

TRACE prints one JSON object per record of LOG and takes `--cut LINE` (`build/tests/join_trace --all`). Each STEPth line
(7) is tried as the last of the first part; every third time, one more cut stands in the middle of the rest. All records
must be the same to the last letter, be they messages or not.
"""
import json
import shlex
import subprocess
import sys


def trace(command, *args):
    out = subprocess.run(shlex.split(command) + list(args), stdout=subprocess.PIPE, check=True).stdout.decode()
    return out.splitlines()


def main():
    args = [a for a in sys.argv[1:] if a != "-v"]
    if len(args) < 2:
        print(__doc__)
        return 2
    command, log, step = args[0], args[1], int(args[2]) if len(args) > 2 else 7
    with open(log, "rb") as f:
        n = f.read().count(b"\n")
    whole = sorted(trace(command, log))
    bad = []
    for i, cut in enumerate(range(1, n, step)):
        second = ["--cut", str((cut + n) // 2)] if i % 3 == 2 else []
        parts = sorted(trace(command, "--cut", str(cut), *second, log))
        if parts == whole:
            continue
        bad.append(cut)
        if "-v" in sys.argv:
            gone = [json.loads(m)["lines"] for m in set(whole) - set(parts)]
            print(f"cut after {cut}: {len(gone)} differ, lines {gone[:4]}")
    print(f"{len(range(1, n, step)) - len(bad)} cuts give what the whole gives, {len(bad)} do not {bad[:20]}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
