#!/usr/bin/env python3
"""Archives of many hosts to messages, on many machines, with Dask.

    join_logs.py [--scheduler ADDRESS | --workers N] [--shards N] [--piece MB] [--memory MB] --out DIR LOG…

1. Logs are cut into pieces at line ends; a packed log (.gz) is a piece. Their lines are counted, for line numbers.
2. Each piece is parsed (maillog's batch API), and its lines go to shards by host: all that belongs to a message is on one
   host. A host with most of the mail is no trouble: it is in many pieces.
3. Each piece of a shard is joined by itself (MAILLOG_JOIN_PART): what began and ended there is written to DIR; the rest
   (maillog_join_export) is the lines near its borders and those of messages that are still open.
4. For each shard, one more table takes these in their order (maillog_join_import) and writes what crossed a border.

DIR/*.ndjson together are what `maillog trace --json LOG…` prints, in no order. A task that is run again, because its worker died, writes the same file again."""
import argparse
import gzip
import os
import re
import secrets
import sys

import numpy as np

import maillog

HOST = next(i for i, name in maillog.FIELDS.items() if name == "host")
PIECE_LINES = 1 << 28
NUMBER = re.compile(rb"[0-9]{16}")


# ---- pieces ----

def cut(name, size):
    """(name, begin, end) of each piece"""
    total = os.path.getsize(name)
    if name.endswith(".gz") or total <= size:
        return [(name, 0, total)] if total else []
    pieces, begin = [], 0
    with open(name, "rb") as f:
        while begin < total:
            f.seek(min(begin + size, total))
            f.readline()
            end = f.tell() if begin + size < total else total
            pieces.append((name, begin, end))
            begin = end
    return pieces


def read(piece):
    name, begin, end = piece
    if name.endswith(".gz"):
        with gzip.open(name) as f:
            data = f.read()
    else:
        with open(name, "rb") as f:
            f.seek(begin)
            data = f.read(end - begin)
    return data if data.endswith(b"\n") or not data else data + b"\n"


def count(piece):
    return read(piece).count(b"\n")


# ---- lines to shards ----

def hosts(batch, data):
    """A number for each row of the batch: a hash of its host, 0 without one."""
    rows, fields = batch.columns()
    at = np.flatnonzero(fields["id"] == HOST)
    row, first = np.unique(np.searchsorted(rows["field"], at, side="right") - 1, return_index=True)
    off, length = fields["off"][at[first]].astype(np.int64), fields["len"][at[first]].astype(np.int64)
    hashes = np.zeros(len(row), np.uint64)
    for k in range(int(length.max(initial=0))):
        here = k < length
        hashes[here] = hashes[here] * np.uint64(1099511628211) + data[off[here] + k]
    out = np.zeros(len(rows), np.uint64)
    out[row] = hashes ^ hashes >> np.uint64(29)
    return out


def sort(piece, shards):
    """[(lines, their places in the piece; None: it is all of them)] for each shard"""
    data = read(piece)
    batch, rest, owner = maillog.Batch(65536), data, []
    while rest:
        used = batch.parse(rest)
        owner.append(hosts(batch, np.frombuffer(rest, np.uint8)) % np.uint64(shards))
        rest = rest[used:]
    owner = np.concatenate(owner) if owner else np.zeros(0, np.uint64)
    used = np.unique(owner)
    if len(used) == 1:
        return [(data if s == used[0] else b"", None) for s in range(shards)]
    raw = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(raw == 10) + 1
    if len(ends) != len(owner):
        raise ValueError("%s: %d lines, %d events" % (piece[0], len(ends), len(owner)))
    of_byte = np.repeat(owner, np.diff(ends, prepend=0))
    return [(raw[of_byte == s].tobytes(), np.flatnonzero(owner == s)) for s in range(shards)]


# ---- lines to messages ----

def numbered(message, base, first_lines, places):
    """Before the last, line N of piece P has the number base + P * PIECE_LINES + N, of 16 digits that nobody who wrote to
    the logs could know; here it becomes its number in all of the logs, in `why`, too."""
    def put(m):
        piece, n = divmod(int(m.group()) - base, PIECE_LINES)
        return b"%d" % (first_lines[piece] + places[piece][n - 1]) if piece in places else m.group()
    return NUMBER.sub(put, message)


def write(out, name, messages):
    path = os.path.join(out, name + ".ndjson")
    with open("%s.%d" % (path, os.getpid()), "wb") as f:
        f.writelines(m + b"\n" for m in messages)
    os.replace(f.name, path)
    return len(messages)


def join_piece(lines, piece, shard, first_lines, options):
    data, places = lines
    if not data:
        return 0, b"", None
    join = maillog.Join(part=True, memory=options["memory"], reference=options["reference"], seed=options["seed"], explain=True)
    base = options["base"]
    join.feed(data, first_line=int(first_lines[piece]) if places is None else base + piece * PIECE_LINES + 1)
    messages = join.take() if places is None else [numbered(m, base, first_lines, {piece: places}) for m in join.take()]
    return write(options["out"], "%05d-%03d" % (piece, shard), messages), join.export(), places


def join_borders(parts, shard, first_lines, options):
    join = maillog.Join(memory=options["memory"], reference=options["reference"], seed=options["seed"], explain=True)
    for _, exported, _ in parts:
        if exported:
            join.import_(exported)
    join.flush()
    places = {piece: p for piece, (_, _, p) in enumerate(parts) if p is not None}
    messages = [numbered(m, options["base"], first_lines, places) for m in join.take()]
    return write(options["out"], "borders-%03d" % shard, messages) + sum(n for n, _, _ in parts)


def run(client, logs, out, shards=8, piece_bytes=64 << 20, memory=64 << 20):
    """Returns how many messages were written."""
    os.makedirs(out, exist_ok=True)
    pieces = [p for log in logs for p in cut(log, piece_bytes)]
    options = {"out": os.path.abspath(out), "memory": memory, "reference": int(os.path.getmtime(logs[-1])),
               "seed": (secrets.randbits(64), secrets.randbits(64)), "base": (1 << 52) + secrets.randbits(51)}
    counts = client.gather(client.map(count, pieces, pure=False))
    first_lines = np.cumsum([1] + counts)
    joined = [[] for _ in range(shards)]
    for i, piece in enumerate(pieces):
        lines = client.submit(sort, piece, shards, pure=False, priority=-i)
        for s in range(shards):
            own = client.submit(list.__getitem__, lines, s, pure=False, priority=-i)
            joined[s].append(client.submit(join_piece, own, i, s, first_lines, options, pure=False, priority=-i))
    totals = [client.submit(join_borders, joined[s], s, first_lines, options, pure=False) for s in range(shards)]
    return sum(client.gather(totals))


def local_cluster(workers):
    """Processes here. The scheduler hands tasks out at once: where it holds them back (its default since 2022.11), it forgot
    with version 2022.12 to have a piece sorted again whose worker had died, and waited forever."""
    import dask
    from distributed import LocalCluster
    dask.config.set({"distributed.scheduler.worker-saturation": "inf"})
    return LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None)


def main():
    from distributed import Client
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--scheduler", help="address of a running cluster; its workers need the same logs and DIR")
    p.add_argument("--workers", type=int, default=os.cpu_count(), help="without one: processes here")
    p.add_argument("--shards", type=int, default=8)
    p.add_argument("--piece", type=int, default=64, help="megabytes")
    p.add_argument("--memory", type=int, default=64, help="megabytes of a join table")
    p.add_argument("--out", required=True)
    p.add_argument("logs", nargs="+")
    a = p.parse_args()
    cluster = None if a.scheduler else local_cluster(a.workers)
    with Client(a.scheduler or cluster) as client:
        client.upload_file(maillog.__file__)
        client.upload_file(os.path.abspath(__file__))
        n = run(client, [os.path.abspath(log) for log in a.logs], a.out, a.shards, a.piece << 20, a.memory << 20)
    print("%d messages" % n, file=sys.stderr)


if __name__ == "__main__":
    import join_logs  # so that workers find its functions by name
    join_logs.main()
