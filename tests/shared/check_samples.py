#!/usr/bin/env python3
"""Check `maillog events --json` against sample lines with wanted fields.

usage: check_samples.py MAILLOG [-v] [--floor PERCENT] [--explained FILE.md] FILE.ndjson…
Each row: {"id", "line", "fields": {…}, "severity"?}. A row is right when the line is an event and every wanted
field has the wanted value (lists are compared joined with ",", a blank after a comma of the wanted text belongs to no item). Prints the share by file, with -v each wrong row.
--explained: rows whose id begins with the first column of a table there are counted apart, and an explanation that is
no longer needed is reported."""
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


def read_explained(path):
    """The first column of the tables: ids, or what they begin with and a `*`."""
    if not path:
        return {}
    cells = [l.split("|")[1].strip() for l in open(path, encoding="utf-8") if l.startswith("| `")]
    return {c.strip("`"): 0 for c in cells}


def explanation(explained, row):
    return next((e for e in explained if row["id"] == e or (e.endswith("*") and row["id"].startswith(e[:-1]))), None)


def check(command, path, verbose, explained):
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    log = "".join(row["line"].replace("\n", " ") + "\n" for row in rows)
    done = subprocess.run([command, "events", "--json"], input=log.encode(), capture_output=True, check=True)
    events = [json.loads(line) for line in done.stdout.split(b"\n") if line]
    assert len(events) == len(rows), f"{path}: {len(rows)} lines in, {len(events)} events out"
    right = known = 0
    for row, got in zip(rows, events):
        wrong = problems(row, got)
        right += not wrong
        why = explanation(explained, row) if wrong else None
        if why:
            explained[why] += 1
            known += 1
        elif wrong and verbose:
            print(f"{row['id']} [{got.get('event')}]\n   {row['line']}")
            for w in wrong:
                print("     " + w)
    print(f"{path.split('/')[-1]:40} {right:5}/{len(rows)}" + (f", {known} explained" if known else ""))
    return right, known, len(rows)


def main(args):
    verbose = "-v" in args
    floor = float(args[args.index("--floor") + 1]) if "--floor" in args else 0.0
    files = [a for a in args[1:] if a.endswith(".ndjson")]
    explained = read_explained(args[args.index("--explained") + 1] if "--explained" in args else None)
    total = [check(args[0], f, verbose, explained) for f in files]
    right, known, count = (sum(t[i] for t in total) for i in range(3))
    share = 100.0 * right / (count - known) if count > known else 0.0
    print(f"{right}/{count} rows right, {known} explained ({share:.2f} % of the others)")
    for why in (e for e, n in explained.items() if not n):
        print(f"explained, but not wrong: {why}")
    return share < floor


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
