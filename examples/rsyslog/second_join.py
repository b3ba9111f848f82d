#!/usr/bin/env python3
"""usage: second_join.py MESSAGES.ndjson…: for a host whose lines went to shards by host and queue ID: put the parts of a
message together that its queue IDs are.

The edge is the reply `queued as ID` of a delivery on this host (a filter that hands the message back), or the filter's
own report. It counts only if the other part is there, came in at that host from the host itself, and nobody else names
it: what a remote host replies proves nothing. Prints a message a line; one that was in parts has what the first part says
of where it came from, and what the last says of how it ended."""
import json
import re
import sys

LOOPBACK = re.compile(r"^(127\.|::1$|::ffff:127\.)")
RELAY = re.compile(r"\[([0-9A-Fa-f.:]+)\]")
QUEUED_AS = re.compile(r"queued as ([0-9A-Za-z]+)")
LISTS = ("queue_ids", "legs", "links", "checks", "faults", "notifications")


def ends(message):
    """(leg it went from, queue ID it became) for each delivery on this host"""
    for r in message.get("recipients", []):
        at = RELAY.search(r.get("relay", ""))
        to = QUEUED_AS.search(r.get("reply", ""))
        if at and to and LOOPBACK.match(at.group(1)):
            yield r["queue_id"], to.group(1)


def came_from_here(message):
    legs = message.get("legs", [])
    return bool(legs) and bool(LOOPBACK.match(legs[0].get("client_addr", "")))


def together(first, rest, edges):
    whole = dict(first)
    for key in LISTS:
        whole[key] = [x for part in [first] + rest for x in part.get(key, [])]
    whole["links"] += [{"from": a, "to": b, "proof": "reply", "confidence": "likely"} for a, b in edges]
    went_on = {a for a, _ in edges}
    whole["recipients"] = [r for part in [first] + rest for r in part.get("recipients", []) if r.get("queue_id") not in went_on]
    verdicts = {r.get("verdict") for r in whole["recipients"]}
    whole["verdict"] = verdicts.pop() if len(verdicts) == 1 else "partial"
    whole["last_time"] = max(part["last_time"] for part in [first] + rest)
    whole["why"] = " ".join(part["why"] for part in [first] + rest if part.get("why"))
    whole.pop("lines", None)  # each collector has numbers of its own
    whole["parts"] = 1 + len(rest)
    return whole


def main():
    messages = [json.loads(line) for name in sys.argv[1:] for line in open(name, encoding="utf-8")]
    by_id = {}
    for m in messages:
        for leg in m.get("legs", []):
            by_id.setdefault((m["host"], leg["queue_id"]), []).append(m)
    following, taken = {}, set()
    for m in messages:
        for at, to in ends(m):
            parts = [p for p in by_id.get((m["host"], to), []) if p is not m and came_from_here(p) and id(p) not in taken
                     and m["first_time"] <= p["last_time"] and p["first_time"] <= m["last_time"]]
            if len(parts) == 1:
                taken.add(id(parts[0]))
                following.setdefault(id(m), []).append((at, to, parts[0]))
    for m in messages:
        if id(m) in taken:
            continue
        rest, edges, queue = [], [], [m]
        while queue:
            for at, to, part in following.get(id(queue.pop(0)), []):
                rest.append(part)
                edges.append((at, to))
                queue.append(part)
        print(json.dumps(together(m, rest, edges) if rest else m, separators=(",", ":")))


main()
