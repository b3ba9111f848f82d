#!/usr/bin/env python3
"""usage: sql_check.py MAILLOG LOG QUERIES EVENTS MESSAGES COMMAND…: what the queries give is what can be counted from the
command's JSON. EVENTS, MESSAGES: the tables' names. COMMAND takes SQL as its last argument and prints TSV: clickhouse-client
or psql."""
import collections
import datetime
import json
import subprocess
import sys

maillog, log, queries_file, events_table, messages_table, *client = sys.argv[1:]
escaped = client[0] != "psql"


def ndjson(command):
    out = subprocess.run([maillog, command, "--json", "--timezone", "UTC", log], stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def queries():
    name, text = None, ""
    for line in open(queries_file, encoding="utf-8"):
        if line.startswith("-- ") and not text:
            name = line[3:].strip()
        elif line.strip() and not line.startswith("--"):
            text += line
            if line.rstrip().endswith(";"):
                yield name, text
                text = ""


def ask(sql):
    out = subprocess.run([*client, sql.strip().rstrip(";")], stdout=subprocess.PIPE, check=True).stdout
    return [line.split("\t") for line in out.decode().splitlines()]


def when(stamp):
    t = datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    return t if t.tzinfo else t.replace(tzinfo=datetime.timezone.utc)


def unix(stamp):
    return int(when(stamp).timestamp())


def top(counter, n):
    return [[*key, str(c)] for key, c in sorted(counter.items(), key=lambda kc: (-kc[1], kc[0]))[:n]]


def tsv(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("'", "\\'") if escaped else text


def main():
    events, messages = ndjson("events"), ndjson("trace")
    count = collections.Counter
    deferred = [e for e in events if e.get("status") == "deferred"]
    attempts = count((tsv(e["relay"]), tsv(e["reply"])) for e in deferred)
    of = collections.defaultdict(set)
    for e in deferred:
        of[tsv(e["relay"]), tsv(e["reply"])].add((e["host"], e["queue_id"]))
    took = sorted(unix(m["last_time"]) - unix(m["first_time"]) for m in messages if m["verdict"] == "delivered")
    senders, size = count(), count()
    for m in messages:
        if m["queue_ids"]:
            senders[(m.get("from", ""),)] += 1
            size[m.get("from", "")] += m.get("size", 0)
    one = next(e for e in events if e["event"] == "delivery")
    want = {
        "verdicts by day": [[*k, str(n)] for k, n in sorted(count((str(when(m["first_time"]).date()), m["verdict"]) for m in messages).items())],
        "deliveries by status": [[*k, str(n)] for k, n in sorted(count((e["status"],) for e in events if e.get("event") == "delivery").items())],
        "top reasons of deferral": [row + [str(len(of[tuple(row[:2])]))] for row in top(attempts, 20)],
        "checks that refused": top(count((c["by"], c["check"]) for m in messages for c in m["checks"] if c["result"] in ("reject", "defer")), 20),
        "seconds to the end": [[str(took[len(took) // 2]), str(took[-1])]],
        "one queue ID": [[when(e["time"]).strftime("%Y-%m-%d %H:%M:%S"), e["daemon"], e.get("event", "")] for e in events
                         if e.get("queue_id") == one["queue_id"] and e["host"] == one["host"]],
        "who sends most": [row + [str(size[row[0]])] for row in top(senders, 10)],
    }
    bad, asked = 0, 0
    for name, sql in queries():
        got = ask(sql.replace("{host}", "'%s'" % one["host"]).replace("{queue_id}", "'%s'" % one["queue_id"]))
        asked += 1
        if got != want[name]:
            bad += 1
            print("FAIL: %s\n  want %s\n  got  %s" % (name, want[name][:5], got[:5]))
    for table, n in ((events_table, len(events)), (messages_table, len(messages))):
        got = ask("SELECT count(*) FROM " + table)[0][0]
        bad += got != str(n)
        print("%s: %s rows" % (table, got))
    print("%d of %d queries right" % (asked - bad, asked))
    sys.exit(bad != 0 or asked != len(want))


main()
