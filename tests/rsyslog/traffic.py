#!/usr/bin/env python3
"""usage: traffic.py LINES HOSTS OUT TRUTH [once]: a made-up log of mail through a filter on several hosts, at 100 lines a second
of its own clock, that ends now: OUT as it goes to rsyslog, TRUTH one line a message: host, queue IDs, verdict. The last
host has half of all mail. Without `once`, a hundred lines come twice now and then, as they do when a connection breaks before they are
acknowledged."""
import datetime
import random
import sys


class Server:
    def __init__(self, name, rng):
        self.name, self.rng, self.serial, self.pid = name, rng, 0x10000, 1000

    def queue_id(self):
        self.serial += 1
        return f"{self.rng.randrange(1000000):05X}{self.serial:05X}"  # microseconds, inode

    def new_pid(self):
        self.pid = self.pid + 1 if self.pid < 32000 else 1000
        return self.pid

    def message(self):
        """the lines of a message, truth with them"""
        rng = self.rng
        a, b, n = self.queue_id(), self.queue_id(), rng.randrange(1 << 30)
        pids = [self.new_pid() for _ in range(6)]
        client = f"mail{n % 97}.example.net[192.0.2.{n % 250 + 1}]"
        sender, rcpt, mid = f"s{n % 1000}@example.net", f"r{n % 5000}@example.org", f"<{n}@example.net>"
        tail = f"from=<{sender}> to=<{rcpt}> proto=ESMTP helo=<mail{n % 97}.example.net>"
        yield f"postfix/smtpd[{pids[0]}]: connect from {client}"
        if n % 8 == 0:
            yield (f"postfix/smtpd[{pids[0]}]: NOQUEUE: reject: RCPT from {client}: 554 5.7.1 <{rcpt}>: Relay access denied; {tail}")
            yield f"postfix/smtpd[{pids[0]}]: disconnect from {client} ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"
            self.truth.append((self.name, "-", "rejected"))
            return
        last = "bounced" if n % 8 == 1 else "sent"
        yield f"postfix/smtpd[{pids[0]}]: {a}: client={client}"
        yield f"postfix/cleanup[{pids[1]}]: {a}: message-id={mid}"
        yield f"postfix/qmgr[99]: {a}: from=<{sender}>, size={n % 90000 + 900}, nrcpt=1 (queue active)"
        yield f"postfix/smtpd[{pids[0]}]: disconnect from {client} ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"
        yield f"postfix/smtpd[{pids[2]}]: connect from localhost[127.0.0.1]"
        yield f"postfix/smtpd[{pids[2]}]: {b}: client=localhost[127.0.0.1]"
        yield f"postfix/cleanup[{pids[1]}]: {b}: message-id={mid}"
        yield f"postfix/qmgr[99]: {b}: from=<{sender}>, size={n % 90000 + 1400}, nrcpt=1 (queue active)"
        yield f"postfix/smtpd[{pids[2]}]: disconnect from localhost[127.0.0.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"
        yield (f"amavis[{pids[3]}]: ({pids[3]}-{n % 20 + 1:02d}) Passed CLEAN {{RelayedInbound}}, [192.0.2.{n % 250 + 1}]:4711 "
               f"<{sender}> -> <{rcpt}>, Queue-ID: {a}, Message-ID: {mid}, mail_id: m{n:010x}, Hits: -0.1, size: {n % 90000 + 900}, "
               f"queued_as: {b}, 312 ms")
        yield (f"postfix/smtp[{pids[4]}]: {a}: to=<{rcpt}>, relay=127.0.0.1[127.0.0.1]:10024, delay=0.5, delays=0.1/0/0/0.4, "
               f"dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {b})")
        yield f"postfix/qmgr[99]: {a}: removed"
        if n % 8 == 2:
            yield (f"postfix/lmtp[{pids[5]}]: {b}: to=<{rcpt}>, relay=none, delay=0.1, delays=0/0/0.1/0, dsn=4.4.1, "
                   f"status=deferred (connect to mx{n % 3}.example.org[private/dovecot-lmtp]: Connection refused)")
        yield (f"postfix/lmtp[{pids[5]}]: {b}: to=<{rcpt}>, relay=mx.example.org[private/dovecot-lmtp], delay=0.1, delays=0/0/0/0.1, " +
               ("dsn=2.0.0, status=sent (250 2.0.0 Ok)" if last == "sent" else "dsn=5.1.1, status=bounced (550 5.1.1 no such user)"))
        yield f"postfix/qmgr[99]: {b}: removed"
        self.truth.append((self.name, f"{a},{b}", "delivered" if last == "sent" else "bounced"))


def main():
    lines, hosts, out, truth = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    once = sys.argv[5:] == ["once"]
    rng = random.Random(9)
    servers = [Server(f"mx{i}", rng) for i in range(hosts)]
    told = []
    for s in servers:
        s.truth = told
    live, written, again = [], 0, []
    base = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=lines / 100)
    with open(out, "w", encoding="ascii") as f:
        while written < lines or live:
            while written < lines and len(live) < 40:
                s = servers[-1] if rng.random() < 0.5 else rng.choice(servers)
                live.append((s, s.message()))
            i = rng.randrange(len(live))
            line = next(live[i][1], None)
            if line is None:
                live.pop(i)
                continue
            stamp = (base + datetime.timedelta(milliseconds=10 * written)).isoformat(timespec="microseconds")
            line = f"<22>{stamp} {live[i][0].name} {line}\n"
            f.write(line)
            written += 1
            again.append(line)
            if len(again) == 10000:
                f.writelines([] if once else again[-100:])
                again.clear()
    with open(truth, "w", encoding="ascii") as f:
        f.writelines(f"{h}\t{ids}\t{v}\n" for h, ids, v in told)
    print(written)


main()
