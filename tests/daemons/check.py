#!/usr/bin/env python3
"""What `maillog` makes of the logs that a group's daemons wrote. usage: check.py MAILLOG OUT/GROUP

Each row of OUT/GROUP.expected must be an event of one of the logs, with the fields it names. Of all lines, those that are no event
are listed by their shape, once; more than one line in a hundred is a failure. Lines of debug statements do not count: they are
not for an admin."""
import collections
import glob
import json
import re
import subprocess
import sys

FLOOR = 99.0
DEBUG = re.compile(r"Debug: |DEBUG|\bdebug\b")


def shape(text):
    return re.sub(r"[0-9a-zA-Z]{14}|[0-9a-fA-F]{6,}|\d+|<[^>]*>", "#", text)[:100]


def main(command, group):
    events, total, unknown = [], 0, collections.Counter()
    example = {}
    for path in sorted(glob.glob(group + "*.log")):
        out = subprocess.run([command, "events", "--json", path], capture_output=True, check=True).stdout
        for row in map(json.loads, out.splitlines()):
            events.append(row)
            text = row.get("message", "")
            if DEBUG.search(text) or row.get("severity") == "debug" or not text.strip():
                continue
            if row["match"] == "raw" and ".reject" in path:
                continue  # the header of the message, which Exim copies there
            total += 1
            if row["match"] != "event" or row.get("rest"):
                key = (row.get("daemon"), shape(text))
                unknown[key] += 1
                example.setdefault(key, text)
    bad = 0
    with open(group + ".expected", encoding="utf-8") as f:
        for want in map(json.loads, f):
            if not any(all(row.get(k) == v for k, v in want.items()) for row in events):
                bad += 1
                print("not in the log:", json.dumps(want))
    for key, count in unknown.most_common(40):
        print(f"{count:6} {key[0] or '-':22} {example[key][:160]}")
    share = 100.0 * (total - sum(unknown.values())) / total if total else 0.0
    print(f"{group.split('/')[-1]}: {total} lines, {share:.2f} % events, {bad} expected events are missing")
    return 1 if bad or share < FLOOR else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
