#!/usr/bin/env python3
"""Compare our events with what other projects expect of their own test lines.

usage: check_corpus.py MAILLOG [-v] [--tag PREFIX] [--explained FILE.md] FILE.ndjson…
Each row: {"src": "repo:path#line", "line" or "msg" + "program", "expect": {…}, "fragment"?}. Two checks:
  level   every line of a daemon we know is an event with no text left over
  fields  where a reader for the file is in READERS, every value they expect is the value of our field
--tag: only lines of programs whose tag begins so. A fragment (part of a message) is put into a line that holds it. What differs must have a row in the file of
explanations, a table whose first two columns are `row` (end of src) and `field` (or `level`); an explanation that is no
longer needed is reported, too. Prints the shares by file, with -v each difference that is explained."""
import json
import re
import subprocess
import sys

CLIENT = "host.example.org[192.0.2.1]"
HOLDS = [  # a fragment, and a message that holds it
    (r"(\w+=\d+(/\d+)? ?)+", "postfix/smtpd", "disconnect from " + CLIENT + " %s"),
    (r"[\d.]+(/[\d.]+){3}", "postfix/smtp", "AB12CD: to=<a@example.org>, relay=none, delay=3, delays=%s, dsn=2.0.0, status=sent (ok)"),
    (r"[a-z?!:/]+", "postfix/smtp", "AB12CD: to=<a@example.org>, relay=none, delay=3, delays=0/0/0/3, tls=%s, dsn=2.0.0, status=sent (ok)"),
    (r"\S+\[\S+\](:\d+)?", "postfix/smtp", "AB12CD: to=<a@example.org>, relay=%s, delay=3, delays=0/0/0/3, dsn=2.0.0, status=sent (ok)"),
]


PROGRAMS = ("postfix/smtpd", "postfix/smtp", "postfix/qmgr", "postfix/sendmail", "postfix/postsuper", "postfix/postscreen")


def log_line(row, program="postfix/smtpd"):
    if "line" in row:
        return row["line"]
    program, message = row["program"] or program, row["msg"]
    if row.get("fragment") or row.get("peer_pattern") == "^%{POSTFIX_RELAY}$":
        program, around = next((p, a) for pattern, p, a in HOLDS if re.fullmatch(pattern, message))
        message = around % message
    return f"Jul 19 07:59:06 mail {program}[4711]: {message}"


def is_event(event):
    return event["match"] == "event" and not event.get("rest")


def events(command, rows):
    """An event for each row; where a row does not say which program wrote it, the first that knows it."""
    lines = [[log_line(row, p) for p in (PROGRAMS if not row.get("program") and "msg" in row else PROGRAMS[:1])] for row in rows]
    log = "".join(line.replace("\n", " ") + "\n" for some in lines for line in some)
    done = subprocess.run([command, "events", "--json"], input=log.encode(), capture_output=True, check=True)
    got = [json.loads(line) for line in done.stdout.split(b"\n") if line]
    assert len(got) == sum(map(len, lines)), f"{sum(map(len, lines))} lines in, {len(got)} events out"
    got = iter(got)
    some = [[next(got) for _ in tried] for tried in lines]
    return [next(filter(is_event, tried), tried[0]) for tried in some]


# ---- whyscream/postfix-grok-patterns: their names, and where the value is in our event ----

def client(e):
    port = ":" + e["client_port"] if "client_port" in e else ""
    return f"{e['client_name']}[{e['client_addr']}]{port}" if "client_name" in e else None


def relay(e):
    if "relay_name" not in e:
        return e.get("relay")
    port = ":" + e["relay_port"] if "relay_port" in e else ""
    return f"{e['relay_name']}[{e.get('relay_addr', e.get('relay_path'))}]{port}"


def delays(e):
    return "/".join(e.get("delay_" + k, "") for k in ("before_qmgr", "in_qmgr", "conn_setup", "transmission"))


PAIR = re.compile(r"([a-z_]+)=(<[^>]*>|\S*?)(?:,|;|$)?(?: |$)")
COMPOSED = {"client": client, "relay": relay, "delays": delays}


def pairs(e, text):
    """Every key=value of the text is our field of that name."""
    found = PAIR.findall(text.rstrip(","))
    good = found and all((COMPOSED.get(k, lambda e, k=k: e.get(k))(e)) == v.strip("<>,") for k, v in found)
    return text if good else None


def counts(e, text):
    """The counts of commands, put together again from our fields."""
    said = " ".join(f"{k[4:] if k.startswith('cmd_') else k}={v}" for k, v in e.items() if k.startswith("cmd_") or k == "commands")
    return text if said == text else said


def count(name, accepted=False):
    def read(e):
        good, _, total = e.get(name, "").partition("/")
        return (good if total else None) if accepted else (total or good or None)
    return read


def either(*names):
    return lambda e: next((e[n] for n in names if n in e), None)


def tls_part(pattern):
    return lambda e: (re.fullmatch(pattern, e.get("tls", "")) or [None, None])[1]


def stripped(e):
    return e["message_id"].removeprefix("<").removesuffix(">") if "message_id" in e else None


def notification(e):
    return e.get("event", "").removesuffix("_notification")


def kind_of(word, name):
    return lambda e: e.get(name) if e.get("kind") == word else None


VIOLATIONS = {"pregreet": "PREGREET", "dnsbl_rank": "DNSBL", "hangup": "HANGUP", "bare_newline": "BARE NEWLINE",
              "pipelining": "COMMAND PIPELINING", "non_smtp_command": "NON-SMTP COMMAND", "command_limit": None}
ACCESS = {"allowlisted": "LISTED", "denylisted": "LISTED", "allowlist_veto": "VETO"}


def violation(e):
    known = VIOLATIONS.get(e.get("event"), "")
    return known or (e["message"].split(" from ")[0] if known is None else None)


def access(e):
    if e.get("event") == "pass":
        return "PASS " + e["kind"]
    said = e["message"].split(" [")[0]
    return said if said.endswith(ACCESS.get(e.get("event"), "-")) else None


def message_text(e, text):
    """The text is there, and no part of it is unread."""
    said = e["message"].partition(": ")[2] if "queue_id" in e or "severity" in e else e["message"]
    said = said.partition(": ")[2] if "queue_id" in e and ("severity" in e or "action" in e) else said
    return text if said.startswith(text.rstrip()) and is_event(e) else said


def period(e):
    said = e.get("interval", "")
    return said + "s" if said.isdigit() else said


def restriction(e):
    """Their message is the reason without its subject."""
    detail = e.get("reason_detail")
    if "zone" in e:
        return f"blocked using {e['zone']}" + (f"; {detail}" if detail else "")
    if detail is None or "class" not in e:
        return detail if detail is not None else e.get("reason", e.get("text"))
    return f"{e['class']}{' ' if e['event'] == 'action' else ' rejected: '}{detail}"


def ended(e):
    """What went wrong, without where."""
    return e["reason"].split(" with ")[0] if "reason" in e else e.get("error")


def handshake_or_end(e):
    return "SSL_accept error" if e["event"] == "tls_handshake_error" else ended(e)


def stage(e):
    return e["stage"] if "stage" in e else e.get("command", "").removesuffix(" command")


REPLY = either("reply")
SIZES = lambda e: f"{e.get('tls_bits_used')}/{e.get('tls_bits_alg')}"
ADDRESS = either("client_addr")
WHYSCREAM = {
    "queueid": either("queue_id"), "client_ip": ADDRESS, "client_ip_unknown": ADDRESS, "client_hostname": either("client_name"),
    "client_port": either("client_port"), "smtp_stage": stage, "proxy_smtp_stage": either("stage"),
    "relay_hostname": either("relay_name"), "relay_ip": either("relay_addr"), "relay_port": either("relay_port"),
    "relay_service": either("relay_path"), "message_level": either("severity", "action"), "status": either("status"),
    "smtp_response": REPLY, "error_response": REPLY, "pipe_response": REPLY, "local_response": REPLY,
    "smtpd_lostconn_data": handshake_or_end, "action": either("action"), "status_message": restriction, "status_data": either("name"),
    "status_code": either("code"), "status_code_enhanced": either("dsn"), "anvil_timestamp": either("peak_time"),
    "service": either("service"), "tls_trustlevel": either("tls_level"), "tls_version": either("tls_protocol"),
    "tls_cipher": either("tls_cipher"), "tls_cipher_size": SIZES, "tls_key_exchange": either("tls_kex"),
    "tls_server_signature": either("tls_server_sig"), "tls_server_signature_size": lambda e: e["tls_server_sig_detail"].split()[0],
    "tls_server_signature_curve": either("tls_server_sig_detail"), "tls_server_digest": either("tls_server_digest"),
    "tls_error": either("error", "reason"), "smtp_lostconn_data": ended,
    "anvil_conn_count": either("count"), "anvil_conn_rate": either("rate"), "anvil_conn_period": period,
    "anvil_cache_size": either("size"), "bounce_queueid": either("new_queue_id"), "bounce_recipient": notification,
    "bounce_reason": either("kind"), "message-id": stripped, "postsuper_summary_count": either("count"),
    "postscreen_violation": violation, "postscreen_access": access, "postscreen_violation_time": either("elapsed"),
    "postscreen_dnsbl_rank": either("rank"), "postscreen_toobusy_data": either("reason"), "from": either("from"),
    "postscreen_cache_retained": either("retained"), "postscreen_cache_dropped": either("dropped"),
    "verify_cache_retained": either("retained"), "verify_cache_dropped": either("dropped"),
    "verify_cleanup_type": either("kind"), "server_ip": either("server_addr"), "server_port": either("server_port"),
    "dnsbl_domain": either("zone"), "dnsbl_result": either("reply"), "version": either("version"),
    "config_path": either("config"), "termination_signal": either("signal"), "pix_workaround": either("words"),
    "discarded_ehlo_keywords": either("keywords"), "milter_data": either("text"), "prepend_type": either("where"),
    "prepend_trigger": either("content"), "prepend_value": either("text"), "scache_timestamp": either("start_time"),
    "scache_domains": either("domains"), "scache_addresses": either("addresses"), "scache_connection": either("connections"),
    "scache_hits": either("hits"), "scache_miss": either("miss"), "scache_success": lambda e: e["success"].rstrip("%"),
    "delay_before_qmgr": either("delay_before_qmgr"), "delay_in_qmgr": either("delay_in_qmgr"),
    "delay_conn_setup": either("delay_conn_setup"), "delay_transmission": either("delay_transmission"),
    "cmd_count": count("commands"), "cmd_count_accepted": count("commands", True),
    "proxy_result": lambda e: e["action"].removeprefix("proxy-"), "proxy_message": REPLY,
    "proxy_status_code": lambda e: e["reply"][:3], "proxy_status_code_enhanced": lambda e: e["reply"].split()[1],
    "milter_result": lambda e: e["action"].removeprefix("milter-") if "where2" not in e else f"{e['where2']}-{e['action']}",
    "postsuper_action": lambda e: {"message_requeued": "requeued", "message_held": "placed on hold",
                                   "message_released": "released from hold"}.get(e["event"], e["event"]),
    "postsuper_summary_action": either("what"),
    "tls_security_level": tls_part(r"!?([a-z]+)[:?]?.*"), "tls_downgrade_level": tls_part(r"[a-z]+:([a-z]+).*"),
    "tls_policy_undecided": tls_part(r"[a-z]+(\?).*"), "requiretls": tls_part(r".*/!?(requiretls).*"),
    "requiretls_policy_undecided": tls_part(r".*/requiretls(\?)"), "requiretls_policy_violation": tls_part(r".*/(!)requiretls.*"),
    "requiretls_downgrade_level": tls_part(r".*requiretls:([a-z]+)"), "smtp_lostconn_reason": either("phase"),
}
WHYSCREAM_TEXT = {"keyvalue_data": pairs, "command_counter_data": counts, "message": message_text,
                  "milter_message": message_text}


def read_whyscream(event, name, want):
    name = name.removeprefix("postfix_")
    if name in WHYSCREAM_TEXT:
        return WHYSCREAM_TEXT[name](event, want)
    if name.startswith("cmd_") and name not in WHYSCREAM:
        return count(name.removesuffix("_accepted"), name.endswith("_accepted"))(event)
    return WHYSCREAM[name](event) if name in WHYSCREAM else None


READERS = {"whyscream-postfix-grok-patterns.ndjson": read_whyscream}


def differences(name, row, event):
    """(field, theirs, ours) of what is not as expected."""
    if not is_event(event):
        yield "level", "event", event["match"] + (f", rest {event['rest']!r}" if event.get("rest") else "")
    reader = READERS.get(name)
    for field, want in row["expect"].items() if reader else ():
        try:
            got = reader(event, field, want)
        except (KeyError, IndexError):
            got = None
        if got != want:
            yield field, want, got


def explanations(path):
    """{(row, field): why} of the tables: | `row` | `field` | why |"""
    out = {}
    for line in open(path, encoding="utf-8") if path else ():
        m = re.match(r"\| `([^`]+)` \| `([^`]+)` \| (.+) \|$", line.rstrip("\n"))
        if m:
            out[m[1], m[2]] = m[3]
    return out


def check(command, path, tag, explained, used, verbose):
    name = path.split("/")[-1]
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    rows = [row for row in rows if (row.get("program") or ("" if "line" in row else tag)).startswith(tag)]
    level = fields = wrong = 0
    for row, event in zip(rows, events(command, rows)):
        found = list(differences(name, row, event))
        level += not any(f == "level" for f, _, _ in found)
        fields += not any(f != "level" for f, _, _ in found)
        for field, want, got in found:
            key = (row["src"].split("/")[-1], field)
            known = explained.get(key)
            used.add(key)
            wrong += not known
            if verbose or not known:
                print(f"{'explained' if known else 'DIFFERS'} {key[0]} {field}\n   {log_line(row)}\n   theirs {want!r}\n   ours   {got!r}")
    compared = f", {fields} agree in every field" if name in READERS else ""
    print(f"{name:42} {len(rows):4} rows, {level} events{compared}, {wrong} not explained")
    return wrong


def main(args):
    verbose = "-v" in args
    path = args[args.index("--explained") + 1] if "--explained" in args else None
    tag = args[args.index("--tag") + 1] if "--tag" in args else ""
    explained, used = explanations(path), set()
    files = [a for a in args[1:] if a.endswith(".ndjson")]
    wrong = sum(check(args[0], f, tag, explained, used, verbose) for f in files)
    for key in sorted(set(explained) - used):
        print("explained, but does not differ:", *key)
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
