#!/usr/bin/env python3
"""usage: rows.py MAILLOG LOG: what SQL should say of the log's messages, from the command's JSON: kind, columns, sorted."""
import json
import subprocess
import sys

maillog, log = sys.argv[1:]
out = subprocess.run([maillog, "trace", "--json", log], stdout=subprocess.PIPE, check=True).stdout
messages = [json.loads(line) for line in out.splitlines()]
rows = []
for m in messages:
    rows.append(("message", m["verdict"], ",".join(m["queue_ids"]), m.get("size", -1), len(m["legs"]), len(m["links"]), len(m["checks"]),
                 len(m["lines"]), m["why"]))
    for r in m["recipients"]:
        rows.append(("recipient", r["to"], r.get("status", ""), float(r.get("delay", -1)), r.get("final", {}).get("mailbox", ""), r["verdict"]))
    for c in m["checks"]:
        rows.append(("check", c["by"], c["check"], c["result"], c["line"]))
    for leg in m["legs"]:
        rows.extend(("line", leg["queue_id"], n) for n in leg["lines"])
for row in sorted(rows):
    print(*row, sep="\t")
