#!/usr/bin/env python3
"""Whether a log that is joined in two parts gives the messages that it gives as a whole.

usage: check_parts.py TRACE LOG [STEP] [-v]

TRACE prints one JSON object per record of LOG and takes `--cut LINE` (`build/tests/join_trace --all`). Each STEPth line
(7) is tried as the last of the first part. Counted: cuts at which all is the same, at which only lines without a queue
ID of their own go elsewhere, and at which a message has other queue IDs, recipients or another verdict (none should).
"""
import json
import shlex
import subprocess
import sys


def trace(command, *args):
    out = subprocess.run(shlex.split(command) + list(args), stdout=subprocess.PIPE, check=True).stdout.decode()
    return [json.loads(line) for line in out.splitlines()]


def fate(m):
    return m["queue_ids"], m["verdict"], sorted((r["to"], r.get("orig_to") or "", r["verdict"]) for r in m["recipients"])


def main():
    args = [a for a in sys.argv[1:] if a != "-v"]
    if len(args) < 2:
        print(__doc__)
        return 2
    command, log, step = args[0], args[1], int(args[2]) if len(args) > 2 else 7
    with open(log, "rb") as f:
        n = f.read().count(b"\n")
    whole = trace(command, log)
    all_of_it = sorted(map(json.dumps, whole))
    messages = sorted(fate(m) for m in whole if "record" not in m)
    same = lines = 0
    bad = []
    for cut in range(1, n, step):
        parts = trace(command, "--cut", str(cut), log)
        if sorted(map(json.dumps, parts)) == all_of_it:
            same += 1
            continue
        lines += 1
        kept = {json.dumps(m) for m in parts}
        gone = [m for m in whole if json.dumps(m) not in kept]
        if "-v" in sys.argv:
            print(f"cut after {cut}: {len(gone)} differ, lines {[m['lines'] for m in gone][:4]}")
        if sorted(fate(m) for m in parts if "record" not in m) != messages:
            bad.append(cut)
    print(f"{same} cuts the same, {lines - len(bad)} with lines elsewhere, {len(bad)} with other messages {bad[:20]}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
