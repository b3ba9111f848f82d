"""maillog for Python: a thin layer over libmaillog's batch and join API. Standard library only; numpy if it is there.

    for ev in maillog.events(open("/var/log/mail.log", "rb"), types=["delivery"]):
        print(ev.queue_id, ev.to, ev.status)

Texts are made when they are asked for. Bytes that are not UTF-8 come as surrogates (surrogateescape), as in the
library's own JSON. Ids and names come from the library itself, so a newer library brings new fields with it.
"""
import ctypes as C
import json
import mmap
import os
import struct

_c = C.CDLL(os.environ.get("MAILLOG_LIBRARY", "libmaillog.so.0"))


class Time(C.Structure):
    _fields_ = [("year", C.c_int16), ("month", C.c_uint8), ("day", C.c_uint8), ("hour", C.c_uint8),
                ("minute", C.c_uint8), ("second", C.c_uint8), ("digits", C.c_uint8), ("nsec", C.c_uint32),
                ("utc_offset", C.c_int16), ("reserved", C.c_uint16)]


def _isoformat(year, month, day, hour, minute, second, digits, nsec, utc_offset):
    """ISO 8601, as exact as the log; `--07-19T07:59:06` where it has no year; None without a time."""
    if not month:
        return None
    text = "%s-%02d-%02dT%02d:%02d:%02d" % ("%04d" % year if year else "-", month, day, hour, minute, second)
    if digits:
        text += "." + ("%09d" % nsec)[:digits]
    if utc_offset != -32768:
        east = abs(utc_offset)
        text += "Z" if not east else "%s%02d:%02d" % ("-" if utc_offset < 0 else "+", east // 60, east % 60)
    return text


class Field(C.Structure):
    _fields_ = [("id", C.c_uint16), ("word", C.c_uint16), ("off", C.c_uint32), ("len", C.c_uint32)]


class Row(C.Structure):
    _fields_ = [("off", C.c_uint32), ("len", C.c_uint32), ("field", C.c_uint32), ("nfields", C.c_uint32),
                ("flags", C.c_uint32), ("type", C.c_uint16), ("daemon", C.c_uint8), ("match", C.c_uint8), ("time", Time)]


class _Batch(C.Structure):
    _fields_ = [("event", C.POINTER(Row)), ("field", C.POINTER(Field)), ("event_cap", C.c_uint32),
                ("field_cap", C.c_uint32), ("nevents", C.c_uint32), ("nfields", C.c_uint32), ("lines", C.c_uint64),
                ("daemons", C.c_void_p), ("types", C.c_void_p), ("ntypes", C.c_uint32), ("final", C.c_uint32)]


class _Event(C.Structure):
    _fields_ = [("line", C.c_void_p), ("len", C.c_uint32), ("type", C.c_uint16), ("daemon", C.c_uint8),
                ("match", C.c_uint8), ("flags", C.c_uint32), ("nfields", C.c_uint32), ("time", Time), ("field", Field * 64)]


class Error(Exception):
    """An error code of the library."""


def _check(code):
    if code < 0:
        raise Error(_c.maillog_strerror(code).decode())
    return code


_EVENT_CB = C.CFUNCTYPE(C.c_int, C.c_void_p, C.POINTER(_Event))
_MESSAGE_CB = C.CFUNCTYPE(C.c_int, C.c_void_p, C.c_void_p)
for _name, _result, _args in [
        ("maillog_batch_parse", C.c_int, [C.c_void_p, C.c_void_p, C.c_size_t, C.POINTER(_Batch), C.POINTER(C.c_size_t)]),
        ("maillog_sizeof", C.c_size_t, [C.c_int]), ("maillog_strerror", C.c_char_p, [C.c_int]),
        ("maillog_callbacks_init", None, [C.c_void_p]),
        ("maillog_stream_init", C.c_int, [C.c_void_p, C.c_void_p, C.c_void_p, C.c_void_p, C.c_size_t]),
        ("maillog_stream_feed", C.c_int, [C.c_void_p, C.c_char_p, C.c_size_t, C.POINTER(C.c_size_t)]),
        ("maillog_stream_finish", C.c_int, [C.c_void_p]), ("maillog_join_size", C.c_size_t, [C.c_void_p]),
        ("maillog_join_init", C.c_int, [C.POINTER(C.c_void_p), C.c_void_p, C.c_size_t, C.c_void_p, _MESSAGE_CB, C.c_void_p]),
        ("maillog_join_flush", C.c_int, [C.c_void_p]),
        ("maillog_parse_line", C.c_int, [C.c_void_p, C.c_char_p, C.c_size_t, C.POINTER(_Event)]),
        ("maillog_join_push_line", C.c_int, [C.c_void_p, C.POINTER(_Event), C.c_uint64]),
        ("maillog_join_export", C.c_size_t, [C.c_void_p, C.c_void_p, C.c_size_t]),
        ("maillog_join_import", C.c_int, [C.c_void_p, C.c_char_p, C.c_size_t]),
        ("maillog_explain", C.c_size_t, [C.c_void_p, C.c_void_p, C.c_void_p, C.c_void_p, C.c_size_t]),
        ("maillog_message_json", C.c_size_t, [C.c_void_p, C.c_void_p, C.c_void_p, C.c_size_t]),
        *[("maillog_%s_name" % _what, C.c_char_p, [C.c_int]) for _what in ("daemon", "event", "field", "match", "word")],
        *[("maillog_%s_next" % _what, C.c_int, [C.c_int]) for _what in ("daemon", "event", "field")]]:
    getattr(_c, _name).restype, getattr(_c, _name).argtypes = _result, _args
for _what, _struct in ((2, Time), (3, Field), (4, _Event), (8, _Batch), (9, Row)):
    if _c.maillog_sizeof(_what) != C.sizeof(_struct):
        raise ImportError("libmaillog has another layout than this binding")


def _names(what):
    names, i = {}, getattr(_c, "maillog_%s_next" % what)(0)
    while i:
        names[i] = getattr(_c, "maillog_%s_name" % what)(i).decode()
        i = getattr(_c, "maillog_%s_next" % what)(i)
    return names


#: Names by id, as in schema.json. An event's name may belong to several daemons, and so to several ids.
DAEMONS, EVENTS, FIELDS = _names("daemon"), _names("event"), _names("field")
MATCHES = [_c.maillog_match_name(i).decode() for i in range(4)]
_IDS = {name: i for i, name in FIELDS.items()}
FLAGS = {1: "truncated", 2: "ambiguous", 4: "fields_full", 8: "continued", 16: "oversized", 32: "escaped"}


def _text(raw):
    return raw.decode("utf-8", "surrogateescape")


_ROW = struct.Struct("=IIIIIHBBhBBBBBBIhH")


class Event:
    """A line. Attributes are the schema's fields (None if absent): ev.queue_id, ev.to; from_ for `from`."""
    __slots__ = ("_batch", "_row")

    def __init__(self, batch, row):
        self._batch, self._row = batch, row  # row: off, len, field, nfields, flags, type, daemon, match, time…

    daemon = property(lambda self: DAEMONS.get(self._row[6]))
    event = property(lambda self: EVENTS.get(self._row[5]))
    type = property(lambda self: self._row[5])
    match = property(lambda self: MATCHES[self._row[7]])
    time = property(lambda self: _isoformat(*self._row[8:17]))
    marks = property(lambda self: [name for flag, name in FLAGS.items() if self._row[4] & flag])

    @property
    def line(self):
        return _text(self._batch.buffer[self._row[0]:self._row[0] + self._row[1]])

    def items(self):
        """(name, text) of each field, in the order of the line."""
        ids, places, buffer = self._batch._ids, self._batch._places, self._batch.buffer
        for k in range(self._row[2], self._row[2] + self._row[3]):
            off = places[3 * k + 1]
            yield FIELDS[ids[6 * k]], _text(buffer[off:off + places[3 * k + 2]])

    def get(self, name, default=None):
        b, row = self._batch, self._row
        first = 6 * row[2]
        try:  # one field is six words of 16 bits: id, word, off, len
            k = b._ids[first:first + 6 * row[3]:6].tolist().index(_IDS[name]) + row[2]
        except ValueError:
            return default
        off = b._places[3 * k + 1]
        return _text(b.buffer[off:off + b._places[3 * k + 2]])

    def __getattr__(self, name):
        try:
            return self.get(name[:-1] if name.endswith("_") else name)
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self):
        return "<maillog.Event %s %s>" % (self.daemon, self.event or self.match)


class Batch:
    """Rows of one buffer: `rows` (len, index) and `fields` are ctypes arrays; columns() gives them to numpy or struct."""

    def __init__(self, events=8192):
        self.rows, self.fields = (Row * events)(), (Field * max(events * 16, 64))()
        self._ids = memoryview(self.fields).cast("B").cast("H")
        self._places = memoryview(self.fields).cast("B").cast("I")
        self.buffer, self._latin1, self._arrays, self._filters = b"", None, None, (None, None)
        self._b = _Batch(event=self.rows, field=self.fields, event_cap=events, field_cap=len(self.fields))

    def filter(self, daemons=None, types=None):
        """Names; what does not match is left out before anything comes to Python."""
        if daemons is not None:
            wanted = (C.c_uint8 * 256)(*[DAEMONS.get(i) in daemons for i in range(256)])
            self._b.daemons = C.addressof(wanted)
        if types is not None:
            ids = sorted(i for i, name in EVENTS.items() if name in types or i in types)
            kept = (C.c_uint16 * max(len(ids), 1))(*ids)
            self._b.types, self._b.ntypes = C.addressof(kept), len(ids)
        self._filters = (daemons is not None and wanted, types is not None and kept)  # kept alive
        return self

    def parse(self, buffer, final=True):
        """Fill the rows from bytes; returns how many of them were taken: whole lines."""
        used = C.c_size_t()
        self.buffer, self._latin1, self._b.final = buffer, None, final
        _check(_c.maillog_batch_parse(None, C.cast(C.c_char_p(buffer), C.c_void_p), len(buffer), self._b, used))
        return used.value

    nevents = property(lambda self: self._b.nevents)
    nfields = property(lambda self: self._b.nfields)

    def __len__(self):
        return self._b.nevents

    def __iter__(self):
        raw = memoryview(self.rows).cast("B")[:self._b.nevents * _ROW.size]
        return (Event(self, row) for row in _ROW.iter_unpack(raw))

    def columns(self):
        """(events, fields) as numpy record arrays over the same memory, or, without numpy, as memoryviews."""
        try:
            import numpy as np
        except ImportError:
            return memoryview(self.rows)[:self.nevents], memoryview(self.fields)[:self.nfields]
        if not self._arrays:
            self._arrays = np.ctypeslib.as_array(self.rows), np.ctypeslib.as_array(self.fields)
        return self._arrays[0][:self.nevents], self._arrays[1][:self.nfields]

    def texts(self, name):
        """(rows, texts): each field `name` of the batch, with the index of its row. Needs numpy."""
        import numpy as np
        rows, fields = self.columns()
        at = np.flatnonzero(fields["id"] == _IDS[name])
        off, end = fields["off"][at], fields["off"][at] + fields["len"][at]
        if self._latin1 is None:
            self._latin1 = self.buffer.decode("latin-1")
        data = self._latin1
        texts = [data[a:b] for a, b in zip(off.tolist(), end.tolist())]
        if not data.isascii():
            texts = [t if t.isascii() else _text(t.encode("latin-1")) for t in texts]
        return np.searchsorted(rows["field"], at, side="right") - 1, texts


def _pieces(source, chunk):
    """At most `chunk` bytes at a time: what is left behind a batch is copied."""
    if hasattr(source, "read"):
        yield from iter(lambda: source.read(chunk), b"")
    else:
        for piece in source:
            yield from (piece[at:at + chunk] for at in range(0, len(piece), chunk))


def batches(source, daemons=None, types=None, chunk=1 << 20, events=8192):
    """Batches of a binary file or an iterable of bytes. A batch is valid until the next one is asked for."""
    batch, tail = Batch(events).filter(daemons, types), b""
    pieces = _pieces(source, chunk)
    final = False
    while not final:
        piece = next(pieces, None)
        final = piece is None
        tail += piece or b""
        while True:
            used = batch.parse(tail, final)
            if batch.nevents:
                yield batch
            if not used:
                break
            tail = tail[used:]
            if not tail:
                break


def events(source, daemons=None, types=None):
    """Each event of a log. Take its texts before the next batch comes: with it, the fields of this one are gone."""
    for batch in batches(source, daemons, types):
        yield from batch


class _Stream:
    """bytes to callbacks. What a callback raises stops the run and is raised again here."""

    def __init__(self, on_event, user=None):
        self.raised, self._on_event = None, on_event
        self._cb = C.create_string_buffer(_c.maillog_sizeof(6))
        self._stream, self._carry = (C.c_uint64 * (_c.maillog_sizeof(7) // 8))(), C.create_string_buffer(65536)
        _c.maillog_callbacks_init(self._cb)
        C.c_void_p.from_buffer(self._cb, 8).value = C.cast(on_event, C.c_void_p).value  # behind `size`
        _check(_c.maillog_stream_init(self._stream, self._cb, user, self._carry, len(self._carry)))

    def call(self, function, *args):
        code = function(*args)
        if self.raised:
            raised, self.raised = self.raised, None
            raise raised
        return _check(code)

    def feed(self, data):
        self.call(_c.maillog_stream_feed, self._stream, data, len(data), C.c_size_t())

    def finish(self):
        self.call(_c.maillog_stream_finish, self._stream)


def run(source, on_event, chunk=1 << 16):
    """Call on_event(event) for each line, from inside the parser; slower than events(), for what must not wait for a
    batch. The event is valid in the call only. A callback that returns True ends the run."""
    shown, done = Batch.__new__(Batch), []

    def call(_user, ev):
        e = ev.contents
        t = e.time
        shown.buffer, fields = C.string_at(e.line, e.len), memoryview(e.field).cast("B")
        shown._ids, shown._places = fields.cast("H"), fields.cast("I")
        row = (0, e.len, 0, e.nfields, e.flags, e.type, e.daemon, e.match, t.year, t.month, t.day, t.hour, t.minute,
               t.second, t.digits, t.nsec, t.utc_offset)
        try:
            if on_event(Event(shown, row)):
                done.append(True)
                return 1
            return 0
        except BaseException as exception:  # must not be lost in ctypes
            stream.raised = exception
            return -1

    stream = _Stream(_EVENT_CB(call))
    for piece in iter(lambda: source.read(chunk), b""):
        stream.feed(piece)
        if done:
            return
    stream.finish()


class Join:
    """Lines in, messages out: feed() bytes, take() what is ready as JSON. `part`: the input is a part of a log, what
    began before it or is still open waits for export(); another Join takes such exports with import_(), in the order of
    the parts. Both need the same seed: two numbers that strangers do not know."""

    def __init__(self, memory=64 << 20, seed=(0, 0), part=False, reference=0, utc_offset=0, explain=False):
        config = (C.c_uint64 * 8)(64, memory, *seed, 2 if part else 0, 0, reference, utc_offset & 0xffffffff)
        # pages that are not used are not there
        self._block = (C.c_char * _c.maillog_join_size(config)).from_buffer(mmap.mmap(-1, _c.maillog_join_size(config)))
        self._join, self._ready, self._explain = C.c_void_p(), [], explain
        self._text, self._why = C.create_string_buffer(1 << 20), C.create_string_buffer(1 << 14)
        self._cb = _MESSAGE_CB(self._take)
        _check(_c.maillog_join_init(C.byref(self._join), self._block, len(self._block), config, self._cb, None))
        # the stream's callback is the join's own function: all of it in C
        self._stream = _Stream(_c.maillog_join_push, self._join)

    def _take(self, _user, message):
        if self._stream.raised:  # the library hands out what is ready all the same
            return -1
        try:
            if self._explain:
                _c.maillog_explain(message, None, None, self._why, len(self._why))
            n = _c.maillog_message_json(message, None, self._text, len(self._text))
            if n > len(self._text):
                self._text = C.create_string_buffer(n * 2)
                _c.maillog_message_json(message, None, self._text, len(self._text))
            self._ready.append(C.string_at(self._text, n))
            return 0
        except BaseException as exception:
            self._stream.raised = exception
            return -1

    def feed(self, data, first_line=None):
        """Whole lines or pieces of them. Lines are numbered from 1, or on from `first_line`, which begins `data`."""
        if first_line is not None:
            end = data.find(b"\n") + 1 or len(data)
            event = _Event()
            _check(_c.maillog_parse_line(None, data, len(data[:end].rstrip(b"\n")), event))
            self._stream.call(_c.maillog_join_push_line, self._join, event, first_line)
            data = data[end:]
        self._stream.feed(data)

    def flush(self):
        """The input is at its end: all that is open is ready."""
        self._stream.finish()
        self._stream.call(_c.maillog_join_flush, self._join)

    def take(self):
        """The messages that are ready, each the JSON that `maillog trace --json` prints, as bytes."""
        ready, self._ready = self._ready, []
        return ready

    def export(self):
        """What is still open, as bytes; it is forgotten here."""
        self._stream.finish()
        data = C.create_string_buffer(_c.maillog_join_export(self._join, None, 0))
        n = _c.maillog_join_export(self._join, data, len(data))
        return data.raw[:n]

    def import_(self, data):
        self._stream.call(_c.maillog_join_import, self._join, data, len(data))


def messages(source, memory=64 << 20, explain=True, chunk=1 << 16):
    """Each message of a log, as the dictionary that `maillog trace --json` prints. Its lines meet in the library: only
    whole messages come to Python."""
    join = Join(memory, explain=explain)
    for piece in iter(lambda: source.read(chunk), b""):
        join.feed(piece)
        yield from map(json.loads, join.take())
    join.flush()
    yield from map(json.loads, join.take())


# ---- Arrow ----

class _ArrowStream(C.Structure):
    _fields_ = [("get_schema", C.c_void_p), ("get_next", C.c_void_p), ("get_last_error", C.c_void_p), ("release", C.c_void_p),
                ("private_data", C.c_void_p)]


class _Allocator(C.Structure):  # PyMemAllocatorEx: functions of the very form that maillog_arrow_memory has
    _fields_ = [("user", C.c_void_p), ("get", C.c_void_p), ("calloc", C.c_void_p), ("realloc", C.c_void_p), ("put", C.c_void_p)]


class _ArrowConfig(C.Structure):
    _fields_ = [("size", C.c_size_t), ("columns", C.POINTER(C.c_uint16)), ("ncolumns", C.c_size_t), ("get", C.c_void_p),
                ("put", C.c_void_p), ("user", C.c_void_p), ("daemons", C.c_void_p), ("types", C.c_void_p), ("ntypes", C.c_uint32),
                ("rows", C.c_uint32), ("flags", C.c_uint32), ("utc_offset", C.c_int32), ("reference", C.c_int64)]


class _ArrowMessageConfig(C.Structure):
    _fields_ = [("size", C.c_size_t), ("get", C.c_void_p), ("put", C.c_void_p), ("user", C.c_void_p), ("join_memory", C.c_uint64),
                ("seed", C.c_uint64 * 2), ("rows", C.c_uint32), ("utc_offset", C.c_int32), ("reference", C.c_int64)]


_py = C.pythonapi
_py.PyCapsule_New.restype, _py.PyCapsule_New.argtypes = C.py_object, [C.c_void_p, C.c_char_p, C.c_void_p]
_py.PyCapsule_GetPointer.restype, _py.PyCapsule_GetPointer.argtypes = C.c_void_p, [C.c_void_p, C.c_char_p]
_RELEASE = C.CFUNCTYPE(None, C.c_void_p)
_streams, _capsules = {}, {}  # what must live until a stream is released, and a capsule is gone


@_RELEASE
def _release_stream(address):
    stream = _ArrowStream.from_address(address)
    released, _log = _streams.pop(stream.private_data)
    released(address)


@C.PYFUNCTYPE(None, C.c_void_p)
def _drop_capsule(capsule):
    stream = _capsules.pop(_py.PyCapsule_GetPointer(capsule, b"arrow_array_stream"))
    if stream.release:  # nobody took it
        _release_stream(C.addressof(stream))


def _allocator():
    """Python's own allocator, which any thread may call: a consumer releases where it likes."""
    a = _Allocator()
    _py.PyMem_GetAllocator(0, C.byref(a))
    return {"get": a.get, "put": a.put, "user": a.user}


_OTHERS = {"line": 0xFF01, "time": 0xFF02, "daemon": 0xFF03, "event": 0xFF04, "match": 0xFF05}


class Arrow:
    """A log as an Arrow stream, for all that takes an object with `__arrow_c_stream__`: polars, pandas, pyarrow, DuckDB.
    Each consumer gets a stream of its own."""

    def __init__(self, make, log):
        self._make, self._log = make, log

    def __arrow_c_stream__(self, requested_schema=None):
        stream = _ArrowStream()
        _check(self._make(stream, self._log, len(self._log)))
        _streams[stream.private_data] = (_RELEASE(stream.release), self._log)
        stream.release = C.cast(_release_stream, C.c_void_p).value
        _capsules[C.addressof(stream)] = stream
        return _py.PyCapsule_New(C.addressof(stream), b"arrow_array_stream", C.cast(_drop_capsule, C.c_void_p))


def arrow_events(log, columns=("line", "time", "host", "daemon", "event", "queue_id"), rows=0, utc_offset=0, reference=0):
    """The lines of a log (bytes), with these columns: the schema's fields, and line, time, daemon, event, match."""
    ids = (C.c_uint16 * len(columns))(*[_OTHERS.get(name) or _IDS[name] for name in columns])

    def make(stream, log, n):  # text is copied: a consumer may keep record batches for longer than we can keep the log
        config = _ArrowConfig(C.sizeof(_ArrowConfig), ids, len(ids), rows=rows, flags=1, utc_offset=utc_offset,
                              reference=reference, **_allocator())
        return _c.maillog_arrow_stream(C.byref(stream), log, C.c_size_t(n), C.byref(config))
    return Arrow(make, log)


def arrow_messages(log, memory=0, rows=0, seed=(0, 0), utc_offset=0, reference=0):
    """The messages of a log (bytes): recipients, checks, links and legs as lists of structs."""
    def make(stream, log, n):
        config = _ArrowMessageConfig(C.sizeof(_ArrowMessageConfig), join_memory=memory, seed=seed, rows=rows,
                                     utc_offset=utc_offset, reference=reference, **_allocator())
        return _c.maillog_arrow_message_stream(C.byref(stream), log, C.c_size_t(n), C.byref(config))
    return Arrow(make, log)
