#!/usr/bin/env python3
"""Compare what `maillog` says of a lab's log with what was sent.

usage: check.py MAILLOG OUT/VARIANT [FORM] [-v]

FORM is rfc3164 or rfc3339 (default: both). Every message of OUT/VARIANT.truth.ndjson must be one record of
`maillog trace --json --all`, with the queue IDs its copies carry in their Received headers, its recipients and their fates,
the mailbox it lies in, and every line that names one of its queue IDs. Every record must be one of those messages or
something the lab knows of; every line must be in one record (lines of SMTP sessions in one or more). Says, by daemon, how many
lines `maillog events` understood, and which it did not.
"""
import collections
import json
import re
import subprocess
import sys

LOCAL = re.compile(r"@(example\.org|.*branch\.example|mx1\.lab\.example)$")


def load(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def run(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True, timeout=120).stdout.decode()


def verdict_of(fates):
    fates = set(fates)
    return fates.pop() if len(fates) == 1 else "partial"


class Check:
    def __init__(self, truth, lines, records):
        self.truth, self.lines, self.records = truth, lines, records
        self.messages = [r for r in records if "record" not in r]
        self.by_id = {q: m for m in self.messages for q in m["queue_ids"]}
        self.taken = {}  # id(record): truth
        self.wrong = []
        self.right = collections.Counter()

    def say(self, ok, kind, text):
        if ok:
            self.right[kind] += 1
        else:
            self.wrong.append(f"{kind}: {text}")
        return ok

    # ---- which record is it ----

    def find(self, t):
        if t.get("queue_id"):
            return self.by_id.get(t["queue_id"])
        ids = [q for c in t.get("copies", []) for q in c["queue_ids"]]
        if ids:
            return self.by_id.get(ids[0])
        named = {n for n, line in enumerate(self.lines, 1) if t["message_id"] and line.endswith(f": message-id={t['message_id']}")}
        for m in self.messages:
            if named & set(m["lines"]):
                return m
        for m in self.messages:
            if id(m) not in self.taken and self.is_attempt(t, m):
                return m
        return None

    @staticmethod
    def is_attempt(t, m):
        if m["queue_ids"] and (t.get("end_reply", "").startswith("2") or m["legs"][0]["removed"]):
            return False
        if m["client"].get("helo", t.get("helo")) != t.get("helo", m["client"].get("helo")):
            return False
        client = m["client"]
        if client.get("addr") != t.get("client_addr") or str(client.get("port", t.get("client_port"))) != str(t.get("client_port")):
            return False
        if m.get("from") is not None and m["from"].lower() != t["mail_from"].lower():
            return False
        names = {r["to"].lower() for r in m["recipients"]}
        return names <= {r.lower() for r in t["rcpt_to"]} and bool(names or m["queue_ids"] or not t.get("rcpt_replies"))

    # ---- what it says ----

    def message(self, t):
        m = self.find(t)
        if not self.say(m is not None, "found", f"{t['name']}: no record"):
            return
        if not self.say(id(m) not in self.taken, "own record", f"{t['name']}: shares a record with {self.taken.get(id(m), {}).get('name')}"):
            return
        self.taken[id(m)] = t
        name = f"{t['name']} {m['queue_ids']} line {m['lines'][0]}"
        self.say(m.get("from", t["mail_from"]) == t["mail_from"] or t.get("via"), "sender", f"{name}: {m.get('from')!r}")
        if not t.get("via"):
            self.say(m["client"].get("addr") == t["client_addr"], "client", f"{name}: {m['client']}")
            self.say(m["client"].get("helo", t["helo"] if "helo" in t else None) == t.get("helo", m["client"].get("helo")), "helo",
                     f"{name}: {m['client']}")
        if t.get("sasl_username"):
            self.say(m["client"].get("sasl_username") == t["sasl_username"], "log-in", f"{name}: {m['client']}")
        self.queue_ids(t, m, name)
        if t["expect"] and "" in t["expect"]:
            self.say(m["verdict"] == t["expect"][""], "verdict", f"{name}: {m['verdict']}")
        elif t["expect"] is not None and (t.get("rcpt_replies") or t.get("via")):
            self.recipients(t, m, name)
        elif t["expect"]:
            self.say(m["verdict"] in ("rejected", "unfinished"), "verdict", f"{name}: {m['verdict']}")
        if t.get("check"):
            said = [c["check"] for c in m["checks"]]
            self.say(any(c in said for c in t["check"].split("|")), "check", f"{name}: {t['check']} is not in {said}")
        self.copies(t, m, name)
        self.say(bool(m["why"]) and re.match(r"[A-Z]", m["why"]), "why", f"{name}: {m['why']!r}")

    def queue_ids(self, t, m, name):
        if t.get("queue_id"):
            self.say(m["queue_ids"][:1] == [t["queue_id"]] or t["queue_id"] in m["queue_ids"] and t["name"].startswith("before"),
                     "first queue ID", f"{name}: not {t['queue_id']}")
        for c in t["copies"]:
            missing = [q for q in c["queue_ids"] if q not in m["queue_ids"]]
            if t["name"].startswith("sieve") and c["host"] == "remote":
                missing = []  # a redirected message is a new one
            self.say(not missing, "queue IDs", f"{name}: {missing} missing, copy {c}")
        # every line that begins with one of its IDs
        for q in m["queue_ids"]:
            own = {n for n, line in enumerate(self.lines, 1) if re.search(rf"\]: {q}: ", line)}
            self.say(own <= set(m["lines"]), "lines of a queue ID", f"{name}: {sorted(own - set(m['lines']))} of {q}")

    def recipients(self, t, m, name):
        want = {}
        for key, fate in t["expect"].items():
            final, _, orig = key.partition("<")
            want[final.lower()] = (fate, orig)
        got = {}
        for r in m["recipients"]:
            for key in (r["to"].lower(), r.get("orig_to", "").lower()):
                if key in want:
                    got[key] = r
                    break
            else:
                if r["verdict"] != "unfinished":
                    self.say(False, "recipient", f"{name}: {r['to']} was not named")
        for to, (fate, orig) in want.items():
            r = got.get(to)
            if not self.say(r is not None, "recipient", f"{name}: {to} is missing in {[x['to'] for x in m['recipients']]}"):
                continue
            self.say(r["verdict"] == fate, "fate", f"{name}: {to} {r['verdict']}, not {fate}")
            if orig:
                self.say(r.get("orig_to") == orig, "orig_to", f"{name}: {to} has {r.get('orig_to')}, not {orig}")
        if want:
            fate = verdict_of(f for f, _ in want.values())
            self.say(m["verdict"] == fate, "verdict", f"{name}: {m['verdict']}, not {fate}")

    def copies(self, t, m, name):
        """Where its copies lie is what the record says."""
        boxes = set()
        for r in m["recipients"]:
            final = r.get("final", {})
            boxes.add((str(final.get("user", "")).lower(), final.get("mailbox")))
        for c in t["copies"]:
            if c["host"] != "mx1" or not c["path"].startswith("example.org/"):
                continue
            _, user, box = c["path"].split("/", 2)
            box = box.replace("Maildir", "").strip("/.") or "INBOX"
            stored_in = {p for u, p in boxes if u == f"{user}@example.org"}
            twice = len({x["path"] for x in t["copies"] if x["host"] == "mx1" and f"/{user}/" in x["path"]}) > 1
            self.say(box in stored_in or twice and stored_in, "mailbox", f"{name}: {user} {box} is not in {sorted(boxes, key=str)}")

    # ---- lines and the rest ----

    def every_line(self):
        seen = collections.Counter(n for r in self.records for n in set(r["lines"]))
        shared = {n for m in self.messages for link in m["links"] if link["proof"] == "session" for n in link["lines"]}
        for n, line in enumerate(self.lines, 1):
            ok = seen[n] == 1 or (seen[n] > 1 and n in shared)
            self.say(ok, "line in a record", f"line {n} is in {seen[n]} records: {line[:100]}")

    def others(self):
        """Records that are no message of the lab's: the port probes, lost sessions, and what Sieve and amavis send."""
        known = collections.Counter()
        for m in self.messages:
            if id(m) in self.taken:
                continue
            first = self.lines[m["lines"][0] - 1]
            raw = next((t for t in self.truth if t.get("raw") and t["client_addr"] == m["client"].get("addr")), None)
            if raw:
                known[raw["name"]] += 1
                self.say(m["verdict"] in ("unfinished", "rejected"), "session", f"{raw['name']}: {m['verdict']}")
            elif m["client"].get("addr") in ("127.0.0.1", "203.0.113.10", "203.0.113.20"):
                known["probes of the lab, mail of a filter or store, the next server"] += 1
            elif any(re.search(r"postfix\S*/pickup\[", self.lines[n - 1]) for n in m["lines"]):
                known["sent by sendmail"] += 1
            else:
                self.say(False, "surplus record", f"lines {m['lines'][:8]} {m['verdict']} {m['queue_ids']} {first[:120]}")
        return known

    def run(self):
        for t in self.truth:
            if t.get("raw") or "mail_from" not in t or t.get("error"):
                continue
            self.message(t)
        self.every_line()
        return self.others()


def settings(maillog, log, main, master):
    """The setting behind each check, without its place."""
    out = []
    for r in run(maillog, "trace", "--json", "--main-cf", main, "--master-cf", master, log).splitlines():
        for c in json.loads(r)["checks"]:
            config = c.get("config", {})
            out.append((c["line"], c["check"], config.get("setting"), config.get("note", "").split(" (")[0]))
    return out


def understood(events):
    table, odd = collections.defaultdict(collections.Counter), []
    for e in events:
        table[e.get("daemon") or e.get("program", "?")][e["match"]] += 1
        if e["match"] != "event":
            odd.append(e)
    return table, odd


def main():
    args = [a for a in sys.argv[1:] if a != "-v"]
    maillog, base, *forms = args
    bad = 0
    for form in forms or ("rfc3164", "rfc3339"):
        log = f"{base}.{form}.log"
        config = ("--main-cf", base + ".main.cf", "--master-cf", base + ".master.cf")
        with open(log, encoding="utf-8", errors="surrogateescape") as f:
            lines = f.read().split("\n")[:-1]
        records = [json.loads(r) for r in run(maillog, "trace", "--json", "--all", *config, log).splitlines()]
        c = Check(load(base + ".truth.ndjson"), lines, records)
        known = c.run()
        same = settings(maillog, log, *config[1::2]) == settings(maillog, log, base + ".postconf-n", base + ".postconf-M")
        c.say(same, "settings", "postconf -n and -M give others than main.cf and master.cf")
        table, odd = understood(json.loads(e) for e in run(maillog, "events", "--json", log).splitlines())
        total = sum(sum(k.values()) for k in table.values())
        full = sum(k["event"] for k in table.values())
        print(f"{log}: {len(c.taken)} messages, {sum(c.right.values())} checks right, {len(c.wrong)} wrong; "
              f"{full} of {total} lines understood ({100 * full / total:.2f} %)")
        for w in c.wrong:
            print("  wrong", w)
        for daemon, k in sorted(table.items()) if "-v" in sys.argv else ():
            print(f"  {daemon:28} {k['event']:6} of {sum(k.values())}")
        for e in odd if "-v" in sys.argv else ():
            print("  not understood:", e.get("daemon"), e["match"], str(e.get("message", ""))[:160])
        if "-v" in sys.argv:
            print("  other records:", dict(known))
        bad += len(c.wrong)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
