"""The vectors, the generators, numpy, exceptions. Usage: MAILLOG_LIBRARY=… python3 test.py VECTORS LOG"""
import ctypes as C
import datetime
import gc
import io
import json
import os
import sys
import unittest

import maillog

VECTORS, LOG = sys.argv[1:3]
LINE = b"Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed\n"


class Schema(C.Structure):
    pass


class Array(C.Structure):
    pass


Schema._fields_ = [("format", C.c_char_p), ("name", C.c_char_p), ("metadata", C.c_char_p), ("flags", C.c_int64), ("n_children", C.c_int64),
                   ("children", C.POINTER(C.POINTER(Schema))), ("dictionary", C.POINTER(Schema)),
                   ("release", C.CFUNCTYPE(None, C.c_void_p)), ("private_data", C.c_void_p)]
Array._fields_ = [("length", C.c_int64), ("null_count", C.c_int64), ("offset", C.c_int64), ("n_buffers", C.c_int64), ("n_children", C.c_int64),
                  ("buffers", C.POINTER(C.c_void_p)), ("children", C.POINTER(C.POINTER(Array))), ("dictionary", C.POINTER(Array)),
                  ("release", C.CFUNCTYPE(None, C.c_void_p)), ("private_data", C.c_void_p)]


def values(schema, array):
    """An Arrow array as a list: a consumer of its own, by the specification."""
    n, form = array.length, schema.format.decode()
    assert array.offset == 0 and array.n_children == schema.n_children

    def bit(buffer, i):
        return C.cast(buffer, C.POINTER(C.c_uint8))[i >> 3] >> (i & 7) & 1
    valid = [array.buffers[0] is None or bit(array.buffers[0], i) for i in range(n)]
    assert array.null_count == n - sum(valid)

    def numbers(of, buffer=1):
        return C.cast(array.buffers[buffer], C.POINTER(of))
    if form == "+s":
        columns = {schema.children[k].contents.name.decode(): values(schema.children[k].contents, array.children[k].contents)
                   for k in range(schema.n_children)}
        assert all(len(c) == n for c in columns.values())
        out = [{name: c[i] for name, c in columns.items()} for i in range(n)]
    elif form == "+l":
        items, at = values(schema.children[0].contents, array.children[0].contents), numbers(C.c_int32)
        assert at[0] == 0 and at[n] == len(items)
        out = [items[at[i]:at[i + 1]] for i in range(n)]
    elif form == "u":
        at = numbers(C.c_int32)
        out = [C.string_at(array.buffers[2] + at[i], at[i + 1] - at[i]).decode() for i in range(n)]
    elif form == "i" and schema.dictionary:
        words, index = values(schema.dictionary.contents, array.dictionary.contents), numbers(C.c_int32)
        out = [words[index[i]] if valid[i] else None for i in range(n)]
    elif form == "b":
        out = [bool(bit(array.buffers[1], i)) for i in range(n)]
    else:
        of = numbers({"l": C.c_int64, "g": C.c_double, "tsn:UTC": C.c_int64}[form])
        out = [of[i] for i in range(n)]
    return [v if ok else None for v, ok in zip(out, valid)]


def consume(table, early=False):
    """The rows of what has __arrow_c_stream__; `early`: the stream is released before its batches are read."""
    capsule = table.__arrow_c_stream__()
    get = C.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = C.c_void_p, [C.c_void_p, C.c_char_p]
    address = get(id(capsule), b"arrow_array_stream")
    get_schema, get_next, _, release = [C.c_void_p.from_address(address + 8 * i).value for i in range(4)]
    call = C.CFUNCTYPE(C.c_int, C.c_void_p, C.c_void_p)
    schema, batches = Schema(), []
    assert call(get_schema)(address, C.addressof(schema)) == 0
    while True:
        array = Array()
        assert call(get_next)(address, C.addressof(array)) == 0
        if not array.release:
            break
        batches.append(array)
    if early:
        C.CFUNCTYPE(None, C.c_void_p)(release)(address)
        C.c_void_p.from_address(address + 24).value = None
        del capsule
        gc.collect()
    rows = [row for array in batches for row in values(schema, array)]
    for released in batches + [schema]:
        released.release(C.addressof(released))
    return rows, len(batches)


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

    def test_schema(self):
        """What the library says of itself at run time is what schema.json says."""
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../schema.json")
        with open(path, encoding="utf-8") as f:
            schema = json.load(f)
        for part, names in (("daemons", maillog.DAEMONS), ("events", maillog.EVENTS), ("fields", maillog.FIELDS)):
            self.assertEqual(names, {row["id"]: row["name"] for row in schema[part]})

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
            batch.parse(LINE + b"text\n" + LINE.replace(b"mail", b"m\xc3\xa4\xff"))
            rows, texts = batch.texts("host")
            self.assertEqual((rows.tolist(), texts), ([0, 2], ["mail", "m\u00e4\udcff"]))

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

    def test_arrow_events(self):
        with open(LOG, "rb") as f:
            log = f.read()
        columns = ("line", "host", "event", "queue_id", "to", "size", "delay", "status")
        want = [{"line": i + 1, "host": ev.host, "event": ev.event, "queue_id": ev.queue_id, "to": ev.to,
                 "size": ev.size and int(ev.size), "delay": ev.delay and float(ev.delay), "status": ev.status}
                for i, ev in enumerate(maillog.events(io.BytesIO(log)))]
        for early in (False, True):
            self.assertEqual(consume(maillog.arrow_events(log, columns, rows=4), early), (want, 5))
        maillog.arrow_events(log).__arrow_c_stream__()  # nobody takes it
        gc.collect()
        self.assertEqual((maillog._streams, maillog._capsules), ({}, {}))

    def test_arrow_messages(self):
        """The nested table has what the JSON has."""
        with open(LOG, "rb") as f:
            log = f.read()
        log += b"".join(log.replace(b" mail ", b" mail%d " % i) for i in range(5))
        log += b"Jul 19 08:59:06 mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from a[192.0.2.1]: 554 5.7.1 <b\xff>: Relay access denied; from=<> to=<b\xff> proto=SMTP"
        join = maillog.Join(explain=True, reference=1784500000)
        join.feed(log + b"\n")
        join.flush()
        want = [json.loads(m) for m in join.take()]

        def stamp(ns):
            return datetime.datetime.fromtimestamp(ns // 10**9, datetime.timezone.utc).strftime("%m-%dT%H:%M:%S")

        def like_json(v, kind=None):
            if isinstance(v, list):
                return [like_json(x, kind) for x in v]
            if not isinstance(v, dict):
                return v
            v = {k: like_json(x, k) for k, x in v.items() if x is not None}
            for k in ("notification", "disputed", "decided"):
                if v.get(k) is False:
                    del v[k]
            if v.get("attempts") in (0, 1):
                del v["attempts"]
            if v.get("final") == {}:
                del v["final"]
            if v.get("notifications") == []:
                del v["notifications"]
            for k in ("first_time", "last_time"):
                if k in v:
                    v[k] = stamp(v[k])
            return v

        def same_form(m):
            text = json.dumps(m).replace("\\udcff", "?")
            m = json.loads(text)
            m["first_time"], m["last_time"] = m["first_time"][-14:], m["last_time"][-14:]
            return m
        for rows in (0, 2):
            got, batches = consume(maillog.arrow_messages(log, rows=rows, reference=1784500000), early=rows == 2)
            self.assertEqual([like_json(m) for m in got], [same_form(m) for m in want])
            self.assertGreaterEqual(batches, 1)
        self.assertEqual(len(want), 7)


unittest.main(argv=sys.argv[:1])
