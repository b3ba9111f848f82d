"""Lines from the log statements of daemons other than Postfix, for inventory.py: a row per statement of the sources, with
product, tier, severity, file:line and format.

C's formats take arguments by what stands before them; the Perl and Python ones are expressions: their literals are joined,
and a variable is an argument, too. Statements that are an expression alone (`%s`) have no text to try."""
import re

STAMP = "Jul 19 07:59:06 mail "
USER = "user@example.org"
QUEUE_ID = "4h2pDm4xWkz9Tvs"

# the first that fits what stands before a conversion, in any product
TEXT = [
    (r"(?:from|to|sender|user|recip)=?<$", USER),
    (r"message-id '?$|msgid=$|\bid=$|^<$", "4f2@mail.example.org"),
    (r"rip=$|\[$|\bIP (?:ADDRESS )?$|from IP $|trusted IP $|source ip: $|address $", "192.0.2.25"),
    (r"[Cc]onnect(?:ed)? to $|[Cc]onnecting to $|host $|from director $|[Ss]erver $", "192.0.2.26"),
    (r"(?:file|directory|dir|path|socket|in|on|at|from) $", "/var/lib/mail/x"),
    (r"Connect from $|Disconnect from $", "local"),
    (r"(?:pid|PID|process|worker) \[?$", "4711"),
    (r"SIG$", "TERM"),
]

# what the first %s can be where a statement begins with it
FIRST = {
    "opendkim": [QUEUE_ID], "opendmarc": [QUEUE_ID], "amavisd-new-2.13.0": ["(00123-01)", "ESMTP", "sample"],
}
WHOLE = {
    "%s v%s starting (%s)": "{0} Filter v2.11.0 starting (args: -x /etc/{1}.conf)",
    "%s v%s terminating with status %d, errno = %d": "{0} Filter v2.11.0 terminating with status 0, errno = 0",
    "%s: s=%s d=%s SSL %s": QUEUE_ID + ": s=sel d=example.org SSL error:0407006A:rsa routines:RSA_padding_check_PKCS1_type_1:block type is not 01",
    "cache: %u quer%s, %u hit%s (%d%%), %u expired, %u key%s": "cache: 12 queries, 3 hits (25%), 1 expired, 4 keys",
    "%s: ignoring %u signature%s": QUEUE_ID + ": ignoring 2 signatures",
    "%s: %sblocked by reputation of %s": QUEUE_ID + ": blocked by reputation of example.org",
    "%s: %sblocked by reputation of %s (%f, count %lu, spam %lu, limit %lu)":
        QUEUE_ID + ": blocked by reputation of example.org (0.5, count 2, spam 1, limit 9)",
    "%s: can't verify VBR information%s%s": QUEUE_ID + ": can't verify VBR information: no such certifier",
    "%s: error handling VBR information%s%s": QUEUE_ID + ": error handling VBR information: no such certifier",
    "%s: %s field added (s=%s, d=%s)": QUEUE_ID + ": DKIM-Signature field added (s=sel, d=example.org)",
    "%s: SPF(%s): %s %s": QUEUE_ID + ": SPF(mailfrom): example.org fail",
    "%s: %s %s": QUEUE_ID + ": example.org fail",
    "Mail search interrupted: %s%s": "Mail search interrupted: Search timed out",
    "%sHost %s changed %s (vhost_count=%u last_updown_change=%ld)":
        "Host 192.0.2.26 changed up (vhost_count=100 last_updown_change=1700000000)",
    "%sHost %s vhost count changed from %u to %u": "Host 192.0.2.26 vhost count changed from 100 to 50",
    "Connecting to %s:%u (as %s%s): %s": "Connecting to 192.0.2.26:9090 (as 192.0.2.27): Reconnecting after error",
    "%s - disconnecting client in %ums": "Disconnecting client for service restart - disconnecting client in 100ms",
    "%serror%s": "error",
    "ID sent: %s": "ID sent: name=Thunderbird, version=115",
    "+++ Started at %s": "+++ Started at Wed Jul 19 07:59:06 2023",
}

# Dovecot's program by the folder of the source; libraries speak in several
SERVICE = {
    "dovecot": ["master"], "lda": ["lda(user@example.org)<4711><x2Bz>"],
    "master": ["master"], "login-common": ["imap-login"], "pop3-login": ["pop3-login"], "imap-login": ["imap-login"],
    "lmtp": ["lmtp(4711)", "lmtp(user@example.org)<4711><x2Bz>"], "imap": ["imap(user@example.org)<4711><x2Bz>"],
    "imap-hibernate": ["imap-hibernate(user@example.org)<4711><x2Bz>"], "pop3": ["pop3(user@example.org)<4711><x2Bz>"],
    "submission": ["submission(user@example.org)<4711><x2Bz>"], "indexer": ["indexer"], "stats": ["stats"],
    "director": ["director"], "imap-urlauth": ["imap-urlauth(user@example.org)<4711><x2Bz>"],
    "managesieve": ["managesieve(user@example.org)<4711><x2Bz>"], "sieve-tools": ["sieve-test(user@example.org)"],
}
LIBRARY = ["lmtp(user@example.org)<4711><x2Bz>", "imap(user@example.org)<4711><x2Bz>", "auth", "auth-worker(4711)",
           "imap-login",
           "doveadm(user@example.org)"]

CONVERSION = re.compile(r"%(?:[-+ #0]*)(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:ll|l|h|z)?([a-zA-Z%])")
NUMBERS = "diucxXozHP"
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|([\w:$]+\((?:[^()]|\([^()]*\))*\)|\$\{?[\w:{}>\[\]$"-]+\}?)')
VARIABLE = re.compile(r"\$!|\$@|\$>|\$\w+->\{\w+\}|\$\{?\w+\}?(?:\{\$?\w+\})*|@_|@\{\[[^]]*\]\}")


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "", "t": "\t"}.get(m[1], m[1]), text)


def argument(before, conversion):
    if conversion in NUMBERS and conversion != "c":
        return "42"
    if conversion in "feg":
        return "1.5" if conversion != "e" else "No such file or directory"
    if conversion == "m":
        return "No such file or directory"
    if conversion == "%":
        return "%"
    for pattern, value in TEXT:
        if re.search(pattern, before):
            return value
    return "sample%d" % before.count("sample")


def filled(fmt, first=None):
    """A C format with arguments; `first` for a %s at its very beginning."""
    line, last = "", 0
    for m in CONVERSION.finditer(fmt):
        line += fmt[last:m.start()]
        line += first if first and not line and m[1] == "s" else argument(line, m[1])
        last = m.end()
    return line + fmt[last:]


def c_texts(row, name):
    fmt = unescape(row["format"]).replace("<<PRIuUOFF_T>>", "llu").replace("<<RVERSION>>", "3.12.1").replace("<<RID>>", "release")
    if "<" + "<" in fmt or not re.sub(r"%[-.*\d]*[a-z]|\W", "", fmt):
        return []
    if fmt in WHOLE:
        return [WHOLE[fmt].format({"opendkim": "OpenDKIM", "opendmarc": "OpenDMARC"}.get(name, name), name)]
    return [filled(fmt, f) for f in FIRST.get(row["product"], [None])]


def in_strings(text):
    """A Perl string with its variables filled in."""
    line, last = "", 0
    text = text.replace("$$", "4711")
    for m in VARIABLE.finditer(text):
        line += text[last:m.start()]
        number = re.search(r"(?i)num|ttl|nr_|pid|count|cnt|port|timeout|score|line|idle|time\b", m[0])
        error = m[0] in ("$!", "$@")
        line += "No such file or directory" if error else "1000" if m[0] == "$>" else "42" if number else argument(line, "s")
        last = m.end()
    return line + text[last:]


def perl_texts(expression):
    """The pieces of an expression put together: literals as they are, all else an argument."""
    if re.match(r"(?:warning|info)\s*=>\s*", expression):
        expression = re.sub(r"^(?:warning|info)\s*=>\s*", "", expression)
    expression = re.sub(r"^[012], ", "", expression)
    if expression and expression[0] not in "\"'s[" and expression.count('"') % 2:
        expression = '"' + expression  # an inventory's row begins inside of the string
    line = ""
    for m in LITERAL.finditer(expression):
        if m[1] is not None:
            line += filled(in_strings(unescape(m[1]))) if "%" in m[1] else in_strings(unescape(m[1]))
        elif m[2] is not None:
            line += unescape(m[2])
        elif re.search(r"ts\(|time|ttl|TTL|IDLE", m[3]):
            line += "42"
        elif not re.match(r"sprintf|join|\(", m[3]):
            line += "sample"
    return [line.rstrip()] if re.search(r"[a-z]{3}", line) else []


def postgrey(row):
    passed = re.match(r"\$attr, '(\w+)', '([^']+)'(, 'delay=)?", row["format"])
    if passed:
        return [f"action={passed[1]}, reason={passed[2]}{', delay=301' if passed[3] else ''}, client_name=mx.example.net, "
                f"client_address=192.0.2.25/32, sender={USER}, recipient=olga@example.com"]
    return perl_texts(row["format"])


def dovecot(row):
    folder = row["file:line"].split("/")[0]
    found = c_texts(row, "dovecot")
    services = SERVICE.get(folder, LIBRARY if folder.startswith("lib") or folder == "plugins" else [folder])
    if "imap" in row["file:line"] and folder == "plugins":
        services = ["imap(user@example.org)<4711><x2Bz>" + part for part in ("", ": sieve", ": imapsieve")]
    for word, prefix in (("sieve", "lmtp(user@example.org)<4711><x2Bz>: sieve"), ("haproxy", "imap-login: haproxy")):
        if word in row["file:line"] and services is LIBRARY:
            services = LIBRARY + [prefix]
    if "mail-log" in row["file:line"]:
        services = ["imap(user@example.org)<4711><x2Bz>" + part for part in ("", ": Mailbox Work")]
    if "doveadm" in row["file:line"]:
        services = ["doveadm(user@example.org)"]
    kind = {"error": "Error: ", "warning": "Warning: ", "fatal": "Fatal: ", "panic": "Panic: "}.get(row["severity"], "")
    return [f"dovecot: {s}: {kind}{t}" for t in found for s in services]


def python_texts(row):
    m = re.search(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.sub(r"^syslog\.LOG_ERR, ?", "", row["format"]))
    if not m:
        return []
    given = iter([QUEUE_ID + ": ", "550 5.7.23", "Message rejected due to: SPF fail - not authorized"])
    text = re.sub(r"\{\d\}", lambda _: next(given, "x"), m[1] if m[1] is not None else m[2])
    return [filled(text)]


def spamd(row):
    if row["format"] in ("$errmsg);", "$log);"):
        return []
    return perl_texts(row["format"])


def tagged(tag, texts):
    return [f"{tag}[4711]: {t}" for t in texts]


def lines(row):
    """The lines that the statement can be, without the header's stamp; none when there is no text to try."""
    product = row["product"]
    name = re.sub(r"-(?:[\d.]+|(?:svc|lib|tool)-\w+)$", "", product)
    if name in ("dovecot", "pigeonhole"):
        out = dovecot(row)
    elif name == "postgrey":
        out = tagged(name, postgrey(row))
    elif name in ("policyd-spf", "spf_engine"):
        out = tagged("policyd-spf", python_texts(row))
    elif name == "spamd":
        out = tagged(name, spamd(row))
    elif name in ("postfwd", "policyd-weight"):
        out = tagged(name, perl_texts(row["format"]))
    elif name == "amavisd-new":
        out = tagged("amavis", ["(00123-01) " + t if not t.startswith("(00123") else t for t in c_texts(row, name)])
    elif name == "rspamd":
        out = tagged(name, ["<abc123>; proxy; sample_function: " + t for t in c_texts(row, name)])
    else:
        out = tagged(name, c_texts(row, name))
    return [STAMP + line for line in dict.fromkeys(out)]
