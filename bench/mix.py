#!/usr/bin/env python3
"""mix.py MIX LINES [SEED]: a made-up mail log on standard output, the same for the same arguments.

MIX says what kind of site it is: small (one server for all), inbound (an ISP's MX with postscreen), outbound (a relay) or
imap (Dovecot, mostly). Names and addresses are those reserved for documentation."""
import random, sys

MIXES = {  # weights of the kinds below
    "small": dict(connect=12, disconnect=12, client=9, msgid=10, active=10, sent=10, removed=9, reject=3, tls=4, grey=4,
                  amavis=4, stored=4, login=2, imap=2, lost=1, odd=3),
    "inbound": dict(connect=16, disconnect=16, client=6, msgid=6, active=6, sent=6, removed=6, reject=10, tls=6,
                    screen=16, grey=3, lost=3, odd=2),
    "outbound": dict(connect=6, disconnect=6, client=8, msgid=8, active=9, sent=45, removed=8, tls=8, odd=2),
    "imap": dict(login=35, imap=40, stored=15, sent=3, msgid=2, active=2, removed=2, odd=1),
}


class Site:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.second = 0

    def ip(self):
        return f"{self.r.choice(['192.0.2', '198.51.100', '203.0.113'])}.{self.r.randrange(1, 255)}"

    def word(self, n=8):
        return "".join(self.r.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(self.r.randrange(3, n)))

    def name(self):
        return "unknown" if self.r.random() < 0.3 else f"{self.word()}.{self.word()}.example.net"

    def address(self):
        return f"{self.word()}.{self.word()}@{self.word(12)}.example.org"

    def queue_id(self):
        return f"{self.r.randrange(1000000):05X}{self.r.randrange(1 << 16, 1 << 20):05X}"

    def message_id(self):
        return f"<{self.r.randrange(1 << 60):x}.{self.word()}@{self.word()}.example.com>"

    def line(self, kind):
        r, n = self.r, self.r.randrange
        self.second += n(4) == 0
        stamp = f"Jul 19 {self.second // 3600 % 24:02}:{self.second // 60 % 60:02}:{self.second % 60:02} mail "
        client, qid, pid = f"{self.name()}[{self.ip()}]", self.queue_id(), n(1000, 60000)
        smtpd, cipher = f"postfix/smtpd[{pid}]: ", "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
        who = f"{self.word()}@example.org"
        session = f"<{pid}><{n(1 << 60):x}>"
        return stamp + {
            "connect": lambda: f"{smtpd}connect from {client}",
            "disconnect": lambda: f"{smtpd}disconnect from {client} ehlo=1 mail={n(3)} rcpt={n(3)}/{n(1, 4)} data=1 quit=1 "
                                  f"commands={n(3, 9)}",
            "client": lambda: f"{smtpd}{qid}: client={client}"
                              + (f", sasl_method=PLAIN, sasl_username={who}" if n(3) == 0 else ""),
            "msgid": lambda: f"postfix/cleanup[{pid}]: {qid}: message-id={self.message_id()}",
            "active": lambda: f"postfix/qmgr[{pid}]: {qid}: from=<{self.address()}>, size={n(900, 900000)}, nrcpt=1 "
                              f"(queue active)",
            "sent": lambda: f"postfix/smtp[{pid}]: {qid}: to=<{self.address()}>, relay={self.word()}.example.com"
                            f"[{self.ip()}]:25, delay=1.{n(9)}, delays=0.{n(9)}/0.0{n(9)}/0.{n(9)}/0.{n(99)}, dsn=2.0.0, "
                            f"status=sent (250 2.0.0 Ok: queued as {self.queue_id()})",
            "removed": lambda: f"postfix/qmgr[{pid}]: {qid}: removed",
            "reject": lambda: f"{smtpd}NOQUEUE: reject: RCPT from {client}: 450 4.7.1 Client host rejected: cannot find your "
                              f"hostname, [{self.ip()}]; from=<{self.address()}> to=<{who}> proto=ESMTP helo=<{self.word()}>",
            "tls": lambda: f"{smtpd}Anonymous TLS connection established from {client}: {cipher}",
            "lost": lambda: f"{smtpd}lost connection after {r.choice(['AUTH', 'EHLO', 'UNKNOWN'])} from {client}",
            "screen": lambda: f"postfix/postscreen[{pid}]: " + r.choice(
                [f"CONNECT from [{self.ip()}]:{pid} to [192.0.2.1]:25", f"PASS OLD [{self.ip()}]:{pid}",
                 f"DNSBL rank {n(1, 9)} for [{self.ip()}]:{pid}", f"DISCONNECT [{self.ip()}]:{pid}"]),
            "grey": lambda: f"postgrey[{pid}]: action=pass, reason=client AWL, client_name={self.name()}, client_address="
                            f"{self.ip()}, sender={self.address()}, recipient={who}",
            "amavis": lambda: f"amavis[{pid}]: ({pid:05}-{n(1, 20):02}) Passed CLEAN {{RelayedInbound}}, [{self.ip()}]:{pid} "
                              f"<{self.address()}> -> <{who}>, Queue-ID: {qid}, Message-ID: {self.message_id()}, mail_id: "
                              f"{self.word()}-X1, Hits: -{n(3)}.{n(99)}, size: {n(900, 90000)}, queued_as: "
                              f"{self.queue_id()}, {n(90, 9000)} ms",
            "stored": lambda: f"dovecot: lmtp({who}){session}: sieve: msgid={self.message_id()}: stored mail into mailbox "
                              f"'INBOX'",
            "login": lambda: f"dovecot: imap-login: Login: user=<{who}>, method=PLAIN, rip={self.ip()}, lip=192.0.2.1, mpid="
                             f"{pid}, TLS, session=<{n(1 << 60):x}>",
            "imap": lambda: f"dovecot: imap({who}){session}: Disconnected: Logged out in={n(9999)} out={n(99999)} deleted=0 "
                            f"expunged=0 trashed=0 hdr_count={n(9)} hdr_bytes={n(9999)} body_count=0 body_bytes=0",
            "odd": lambda: r.choice([f"kernel: [{pid}.{pid}] TCP: out of memory",
                                     f"postfix/anvil[{pid}]: statistics: max cache size {n(99)} at Jul 19 07:59:06",
                                     f"dovecot: auth: Debug: cache miss for user {self.word()}"]),
        }[kind]()


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in MIXES:
        sys.exit(__doc__)
    mix, site = MIXES[sys.argv[1]], Site(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    for kind in site.r.choices(list(mix), list(mix.values()), k=int(sys.argv[2])):
        print(site.line(kind))


if __name__ == "__main__":
    main()
