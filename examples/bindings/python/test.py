"""The vectors, the generators, numpy, exceptions. Usage: MAILLOG_LIBRARY=… python3 test.py VECTORS LOG"""
import io
import json
import sys
import unittest

import maillog

VECTORS, LOG = sys.argv[1:3]
LINE = b"Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed\n"


def vector(ev):
    """An event in the form of the vectors."""
    out = {"line": ev.line, "time": ev.time, "daemon": ev.daemon, "event": ev.event, "match": ev.match, "marks": ev.marks,
           "fields": [list(item) for item in ev.items()]}
    return {key: value for key, value in out.items() if value or key == "fields" or key == "line"}


class Test(unittest.TestCase):
    def test_vectors(self):
        with open(VECTORS, encoding="utf-8") as f:
            want = [json.loads(line) for line in f]
        text = b"".join(w["line"].encode("utf-8", "surrogateescape") + b"\n" for w in want)
        got = [vector(ev) for ev in maillog.events(io.BytesIO(text))]
        self.assertEqual(len(got), len(want))
        for g, w in zip(got, want):
            self.assertEqual(g, w)
        pushed = []
        maillog.run(io.BytesIO(text), lambda ev: pushed.append(vector(ev)))
        self.assertEqual(pushed, want)

    def test_cut_anywhere(self):
        text = LINE * 3
        for cut in range(len(text)):
            got = [ev.queue_id for ev in maillog.events([text[:cut], text[cut:]])]
            self.assertEqual(got, ["B8D5D20BDD"] * 3)

    def test_filter(self):
        text = LINE + b"Jul 19 07:59:11 mail postfix/smtpd[1]: connect from a[192.0.2.1]\n"
        self.assertEqual([ev.event for ev in maillog.events([text], types=["connect"])], ["connect"])
        self.assertEqual([ev.event for ev in maillog.events([text], daemons=["postfix/qmgr"])], ["removed"])

    def test_attributes(self):
        ev = next(maillog.events([LINE]))
        self.assertEqual((ev.host, ev.pid, ev.to, ev.from_), ("mail", "3224", None, None))
        self.assertRaises(AttributeError, lambda: ev.no_such_field)

    def test_columns(self):
        batch = maillog.Batch()
        self.assertEqual(batch.parse(LINE * 100), len(LINE) * 100)
        rows, fields = batch.columns()
        self.assertEqual((len(rows), len(fields)), (100, batch.nfields))
        if not isinstance(rows, memoryview):
            self.assertEqual(int((rows["type"] == next(iter(batch)).type).sum()), 100)

    def test_exceptions(self):
        seen = []

        def fail(ev):
            seen.append(ev.event)
            if len(seen) == 2:
                raise KeyError("mine")
        self.assertRaises(KeyError, maillog.run, io.BytesIO(LINE * 5), fail)
        self.assertEqual(len(seen), 2)  # and no further call
        seen.clear()
        maillog.run(io.BytesIO(LINE * 5), lambda ev: seen.append(1) or len(seen) == 3)
        self.assertEqual(len(seen), 3)

    def test_messages(self):
        with open(LOG, "rb") as f:
            got = list(maillog.messages(f))
        self.assertEqual([m["verdict"] for m in got], ["delivered"])
        self.assertEqual(got[0]["queue_ids"], ["B8D5D20BDD", "96E1820C16"])
        self.assertIn("INBOX", got[0]["why"])


unittest.main(argv=sys.argv[:1])
