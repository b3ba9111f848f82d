#!/usr/bin/env python3
"""usage: sql_doc.py DUCKDB LIBDUCKDB MAILLOG LOG DOC WORK: the questions of docs/sql.md, asked of DuckDB: each gives what can be counted
from the command's JSON, with the tables made by Arrow, and with those that the document makes of JSON."""
import collections
import datetime
import json
import os
import re
import subprocess
import sys

duckdb, library, maillog, log, doc, work = sys.argv[1:]


def ndjson(command, name):
    out = subprocess.run([maillog, command, "--json", "--timezone", "UTC", log], stdout=subprocess.PIPE, check=True).stdout
    with open(os.path.join(work, name), "wb") as f:
        f.write(out)
    return [json.loads(line) for line in out.splitlines()]


def ask(statements, select):
    out = subprocess.run([duckdb, library, os.path.abspath(log), "doc.db", *statements, select], stdout=subprocess.PIPE, check=True, cwd=work).stdout
    return sorted(line.split("\t") for line in out.decode().splitlines())


def seconds(m):
    return (datetime.datetime.fromisoformat(m["last_time"]) - datetime.datetime.fromisoformat(m["first_time"])).total_seconds()


def quantile(values, q):
    at = (len(values) - 1) * q
    low = values[int(at)]
    return low + (values[min(int(at) + 1, len(values) - 1)] - low) * (at - int(at))


def main():
    events, messages = ndjson("events", "events.json"), ndjson("trace", "messages.json")
    deferred = collections.defaultdict(list)
    for e in events:
        if e.get("status") == "deferred":
            deferred[e["relay"], e["reply"]].append(e["queue_id"])
    warned = collections.Counter((m["client"].get("addr", ""), c["check"]) for m in messages if m["verdict"] == "delivered"
                                 for c in m["checks"] if c["result"] == "warn")
    took = sorted(seconds(m) for m in messages if m["verdict"] == "delivered")
    want = [
        sorted([*key, str(len(ids)), str(len(set(ids)))] for key, ids in deferred.items()),
        [quantile(took, q) for q in (0.5, 0.9, 0.99)],
        sorted([*key, str(n)] for key, n in warned.items()),
        sorted(["[" + ", ".join(m["queue_ids"]) + "]", c["check"], c.get("score", "")] for m in messages if len(m["queue_ids"]) > 1
               for c in m["checks"] if c["by"] == "amavis"),
    ]
    assert all(want) and len(want[0]) <= 20, "a log with an answer to each question"
    text = open(doc, encoding="utf-8").read()
    from_json = [s.strip() for s in re.search(r"```sql\n(CREATE.*?)```", text, re.S).group(1).split(";") if s.strip()]
    # the document's tables are new ones
    from_json = [s.replace("CREATE TABLE", "CREATE OR REPLACE TABLE") for s in from_json]
    questions = re.findall(r"```sql\n(.*?);\n```", text[text.index("## Questions"):], re.S)
    assert len(questions) == len(want) and len(from_json) == 2
    bad = 0
    for how, statements in (("Arrow", []), ("JSON", from_json)):
        for sql, wanted in zip(questions, want):
            got = ask(statements, sql)
            if sql.startswith("SELECT quantile"):
                got = [float(x) for x in got[0][0].strip("[]").split(", ")]
                right = len(got) == len(wanted) and all(abs(a - b) < 0.001 for a, b in zip(got, wanted))
            else:
                right = got == wanted
            if not right:
                bad += 1
                print("FAIL: %s: %s\n  want %s\n  got  %s" % (how, sql, wanted[:5], got[:5]))
    print("%d of %d answers to the questions of %s right" % (2 * len(want) - bad, 2 * len(want), doc))
    sys.exit(bad != 0)


main()
