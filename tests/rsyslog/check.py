#!/usr/bin/env python3
"""usage: check.py SENT TRUTH MESSAGES COLLECTOR…: nothing lost, nothing told twice, nothing in two places. A COLLECTOR is
the directory of one. Prints figures; exit 1 when one is wrong."""
import collections
import glob
import json
import sys


def count(items):
    return collections.Counter(items)


def main():
    sent_file, truth_file, messages_file, *collectors = sys.argv[1:]
    lines = [line.split(">", 1)[1] for line in open(sent_file, encoding="ascii")]
    sent = set(lines)
    stored = [count(line for name in glob.glob(c + "/journal.*") for line in open(name, encoding="ascii") if line[0] != "\1") for c in collectors]
    got = sum(stored, collections.Counter())
    truth = count(tuple(line.rstrip("\n").split("\t")) for line in open(truth_file, encoding="ascii"))
    messages = [json.loads(line) for line in open(messages_file, encoding="utf-8")]
    found = count((m["host"], ",".join(m["queue_ids"]) or "-", m["verdict"]) for m in messages)
    homes = collections.defaultdict(set)
    for i, c in enumerate(collectors):
        for line in open(c + "/messages.ndjson", encoding="utf-8"):
            m = json.loads(line)
            for q in m["queue_ids"]:
                homes[m["host"], q].add(i)
    split = sum(len(at) > 1 for at in homes.values())
    bad = {
        "lines lost": len(sent - got.keys()),
        "lines from nowhere": len(got.keys() - sent),
        "messages lost": sum((truth - found).values()),
        "messages told twice, or that never were": sum((found - truth).values()),
        "queue IDs on two collectors": split,
        "collectors without work": sum(not s for s in stored),
    }
    print(f"{len(sent)} lines sent, {len(lines) - len(sent)} of them twice; stored by collector: {', '.join(str(sum(s.values())) for s in stored)}; "
          f"{sum(got.values()) - len(got)} stored twice; {sum(truth.values())} messages")
    for what, n in bad.items():
        print(f"  {n} {what}")
    for what, some in (("lost", truth - found), ("too many", found - truth)):
        for m in list(some)[:3]:
            print(f"  {what}: {m}")
    sys.exit(any(bad.values()))


main()
