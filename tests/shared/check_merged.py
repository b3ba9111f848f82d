#!/usr/bin/env python3
"""Compare traced messages with the merged records of another project's tests.

usage: check_merged.py TRACE FILE.ndjson [-v]

TRACE is a command that prints one JSON object per record of a log, such as `build/tests/join_trace --all`. FILE has one
JSON object for each line of a log (`src` file and line, `line`), with `expect.message_records` on the last line of a
queue ID: what the other project says of it. Compared: sender, Message-ID, size, number of recipients, client, SASL
user, and each recipient with its status. Theirs ends at the line that has the record; ours is the whole message.
"""
import collections
import json
import shlex
import subprocess
import sys
import tempfile

STATUS = {"milter-reject": ("rejected", "greylisted"), "milter-hold": ("held",)}


def logs(path):
    """Lines of each file, and the records that are expected of it."""
    lines, want = collections.defaultdict(list), collections.defaultdict(list)
    with open(path, encoding="utf-8") as f:
        for row in map(json.loads, f):
            name = row["src"].split("#")[0]
            lines[name].append(row["line"])
            want[name] += row["expect"].get("message_records", [])
    return [(name, lines[name], want[name]) for name in lines]


def trace(command, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".log", encoding="utf-8") as f:
        f.write("".join(line + "\n" for line in lines))
        f.flush()
        out = subprocess.run(shlex.split(command) + [f.name], stdout=subprocess.PIPE, check=True).stdout.decode()
    return [json.loads(line) for line in out.splitlines()]


def differences(record, message):
    leg = next(x for x in message["legs"] if x["queue_id"] == record["queue_id"])
    pairs = [("client", record["client_hostname"], message["client"].get("name")),
             ("address", record["client_ip"], message["client"].get("addr")),
             ("message_id", record["message_id"], (leg.get("message_id") or "").strip("<>")),
             ("from", record["from"], message.get("from") or ""),
             ("sasl", record["sasl_username"], message["client"].get("sasl_username") or "")]
    if record["size"]:
        pairs += [("size", record["size"], str(leg.get("size"))), ("nrcpt", record["nrcpt"], str(leg.get("nrcpt")))]
    for what, want, got in pairs:
        if want != got and (want or what != "message_id"):  # theirs may end before the line that names it
            yield f"{what}: {got!r}, not {want!r}"
    fates = {r["to"]: (r.get("status"), r["verdict"]) for r in message["recipients"]}
    for m in record["messages"]:
        got = fates.get(m["to"], ())
        if not set(STATUS.get(m["status"], (m["status"],))) & set(got):
            yield f"{m['to']}: {got}, not {m['status']}"


def main():
    args = [a for a in sys.argv[1:] if a != "-v"]
    if len(args) != 2:
        print(__doc__)
        return 2
    right = wrong = 0
    for name, lines, want in logs(args[1]):
        messages = [m for m in trace(args[0], lines) if "record" not in m]
        by_id = {q: m for m in messages for q in m["queue_ids"]}
        for record in want:
            m = by_id.get(record["queue_id"])
            bad = list(differences(record, m)) if m else ["no message has it"]
            right += not bad
            wrong += bool(bad)
            for why in bad:
                print(f"wrong {name} {record['queue_id']}: {why}")
    print(f"{right} records right, {wrong} wrong")
    return 1 if wrong or not right else 0


if __name__ == "__main__":
    sys.exit(main())
