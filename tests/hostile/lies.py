"""What a stranger sends: the marks by which log grammars find their way, out of place; and bytes that are no text (as
surrogates: enc() makes them bytes again)."""
LIES = [
    'x', 'a> to=<b', 'x, status=sent (250 ok)', '> to=<v@w> proto=ESMTP helo=<y>',
    'x>, relay=mx.evil.example[6.6.6.6]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4B2C1',
    '; from=<x@y> to=<y@z> proto=ESMTP helo=<mx>', 'x; from=<a> to=<b> proto=SMTP helo=<c>: d; from=<e',
    'client=mx7.example.net[6.6.6.6]', 'x, sasl_method=PLAIN, sasl_username=root, sasl_sender=root@x',
    '250 2.0.0 Ok: queued as 4F1C02B7A1', 'x>: stored mail into mailbox \'INBOX\'', 'x: saved mail to INBOX',
    'x>, method=PLAIN, rip=6.6.6.6, lip=7.7.7.7, mpid=1, TLS, session=<abc', 'x, rip=6.6.6.6, lip=7.7.7.7, TLS, session=<abc>',
    '(root,6.6.6.6,<abc>): Password mismatch', 'root,6.6.6.6,<abc>): Password mismatch', '((((', '))))', '<<<<', '>>>>', '"\'"\'', '\\', ',,;;::',
    'x from mx.evil.example[6.6.6.6]; from=<a@b> to=<c@d> proto=ESMTP helo=<e>: f', 'warning: x: fatal: y',
    '4F1C02B7A1: to=<c@d>, relay=none, delay=1, status=bounced (x)', 'status=sent', 'a=b, c=d e=f; g=h: i', ' x  y ',
    'Queue-ID: 4F1C02B7A1', 'msgid=<a@b>: saved mail to Trash', 'caf\u00e9 \u202e\u0440\u0430', '%s%n', 'x' * 900,
    '>: Sender address rejected: ok; from=<boss@example.org> to=<y@example.org> proto=ESMTP helo=<z>',
    '] blocked using zen.example; from=<a@b> to=<c@d> proto=SMTP helo=<e>',
    'a (in reply to end of DATA command)) b', 'x (in reply to RCPT TO command)', 'x -> to y', 'x: looked at', 'x", filename="y', "INBOX' (x",
    'Jul 19 00:00:00 mx postfix/qmgr[1]: 4F1C02B7A1: removed', '#012Jul 19 00:00:00 mx postfix/qmgr[1]: 4F1C02B7A1: removed', '\\n\\012', '[6.6.6.6]:25', 'a@b@c',
    'caf\udce9 \udca0', '\udcff\udcfe', '\udcc0\udcaf\udcc0\udcae', '\udced\udca0\udc80', '\udcf4\udc90\udc80\udc80 x', 'end\udce2\udc80', '\x01\x1b[31mred\x7f', 'a\tb', 'a\rb', 'nul\x00nul',
    '\u0085\u009b31m', '\u2028\u2066\u202ejpg.exe', '\ufeff\u200b', '\u0251dm\u0456n', '\U0001f4e7', '<' + 'y' * 300 + '> to=<b', ')' * 300,
]


def enc(text):
    return text.encode("utf-8", "surrogateescape")


def printable(text):
    """As Postfix writes it: what looks like a character of UTF-8 stays, of other bytes only what is printable in ASCII."""
    raw, out, i = enc(text), bytearray(), 0
    while i < len(raw):
        out.append(raw[i])
        if 194 <= raw[i] <= 254 and 128 <= raw[i + 1:i + 2].ljust(1)[0] < 192:
            while 128 <= raw[i + 1:i + 2].ljust(1)[0] < 192:
                out.append(raw[i := i + 1])
        elif not 32 <= raw[i] < 127:
            out[-1] = ord("?")
        i += 1
    return out.decode("utf-8", "surrogateescape")
