#!/usr/bin/env python3
"""Check `maillog events --json` against sample lines with wanted fields.

usage: check_samples.py MAILLOG [-v] [--floor PERCENT] FILE.ndjson…
Each row: {"id", "line", "fields": {…}, "severity"?}. A row is right when the line is an event and every wanted
field has the wanted value (lists are compared joined with ",", a blank after a comma of the wanted text belongs to no item). Prints the share by file, with -v each wrong row."""
import json
import subprocess
import sys


def text(value):
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def problems(row, got):
    out = []
    if got.get("match") != "event":
        out.append(f"match={got.get('match')}")
    for key, want in row["fields"].items():
        if key not in got:
            out.append(f"{key}: missing, want {want!r}")
        elif text(got[key]) != (want.replace(", ", ",") if isinstance(got[key], list) else text(want)):
            out.append(f"{key}: {text(got[key])!r}, want {want!r}")
    severity = row.get("severity", "info")
    if severity != "info" and got.get("severity") != severity:
        out.append(f"severity: {got.get('severity')!r}, want {severity!r}")
    if got.get("rest"):
        out.append(f"rest={got['rest']!r}")
    return out


def check(command, path, verbose):
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    log = "".join(row["line"].replace("\n", " ") + "\n" for row in rows)
    done = subprocess.run([command, "events", "--json"], input=log.encode(), capture_output=True, check=True)
    events = [json.loads(line) for line in done.stdout.split(b"\n") if line]
    assert len(events) == len(rows), f"{path}: {len(rows)} lines in, {len(events)} events out"
    right = 0
    for row, got in zip(rows, events):
        wrong = problems(row, got)
        right += not wrong
        if wrong and verbose:
            print(f"{row['id']} [{got.get('event')}]\n   {row['line']}")
            for w in wrong:
                print("     " + w)
    print(f"{path.split('/')[-1]:40} {right:5}/{len(rows)}")
    return right, len(rows)


def main(args):
    verbose = "-v" in args
    floor = float(args[args.index("--floor") + 1]) if "--floor" in args else 0.0
    files = [a for a in args[1:] if a.endswith(".ndjson")]
    total = [check(args[0], f, verbose) for f in files]
    right, count = sum(t[0] for t in total), sum(t[1] for t in total)
    share = 100.0 * right / count if count else 0.0
    print(f"{right}/{count} rows right ({share:.2f} %)")
    return share < floor


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
