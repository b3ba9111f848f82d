#!/usr/bin/env python3
"""How many of the daemons' log statements are typed events.

usage: inventory.py INVENTORY.tsv MAILLOG [-v [DAEMON]] [--floor PERCENT]
The inventory has a row per statement of the sources: daemon (of Postfix; a list of others has `product`, and its lines are
made by inventory_others.py), tier, severity, file:line, format, versions. Each
format becomes a line with plausible arguments; where the first %s may be a function, a queue ID or a peer, one line
for each; where it is a reason, the line that holds it. A statement counts as recognised when one of them is an event and no text is left in `rest`. Statements whose format is an expression (`<<…>>`) have no text to try and are not counted.
-v prints the lines that are not recognised. Tier 1: what a healthy system writes; tier 2: the rest."""
import collections
import json
import re
import subprocess
import sys

import inventory_others

CONVERSION = re.compile(r"%(?:[-+ #0]*)(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:ll|l|h|z)?([a-zA-Z%])")
PROGRAM = {"smtp(+lmtp)": "smtp", "error(+retry)": "error"}
CLIENT = "mx.example.org[192.0.2.25]"
RELAY = "mx.example.net[198.51.100.7]:25"

PARAMETER = {"COMPAT_LEVEL": "compatibility_level", "APP_DOT_MYDOMAIN": "append_dot_mydomain"}
QUEUE_ID = "4h2pDm4xWkz9Tvs"

# what stands before a %s, and what it then is; the first that fits
TEXT = [
    (r"notification: $", QUEUE_ID),
    (r"(?:client=|disconnect from |nrcpt=)\S+$", ""),  # optional ends
    (r"client=$", CLIENT),
    (r"(?:SSL_\w+ error|abort: TLS|ETRN \S+|BDAT command syntax|address syntax|after \S+|bytes\)|ended|non-\w+ response) from $",
     CLIENT),
    (r" after $|syntax from \S+ in $", "RCPT"),
    (r"EHLO features to announce to $|be (?:announced to|allowed from) $", CLIENT),
    (r"SIZE limit \"[^\"]*\" from $", RELAY),
    (r"read/write $", "error"),
    (r"read/write \w+ for $", "[192.0.2.25]:4711"),
    (r" in resource$|^(?:malformed|numeric) domain name in $", "resource data"),
    (r"\w of $", "MX"),
    (r"SSL_connect error to $|host $", RELAY),
    (r"(?:SSL_\w+ error|rejected|disconnect|connect|received|command|request|input|after \w+|dropped|exceeded: \d+) from $",
     CLIENT),
    (r"certificate verification failed for $|(?:^| )SNI(?: changed)? from $", CLIENT),
    (r"(?:^|[^a-z])table $|\bmap $|database $|map \"$|cache $|dictionary $", "hash:/etc/postfix/access"),
    (r"[Mm]ilter (?:service )?$", "inet:127.0.0.1:8891"),
    (r"message$", "s"),
    (r"^to approve .* list [^:]*$", "proxy"),
    (r" in $", "main.cf"),
    (r"<$", "user@example.org"),
    (r"\[$", "192.0.2.25"),
    (r"\]:$", "25"),
    (r"(?:file|directory|open|lock|read|from|to) $", "/var/spool/postfix/active/x"),
    (r"(?:param(?:eter)?s?|configuration:|invalid|change|non-default) $", "mydestination"),
    (r"uid=$|gid=$", "1000"),
]

PEER = "[192.0.2.25]:4711"
CONTEXT = " from=<ivan@example.net> to=<olga@example.com> proto=ESMTP helo=<mx.example.net>"

# statements that are put together from pieces which only make sense together
ARGUMENTS = {
    "%s: passing <%s> to transport=%s": (QUEUE_ID, "user@example.org", "lmtp"),
    "%s: from=<%s>, size=%ld, nrcpt=%d%s%s%s": (QUEUE_ID, "user@example.org", " (", "queue active", ")"),
    "%s: %s: %s from %s: %s;%s": ("NOQUEUE", "reject", "RCPT", CLIENT, "554 5.7.1 no", CONTEXT),
    "%s: %s after %s (%lu bytes) from %s": (QUEUE_ID, "lost connection", "DATA", CLIENT),
    "%s: %s after %s from %s": ("NOQUEUE", "timeout", "RCPT", CLIENT),
    "%s: %smessage-id=<%s>": (QUEUE_ID, "resent-", "4f2@mail.example.org"),
    "TLS SNI %s from %s not matched, using default chain": ("mail.example.org", CLIENT),
    "%s TLS connection established to %s: %s with cipher %s (%d/%d bits)": ("Trusted", RELAY, "TLSv1.2", "AES256-SHA"),
    "%s TLS connection established from %s: %s with cipher %s (%d/%d bits)": ("Trusted", CLIENT, "TLSv1.2", "AES256-SHA"),
    "CONNECT %s %s": ("from", PEER),
    "DISCONNECT %s": (PEER,),
    "TLS handshake failed for service=%s peer=%s": ("smtpd", PEER),
    "%sLISTED [%s]:%s": ("ALLOW", "192.0.2.25", "4711"),
    "%sLIST VETO [%s]:%s": ("ALLOW", "192.0.2.25", "4711"),
    "PREGREET %d after %s from [%s]:%s: %.100s": ("0.05", "192.0.2.25", "4711", "EHLO x"),
    "HANGUP after %s from [%s]:%s in %s": ("0.5", "192.0.2.25", "4711", "tests after SMTP handshake"),
    "[%s]%s: discarding EHLO keywords: %s": ("192.0.2.25", "4711", "CHUNKING"),
}


def argument(before, conversion, row, first):
    if conversion in "diu":
        return "42"
    if conversion == "m":
        return "No such file or directory"
    if conversion in "xXp":
        return "1f"
    if conversion == "c":
        return "x"
    if conversion == "o":
        return "644"
    if conversion in "fg":
        return "1.5"
    if conversion == "%":
        return "%"
    if before == "":
        return first
    for pattern, value in TEXT:
        if re.search(pattern, before):
            return value
    return "sample_%d" % (before.count("sample_") + 1)


def shell_text(fmt):
    """What a shell script hands to postlog: quotes, variables and what follows the word are the shell's."""
    m = re.match(r'"([^"]*)"', fmt)
    fmt = m.group(1) if m else re.sub(r" (?:\|\||\\;).*", "", fmt)
    fmt = re.sub(r"`[^`]*`|\\`[^`]*\\`", "4711", fmt)
    return re.sub(r"\\?\$\{?\w+\}?|\{\}", "value", fmt)


def texts(row):
    """The statement with arguments, in its variants; none when the format is an expression."""
    fmt = row["format"].replace('\\"', '"').replace("\\n", "").replace("\\\\", "\\")
    if "script" in row["daemon"]:
        fmt = shell_text(fmt)
    fmt = re.sub(r"<<VAR_(\w+)>>", lambda m: PARAMETER.get(m.group(1), m.group(1).lower()), fmt)
    if "<<" in fmt or fmt in ("", "%s"):
        return []
    if fmt in ARGUMENTS:
        given = iter(ARGUMENTS[fmt])
        return [CONVERSION.sub(lambda m: next(given) if m.group(1) == "s" else "42", fmt)]
    function = row["file:line"].split("/")[-1].split(".c")[0]
    first = [function] if row["daemon"].startswith("lib/") else ["sample", function]
    if re.match(r"%s:? ", fmt):
        first += [QUEUE_ID, CLIENT, RELAY, "[192.0.2.25]:4711", "lost connection", "malformed domain name", "timeout"]
    out = []
    for value in first:
        line, last = "", 0
        for m in CONVERSION.finditer(fmt):
            line += fmt[last:m.start()]
            line += argument(line, m.group(1), row, value)
            last = m.end()
        out.append(line + fmt[last:])
    return list(dict.fromkeys(out)) + inside(row, fmt, out[0])


def inside(row, fmt, body):
    """The line around a text that is a reason: what the agents and servers say is the end of a delivery or reject."""
    if row["severity"] != "info" or fmt.startswith("%s:"):
        return []
    if row["daemon"] == "lib/global":
        return [f"{QUEUE_ID}: to=<user@example.org>, relay=local, delay=1, delays=0/0/0/1, dsn=4.3.0, status=deferred ({body})"]
    if row["tier"] != "1":
        return []
    if row["daemon"] == "cleanup":
        action = body if re.fullmatch("[a-z]+", body) else "reject"
        return [f"{QUEUE_ID}: {action}: header Subject: x from {CLIENT}; from=<> to=<user@example.org>: {body}"]
    if row["daemon"] == "smtpd":
        return [f"NOQUEUE: reject: RCPT from {CLIENT}: 550 5.7.1 {body}; from=<> to=<user@example.org> proto=SMTP helo=<x>"]
    if row["daemon"] in ("smtp(+lmtp)", "local", "virtual", "pipe", "bounce", "qmgr", "oqmgr"):
        return [f"{QUEUE_ID}: to=<user@example.org>, relay=none, delay=1, delays=0/0/0/1, dsn=4.3.0, status=deferred ({body})"]
    return []


def lines(row):
    program = "smtpd" if row["daemon"].startswith("lib/") else PROGRAM.get(row["daemon"], row["daemon"])
    severity = "" if row["severity"] == "info" else row["severity"] + ": "
    return [f"Jul 19 07:59:06 mail postfix/{program}[4711]: {severity}{body}" for body in texts(row)]


def main(args):
    verbose = "-v" in args
    only = args[args.index("-v") + 1] if verbose and len(args) > args.index("-v") + 1 else None
    floor = float(args[args.index("--floor") + 1]) if "--floor" in args else 0.0
    with open(args[1], encoding="utf-8") as f:
        names = next(f).rstrip("\n").split("\t")
        rows = [dict(zip(names, l.rstrip("\n").split("\t"))) for l in f]
    others = "product" in names
    rows = [dict(r, daemon=r["product"]) if others else r for r in rows if others or r["daemon"] != "testing"]
    tried = [(r, v) for r, v in ((r, (inventory_others.lines if others else lines)(r)) for r in rows) if v]
    log = "".join(l + "\n" for _, v in tried for l in v).encode()
    done = subprocess.run([args[2], "events", "--json"], input=log, capture_output=True, check=True)
    events = [json.loads(l) for l in done.stdout.split(b"\n") if l]
    assert len(events) == sum(len(v) for _, v in tried), f"{len(events)} events out"
    events = iter(events)
    count = collections.defaultdict(lambda: [0, 0])
    for row, variants in tried:
        got = [next(events) for _ in variants]
        good = any(e["match"] == "event" and not e.get("rest") for e in got)
        for key in ((row["daemon"], row["tier"]), ("all", row["tier"]), ("all", "1, 2")):
            count[key][0] += good
            count[key][1] += 1
        if verbose and not good and (not only or row["daemon"].startswith(only)):
            print(f"{row['daemon']}\t{row['tier']}\t{row['file:line']}\t{re.split(r': ', variants[0], maxsplit=1)[1]}")
    for (daemon, tier), (good, total) in sorted(count.items(), key=lambda i: (i[0][0] == "all", i[0])):
        print(f"{daemon:32} tier {tier:5} {good:5}/{total:<5} {100.0 * good / total:6.1f} %")
    good, total = count[("all", "1, 2")]
    print(f"{len(rows) - total} statements have no text of their own")
    return 100.0 * good / total < floor


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv))
