"""What a stranger sends: the marks by which log grammars find their way, out of place."""
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
]
