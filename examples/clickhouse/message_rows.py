#!/usr/bin/env python3
"""usage: maillog trace --json LOG… | message_rows.py: a row for the table `messages` on a line (JSONEachRow): nested
arrays side by side, as ClickHouse's Nested wants them."""
import json
import sys

PLAIN = ("first_time", "last_time", "host", "queue_ids", "verdict", "state", "from", "message_id", "size", "why")
CLIENT = {"name": "client_name", "addr": "client_addr", "helo": "helo", "sasl_username": "sasl_username", "tls": "tls"}
RECIPIENTS = ("to", "relay", "status", "dsn", "reply", "verdict")
CHECKS = ("by", "check", "result", "code", "score", "text")


def row(m):
    out = {key: m[key] for key in PLAIN if key in m}
    out["queue_id"] = (m["queue_ids"] or [""])[0]
    out.update({CLIENT[key]: value for key, value in m.get("client", {}).items() if key in CLIENT})
    for key in RECIPIENTS:
        out["recipients." + key] = [str(r.get(key, "")) for r in m["recipients"]]
    out["recipients.mailbox"] = [r.get("final", {}).get("mailbox", "") for r in m["recipients"]]
    for key in CHECKS:
        out["checks." + key] = [str(c.get(key, "")) for c in m["checks"]]
    return out


for line in sys.stdin:
    print(json.dumps(row(json.loads(line)), separators=(",", ":")))
