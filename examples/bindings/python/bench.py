"""Events with their texts made: a queue ID for each that has one, a status for each delivery, counted. Beside it the
same by regular expressions, and the columns with numpy. Usage: MAILLOG_LIBRARY=… python3 bench.py LOG C-NS-PER-EVENT"""
import re
import sys
import time

import maillog

path, c_ns = sys.argv[1], float(sys.argv[2])
text = open(path, "rb").read()
ROUNDS = 5


def best(functions):
    """The least CPU time of each, taken in turns: the machine is as busy for one as for the other."""
    times, results = [[] for _ in functions], []
    for _ in range(ROUNDS):
        for function, took in zip(functions, times):
            start = time.process_time()
            results.append(function())
            took.append(time.process_time() - start)
    return [min(took) for took in times], results


def with_events():
    events = ids = sent = 0
    for ev in maillog.events([text]):
        events += 1
        ids += ev.get("queue_id") is not None
        if ev.event == "delivery":
            sent += ev.get("status") == "sent"
    return events, sent


def with_columns():
    """The same texts by column: no object for a row that is not asked for."""
    import numpy as np
    deliveries = [i for i, name in maillog.EVENTS.items() if name == "delivery"]
    events = sent = 0
    for batch in maillog.batches([text]):
        events += len(batch)
        batch.texts("queue_id")
        rows, status = batch.texts("status")
        if len(rows):
            delivered = np.isin(batch.columns()[0]["type"][rows], deliveries)
            sent += [s for s, is_one in zip(status, delivered.tolist()) if is_one].count("sent")
    return events, sent


def with_numbers():
    """No texts at all: the word of the status is a number already."""
    import numpy as np
    status = maillog._IDS["status"]
    word = next(i for i in range(1, 100) if maillog._c.maillog_word_name(i) == b"sent")
    events = sent = 0
    for batch in maillog.batches([text]):
        rows, fields = batch.columns()
        events += len(rows)
        sent += int(np.count_nonzero((fields["id"] == status) & (fields["word"] == word)))
    return events, sent


# What a careful script does: one expression for the header, then those of the program, the frequent ones first.
HEADER = re.compile(r"^(\w{3} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\S+) (\S+) ([^\s:\[]+)(?:\[(\d+)\])?: (.*)$")
ID = r"([0-9A-F]{6,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{12,}): "
DELIVERY = re.compile(ID + r"to=<(.*?)>, (?:orig_to=<(.*?)>, )?relay=(\S+), (?:conn_use=\d+, )?delay=([\d.]+), "
                      r"delays=([\d./]+), dsn=([\d.]+), status=(\S+) \((.*)\)$")
SETS = {
    "smtpd": [r"connect from (\S+)\[([^]]+)\](?::\d+)?$", r"disconnect from (\S+)\[([^]]+)\](?::\d+)?(.*)$",
              ID + r"client=(\S+)\[([^]]+)\](.*)$",
              r"NOQUEUE: reject: (\w+) from (\S+)\[([^]]+)\]: (\d+) ([\d.]+) (.*); from=<(.*?)> to=<(.*?)> proto=(\S+) helo=<(.*?)>"],
    "cleanup": [ID + r"message-id=(.*)$"],
    "qmgr": [ID + r"from=<(.*?)>, size=(\d+), nrcpt=(\d+) \(queue active\)$", ID + r"removed$"],
    "imap-login": [r"(?:imap|pop3)-login: Login: user=<(.*?)>, method=(\S+), rip=(\S+), lip=(\S+), (.*)$"],
}
SETS = {name: [re.compile(p) for p in patterns] for name, patterns in SETS.items()}
for agent in ("smtp", "lmtp", "local", "virtual", "pipe", "error"):
    SETS[agent] = [DELIVERY]


def with_regex():
    events = sent = 0
    for line in text.decode("utf-8", "surrogateescape").split("\n"):
        head = HEADER.match(line)
        if not head:
            continue
        events += 1
        for pattern in SETS.get(head.group(3).rpartition("/")[2], ()):
            found = pattern.match(head.group(5))
            if found:
                if pattern is DELIVERY:
                    found.group(1)
                    sent += found.group(8) == "sent"
                elif found.groups():
                    found.group(1)
                break
    return events, sent


ways = [("regular expressions", with_regex), ("events(), lazy texts", with_events)]
try:
    import numpy  # noqa: F401
    ways += [("texts(), a column of them", with_columns), ("columns(), numbers only", with_numbers)]
except ImportError:
    print("numpy is not there: no columns", file=sys.stderr)
times, results = best([way for _, way in ways])
count = results[1][0]
print("| way | ns per event | to C | faster than regex | sent |\n|---|---|---|---|---|")
for (name, _), took, (_, sent) in zip(ways, times, results):
    ns = took * 1e9 / count
    print("| %s | %.0f | %.1f | %.1f | %d |" % (name, ns, ns / c_ns, times[0] / took, sent))
