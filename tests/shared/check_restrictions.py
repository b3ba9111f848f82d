#!/usr/bin/env python3
"""Read every rejection text of a list through the library's reader, and compare what it makes of it.

usage: check_restrictions.py TEST_REJECT RESTRICTIONS.tsv [-v]

TEST_REJECT is the test program `test_reject`, which writes what it reads with MAILLOG_UPDATE. The list has a row for each text
of Postfix's: a pattern, the restrictions that write it, the parameter of the code, the default code. Not
asked are words of the line (hold:, milter-reject:) and of others. Checked: one of the
restrictions is named (of texts that a table, a policy server or a milter words: that they are customised), the parameter and
the default are the list's.
"""
import os
import re
import subprocess
import sys
import tempfile

SAMPLES = {"addr": "192.0.2.7", "name": "x.example.com", "domain": "example.com", "why": "no such name", "host": "mx.example.com",
           "sasl_username": "joe", "what": "192.0.2.7", "rbl_domain": "bl.example.com", "rbl_reason": "listed", "text": "own words",
           "class": "Client host", "dnsbl": "bl.example.com", "code": "550", "dsn": "5.7.1", "count": "11", "client": "x[192.0.2.7]",
           "service": "smtp", "reply": "554 no"}
OBJECTS = {"Helo command": "helo.example.com", "Client host": "x[192.0.2.7]", "Sender address": "a@example.com",
           "Recipient address": "b@example.org", "Data command": "DATA", "End-of-data": "END-OF-MESSAGE", "Etrn command": "example.org",
           "Unverified Client host": "x[192.0.2.7]", "Client certificate": "AA:BB", "SASL login name": "joe"}


def instances(pattern):
    """Texts that the pattern matches: one for each alternative."""
    found = re.search(r"\(\?:((?:[^()]|\((?:\?P<\w+>)?[^()]*\))*)\)(\??)", pattern)
    if not found:
        yield pattern
        return
    for choice in found[1].split("|"):
        yield from instances(pattern[:found.start()] + choice + pattern[found.end():])


def text_of(pattern):
    alternatives = re.compile(r"\(\?P<(\w+)>((?:[^()|]|\\.)*\|(?:[^()])*)\)")
    pattern = alternatives.sub(lambda m: m[2].split("|")[0], pattern)
    pattern = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", lambda m: SAMPLES.get(m[1], "x"), pattern)
    text = re.sub(r"\\(.)", r"\1", pattern.strip("^$"))
    for words, subject in OBJECTS.items():
        if f">: {words} rejected" in text:
            text = re.sub(r"^<[^>]*>", f"<{subject}>", text)
    return text


def cases(path):
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            row = (line.rstrip("\n").split("\t") + [""] * 10)[:10]
            if number == 1 or row[0] in ("action", "cleanup-status", "milter", "proxy") or "NOQUEUE" in row[1]:
                continue  # words of the line, or of others, and no text
            if "?P<" not in row[1] and "^" not in row[1]:
                continue
            for pattern in instances(row[1]):
                text = text_of(pattern)
                if "dnswl" not in row[2] or "Client host rejected" in text and "Unverified" not in text:  # of a client alone
                    yield number, row, text


def read_all(program, rows):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "reject.txt")
        with open(path, "w", encoding="utf-8") as f:
            f.write("# rows\n")
            for _, row, text in rows:
                code = (re.findall(r"\d{3}", row[4]) or ["550"])[0]
                dsn = (re.findall(r"[45]\.\d+\.\d+", row[5]) or [code[0] + ".7.1"])[0]
                said = re.match(r"(\d{3}) ([45]\.\d+\.\d+) (.*)", text)  # the text with its code
                if said:
                    code, dsn, text = said.groups()
                action = {"anvil": "-", "postscreen": "postfix/postscreen:reject"}.get(row[0], "reject")
                text = text.removeprefix("warning: ")
                f.write(f"< {action} {code} {code[0] + dsn[1:]} {text}\n")
        subprocess.run([program, path], env=dict(os.environ, MAILLOG_UPDATE="1"), check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        with open(path, encoding="utf-8") as f:
            return [line[2:].strip() for line in f if line.startswith("> ")]


def differs(row, text, said):
    """None, or what is wrong with what was said of a row."""
    names, *_ = said.split(";")
    wanted = set(re.findall(r"(?:reject|check|permit|defer|smtpd|message|queue|postscreen|local_header)_\w+|\bdefer\b|\breject\b", row[2]))
    custom = "custom" in said
    if "own words" in text:
        return None if custom else "not said to be customised"
    if row[0] == "rbl" and "template" in row[2]:
        wanted = {"default_rbl_reply"}  # what is to be mended
    if text.endswith("4.3.5 Server configuration error"):
        return None if "; fault;" in said else "not said to be a fault"  # any mistake in a list gives it: the warning beside it names it
    if wanted and not wanted & set(names.split()):
        return f"names {names!r}, wanted one of {sorted(wanted)}"
    setting = re.match(r"\w+_code$", row[3].split(" ")[0])
    if setting and f"code={setting[0]}" not in said:
        return f"parameter of the code: wanted {setting[0]}"
    code = re.match(r"\d{3}$", row[4].split(" ")[0])
    if code and "default=" in said and f"default={code[0]}" not in said:
        return f"default: wanted {code[0]}"
    return None


def main():
    args = [a for a in sys.argv[1:] if a != "-v"]
    if len(args) != 2:
        print(__doc__)
        return 2
    if not os.path.exists(args[1]):
        print(f"skipped: there is no {args[1]}")
        return 0
    rows = list(cases(args[1]))
    said = read_all(args[0], rows)
    if len(said) != len(rows):
        print(f"{len(rows)} texts, {len(said)} answers")
        return 1
    wrong = 0
    for (number, row, text), answer in zip(rows, said):
        why = differs(row, text, answer)
        wrong += why is not None
        if why or "-v" in sys.argv:
            print(f"{'wrong' if why else 'right'} row {number}: {text}\n    {answer}" + (f"\n    {why}" if why else ""))
    print(f"{len({n for n, _, _ in rows})} rows, {len(rows)} texts, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
