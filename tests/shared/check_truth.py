#!/usr/bin/env python3
"""Compare traced messages with the truth about a real log.

usage: check_truth.py TRACE LOG TRUTH [-v]

TRACE is a command that prints one JSON object per record of LOG, all records included, such as
`build/maillog trace --json --all` or `build/tests/join_trace --all`. TRUTH has one JSON object for each message as its
client made it (queue_id, rcpt_to, expected_final, mailbox …). Checked: each message's queue IDs, recipients, verdict and
mailbox; each pair of queue IDs that amavis reports; each delivery of Dovecot; that every line is in exactly one record,
lines of SMTP sessions in one or more; and that each line that names a queue ID is in the message that has it.
"""
import collections
import json
import re
import shlex
import subprocess
import sys


def load(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


class Checker:
    def __init__(self, records, lines, verbose):
        self.records, self.lines, self.verbose = records, lines, verbose
        self.messages = [r for r in records if "record" not in r]
        self.by_id = {q: m for m in self.messages for q in m["queue_ids"]}
        self.attempts = [m for m in self.messages if not m["queue_ids"]]
        self.right = collections.Counter()
        self.wrong = []

    def check(self, kind, ok, what):
        if ok:
            self.right[kind] += 1
        else:
            self.wrong.append(f"{kind}: {what}")

    # ---- messages with a queue ID ----

    def queued(self, t):
        if t.get("queue_id"):
            m = self.by_id.get(t["queue_id"])
        else:  # local submission: the client was not told its queue ID
            m = self.by_message_id(t["message_id"])
        if not m:
            return f"no message has {t.get('queue_id') or t['message_id']}"
        if t.get("queue_id") and m["queue_ids"][0] != t["queue_id"]:
            return f"{t['queue_id']} is not where {m['queue_ids']} came in"
        if m["from"] != (t["mail_from"] or ""):
            return f"from {m['from']!r}"
        if t.get("client_addr") and t.get("via") != "sendmail" and m["client"].get("addr") != t["client_addr"]:
            return f"client {m['client']}"
        for rcpt in t["rcpt_to"]:
            if not any(rcpt.lower() in (r["to"].lower(), r.get("orig_to", "").lower()) for r in m["recipients"]):
                return f"recipient {rcpt} is not in {[r['to'] for r in m['recipients']]}"
        return self.fate(t, m)

    def by_message_id(self, message_id):
        """The first message with a line of cleanup that names it (a message can have two such headers)."""
        named = {n for n, line in enumerate(self.lines, 1) if line.endswith(f": message-id={message_id}")}
        return next((m for m in self.messages if named & set(m["lines"])), None)

    def fate(self, t, m):
        final = t["expected_final"]
        last = [self.lines[r["line"] - 1] for r in m["recipients"]]
        if final == "delivered" and last and all(" status=deferred (" in line for line in last):
            final = "deferred"  # the log ends before it was tried again
        if final == "accepted":
            return None  # what follows is not predicted
        want = {"partly discarded": "partial"}.get(final, final)
        if m["verdict"] != want:
            return f"verdict {m['verdict']}, not {want}"
        fates = {r["verdict"] for r in m["recipients"]}
        if want == "partial" and fates != {"delivered", "discarded"}:
            return f"fates {fates}"
        if want == "delivered" and t.get("mailbox"):
            boxes = {r.get("final", {}).get("mailbox") for r in m["recipients"]}
            if t["mailbox"] not in boxes:  # the truth names the first recipient's
                return f"mailboxes {boxes}, not {t['mailbox']}"
        if want == "delivered" and not all(r.get("final", {}).get("by") for r in m["recipients"]):
            return "the store's line is not attached"
        return None

    # ---- attempts without one ----

    def refused(self, t):
        """The next attempt of this client that nothing else explains."""
        reasons = []
        for i, m in enumerate(self.attempts):
            why = self.differs(t, m)
            if why is None:
                del self.attempts[i]
                return None
            reasons.append(why)
        return f"no attempt fits (of {len(self.attempts)}): {collections.Counter(reasons).most_common(3)}"

    @staticmethod
    def differs(t, m):
        if m["client"].get("addr") != t["client_addr"]:
            return "client"
        want = {"rejected": ("rejected",), "greylisted": ("greylisted",), "aborted": ("unfinished", "rejected"),
                "none": ("unfinished",)}.get(t["expected_final"], ())
        if m["verdict"] not in want:
            return f"verdict {m['verdict']}, not {want}"
        refused = {r["rcpt"] for r in t.get("rcpt_replies") or [] if r["reply"].startswith(("4", "5"))}
        named = {r["to"] for r in m["recipients"]}
        if named and refused and named != refused:
            return f"recipients {sorted(named)}, not {sorted(refused)}"
        if m.get("from") is not None and m["from"] != (t["mail_from"] or ""):
            return "from"
        return None

    # ---- edges, and lines ----

    def pairs(self):
        for n, line in enumerate(self.lines, 1):
            pair = re.search(r"amavis\[\d+\]: .*Queue-ID: (\w+),.* queued_as: (\w+),", line)
            if not pair:
                continue
            m = self.by_id.get(pair[1])
            ok = m and pair[2] in m["queue_ids"] and n in m["lines"]
            ok = ok and any(l["proof"] == "queued_as" and l["from"] == pair[1] and l["to"] == pair[2] for l in m["links"])
            self.check("amavis pair", ok, f"line {n}: {pair[1]} → {pair[2]}")

    def deliveries(self):
        owner = {n: m for m in self.messages for n in m["lines"]}
        for n, line in enumerate(self.lines, 1):
            store = re.search(r"dovecot: (?:lmtp|lda)\(([^)]*@[^)]*)\)", line)
            if not store:
                continue
            m = owner.get(n)
            ok = m and any(r.get("final", {}).get("user") == store[1] for r in m["recipients"])
            self.check("store line", ok, f"line {n}: {line[:90]}")

    def every_line(self):
        seen = collections.Counter(n for r in self.records for n in set(r["lines"]))
        session = {n for m in self.messages for l in m["links"] if l["proof"] == "session" for n in l["lines"]}
        smtp = re.compile(r"postfix[^ ]*/(smtpd|postscreen)\[")
        for n, line in enumerate(self.lines, 1):
            ok = seen[n] == 1 or (seen[n] > 1 and (n in session or smtp.search(line)))
            self.check("line", ok, f"line {n} is in {seen[n]} records: {line[:80]}")

    def own_lines(self):
        """Each line that begins with a queue ID is that message's, and no other's."""
        tag = re.compile(r" (?:postfix[^ :]*|opendkim|opendmarc)\[\d+\]: (?:warning: )?([0-9A-F]{7,}|[0-9A-Za-z]{10,20}): ")
        for n, line in enumerate(self.lines, 1):
            named = tag.search(line)
            if not named or named[1] not in self.by_id:
                continue
            has = [m["queue_ids"] for m in self.messages if n in m["lines"]]
            ok = len(has) == 1 and named[1] in has[0]
            self.check("own line", ok, f"line {n} of {named[1]} is with {has}")

    def run(self, truth):
        for t in truth:
            if t["expected_final"] == "login" or not t.get("rcpt_to"):
                continue
            if t.get("smtp_outcome") == "none":  # the client heard nothing: whatever it expected did not happen
                t = dict(t, expected_final="none")
            said = re.search(r"queued as (\w+)$", t.get("smtp_reply_at_end") or "")
            if said:
                t = dict(t, queue_id=said[1])
            taken = t.get("queue_id") or t.get("via") in ("sendmail", "swaks")
            why = self.queued(t) if taken else self.refused(t)
            self.check(t["expected_final"], why is None, f"{t.get('queue_id', t['mail_from'])}: {why}")
        self.pairs()
        self.deliveries()
        self.every_line()
        self.own_lines()
        for w in self.wrong if self.verbose else self.wrong[:20]:
            print("wrong", w)
        print(dict(self.right), "wrong:", len(self.wrong))
        return 1 if self.wrong else 0


def main():
    args = [a for a in sys.argv[1:] if a != "-v"]
    if len(args) != 3:
        print(__doc__)
        return 2
    out = subprocess.run(shlex.split(args[0]) + [args[1]], stdout=subprocess.PIPE, check=True).stdout.decode()
    with open(args[1], encoding="utf-8", errors="surrogateescape") as f:
        lines = f.read().split("\n")
    if lines and not lines[-1]:
        lines.pop()
    records = [json.loads(line) for line in out.splitlines()]
    return Checker(records, lines, "-v" in sys.argv).run(load(args[2]))


if __name__ == "__main__":
    sys.exit(main())
