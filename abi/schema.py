#!/usr/bin/env python3
"""Ids are append-only: every row of the last release's schema is still there, with its id, name and kind.

usage: schema.py OLD.json NEW.json"""
import json
import sys

KEYS = {"daemons": ("name",), "fields": ("name", "kind"), "events": ("family", "name"), "words": ("word",)}

with open(sys.argv[1], encoding="utf-8") as f:
    old = json.load(f)
with open(sys.argv[2], encoding="utf-8") as f:
    new = json.load(f)
bad = 0
for part, keys in KEYS.items():
    now = {row["id"]: row for row in new[part]}
    if len(now) != len(new[part]):
        print("%s: an id is there twice" % part)
        bad += 1
    for row in old[part]:
        was, is_now = ([r.get(k) for k in keys] if r else None for r in (row, now.get(row["id"])))
        if was != is_now:
            print("%s %d: was %s, is %s" % (part, row["id"], was, is_now))
            bad += 1
    for row in old["events"] if part == "events" else ():
        lost = set(row["fields"]) - set(now.get(row["id"], row)["fields"])
        if lost:
            print("event %d may no longer have: %s" % (row["id"], " ".join(sorted(lost))))
            bad += 1
if bad:
    sys.exit("FAIL: %d rows of the released schema changed" % bad)
print("schema: %d rows of the release are as they were" % sum(len(old[p]) for p in KEYS))
