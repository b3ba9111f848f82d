#!/usr/bin/env python3
"""usage: test.py MAILLOG LOG WORK [speed]: what Dask's workers make of a log is what the command makes of it, also when one
of them is killed in the middle; with `speed`: two workers against one."""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import join_logs
import maillog
from distributed import Client


def by_lines(names):
    out = {}
    for name in names:
        with open(name, encoding="utf-8") as f:
            for line in f:
                m = json.loads(line)
                key = json.dumps([m["lines"], m["queue_ids"], m["verdict"]])
                assert key not in out, "told twice: " + line
                out[key] = m
    return out


def differences(want, got):
    wrong = [k for k in want.keys() | got.keys() if want.get(k) != got.get(k)]
    for k in wrong[:3]:
        print("want", json.dumps(want.get(k))[:1000], "\ngot ", json.dumps(got.get(k))[:1000])
    return len(wrong)


def join(client, logs, out, **options):
    shutil.rmtree(out, ignore_errors=True)
    return join_logs.run(client, logs, out, **options)


def kill_one(client, out, killed):
    """as soon as three pieces are done, of those that are to be many"""
    while len(glob.glob(out + "/[0-9]*.ndjson")) < 3:
        time.sleep(0.01)
    pid = next(iter(client.run(os.getpid).values()))
    os.kill(pid, signal.SIGKILL)
    killed.append((pid, len(glob.glob(out + "/*.ndjson"))))


def main():
    command, log, work, speed = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:] == ["speed"]
    out = work + "/out"
    if speed:
        seconds = {}
        for n in (1, 2):
            with join_logs.local_cluster(n) as c, Client(c) as client:
                for piece in (0, 1):  # once to load everything
                    begin = time.monotonic()
                    messages = join(client, [log], out, piece_bytes=4 << 20)
                    seconds[n] = time.monotonic() - begin
                print("%d workers: %.1f s, %d messages" % (n, seconds[n], messages))
        print("two workers: %.2f x one" % (seconds[1] / seconds[2]))
        return
    want = subprocess.run([command, "trace", "--json", "--timezone", "UTC", log], stdout=subprocess.PIPE, check=True).stdout
    with open(work + "/want", "wb") as f:
        f.write(want)
    want, bad = by_lines([work + "/want"]), 0
    with join_logs.local_cluster(2) as c, Client(c) as client:
        n = join(client, [log], out, piece_bytes=1 << 20, memory=16 << 20)
        bad += differences(want, by_lines(glob.glob(out + "/*.ndjson")))
        print("2 workers: %d messages, %d differ from one machine's" % (n, bad))
        killed = []
        shutil.rmtree(out)
        thread = threading.Thread(target=kill_one, args=(client, out, killed))
        thread.start()
        n = join(client, [log], out, piece_bytes=1 << 20, memory=16 << 20)
        thread.join()
        wrong = differences(want, by_lines(glob.glob(out + "/*.ndjson")))
        alive = list(client.run(os.getpid).values())
        print("worker %d killed when %d of %d files were written: %d messages, %d differ" %
              (killed[0][0], killed[0][1], len(glob.glob(out + "/*.ndjson")), n, wrong))
        bad += wrong + (killed[0][0] in alive)
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
