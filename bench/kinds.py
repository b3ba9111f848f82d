#!/usr/bin/env python3
"""kinds.py BUILD LOG: instructions a line, for each kind of line by itself.

Sorts the lines of LOG by their event with BUILD/maillog, then counts the instructions of BUILD/bench/bench_parse for
each kind under callgrind. Counts do not depend on the machine's load. Kinds of less than 0.2 % share one row."""
import collections, json, os, subprocess, sys, tempfile

LINES = 2000  # enough of a kind: its lines are alike


def kind_of(event):
    if event["match"] == "event":
        return event["daemon"] + " " + event["event"].split(".", 1)[-1]
    return event.get("daemon", "-") + " (" + event["match"] + ")"


def sort_lines(build, log):
    kinds = collections.defaultdict(list)
    with open(log, "rb") as f:
        lines = f.read().split(b"\n")
    run = subprocess.run([build + "/maillog", "events", "--json", log], stdout=subprocess.PIPE, check=True)
    for text in run.stdout.splitlines():
        event = json.loads(text)
        kinds[kind_of(event)].append(lines[event["line"] - 1])
    return kinds


def instructions(build, lines):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "log")
        with open(path, "wb") as f:
            f.write(b"\n".join(lines) + b"\n")
        out = os.path.join(d, "out")
        subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=maillog_batch_parse",
                        "--callgrind-out-file=" + out, build + "/bench/bench_parse", "--once", "parse", path],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        with open(out) as f:
            return next(int(x.split()[1]) for x in f if x.startswith("totals:"))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    build, log = sys.argv[1:]
    kinds = sort_lines(build, log)
    total = sum(len(v) for v in kinds.values())
    few = [k for k in kinds if len(kinds[k]) < total * 0.002]
    rare = [line for k in few for line in kinds.pop(k)]
    if rare:
        kinds["(all others)"] = rare
    rows = []
    for kind, lines in kinds.items():
        some = lines[:LINES]
        rows.append((len(lines) / total, instructions(build, some) / len(some), kind,
                     sum(map(len, some)) / len(some)))
    mean = sum(share * each for share, each, _, _ in rows)
    print("  share  of all  instr  bytes  kind")
    for share, each, kind, size in sorted(rows, key=lambda r: -r[0] * r[1]):
        print(f"{share:7.2%} {share * each / mean:6.1%} {each:6.0f} {size:6.0f}  {kind}")
    print(f"{mean:.0f} instructions a line in the mean of {total} lines")


if __name__ == "__main__":
    main()
