"""amavis with SpamAssassin and ClamAV, spamd, spampd, and the milters, which Python talks to in the milter protocol."""
import pathlib
import socket
import struct
import time

from lab import EICAR, GTUBE, Talk, message

AMAVIS = """
use strict;
$max_servers = 2;
$daemon_user = 'amavis';
$daemon_group = 'amavis';
$mydomain = 'lab.example';
$myhostname = 'mx.lab.example';
$MYHOME = '/var/lib/amavis';
$TEMPBASE = "$MYHOME/tmp";
$QUARANTINEDIR = "$MYHOME/virusmails";
$db_home = "$MYHOME/db";
$lock_file = "$MYHOME/amavisd.lock";
$pid_file = "$MYHOME/amavisd.pid";
$enable_db = 1;
$enable_zmq = 0;
$do_syslog = 1;
$syslog_facility = 'mail';
$log_level = LEVEL;
$inet_socket_bind = '127.0.0.1';
$inet_socket_port = [10024, 10026];
@mynetworks = ('127.0.0.0/8', '10.0.0.0/8');
@local_domains_maps = (['.lab.example']);
$sa_local_tests_only = 1;
$sa_tag_level_deflt = -999;
$sa_tag2_level_deflt = 4.0;
$sa_kill_level_deflt = 6;
$sa_dsn_cutoff_level = 100;
@spam_lovers_maps = (['lover@lab.example']);
@blacklist_sender_maps = (['black@example.net']);
@whitelist_sender_maps = (['white@example.net']);
$final_virus_destiny = D_DISCARD;
$final_banned_destiny = D_BOUNCE;
$final_spam_destiny = D_DISCARD;
$final_bad_header_destiny = D_PASS;
$virus_admin = 'virusalert@lab.example';
$spam_quarantine_method = 'local:spam-%m';
$notify_method = 'smtp:[203.0.113.30]:25';
$forward_method = 'smtp:[203.0.113.30]:25';
$recipient_delimiter = '+';
$smtpd_message_size_limit = 60000;
$enable_dkim_verification = 1;
$enable_dkim_signing = 1;
dkim_key('lab.example', 'sel', '/etc/lab.dkim');
@keep_decoded_original_maps = (new_RE(qr'^MAIL$', qr'^MAIL-UNDECIPHERABLE$'));
$banned_filename_re = new_RE(qr'\\.(exe|scr|pif)$'i, qr'^\\.exe$');
@av_scanners = (['ClamAV-clamd', \\&ask_daemon, ["CONTSCAN {}\\n", "/run/clamav/clamd.ctl"], qr/\\bOK$/m, qr/\\bFOUND$/m,
  qr/^.*?: (?!Infected Archive)(.*) FOUND$/m ]);
@av_scanners_backup = ();
$interface_policy{'10026'} = 'ORIGINATING';
$policy_bank{'ORIGINATING'} = { originating => 1, allow_disclaimers => 1, final_spam_destiny => D_REJECT, final_banned_destiny => D_REJECT,
  final_virus_destiny => D_REJECT, final_bad_header_destiny => D_BOUNCE };
$policy_bank{'MYNETS'} = { originating => 1 };
1;
"""
SPAM = message("cheap", body=GTUBE + "\n")
VIRUS = message("look", body=EICAR + "\n")
EXE = message("run it", Content_Type='multipart/mixed; boundary="b"', MIME_Version="1.0",
              body='--b\nContent-Type: application/octet-stream; name="x.exe"\nContent-Disposition: attachment; filename="x.exe"\n\nMZ...\n--b--\n')
TEXTS = {"clean": message("hello"), "spam": SPAM, "virus": VIRUS, "banned": EXE, "bad header": message("b\xe4d", X_Bad="\x01\x02 8bit \xff".replace("\x01", "")),
         "no id": message("no id", message_id=None), "spammy": message("V1AGRA for 100% FREE!!!", body="Dear friend, click here http://1.2.3.4/ money back guarantee $$$ viagra\n" * 9),
         "big": message("big", body="x" * 70000 + "\n"), "broken mime": message("m", MIME_Version="1.0", Content_Type='multipart/mixed; boundary="q"', body="--q\n--q\n")}


def prepare(lab):
    lab.world()
    lab.certificate()
    for name in ("/etc/lab.dkim", "/etc/lab.key"):
        lab.run("openssl", "genrsa", "-traditional", "-out", name, "1024")
    lab.run("chmod", "644", "/etc/lab.dkim")


def clamav(lab):
    db = lab.directory("/var/lib/clamav", ("clamav", "clamav"))
    for f in pathlib.Path(db).glob("*"):
        f.unlink()
    digest = __import__("hashlib").md5(EICAR.encode()).hexdigest()
    lab.write(db + "/lab.hdb", f"{digest}:68:Eicar-Test-Signature\n", owner=("clamav", "clamav"))
    lab.write(db + "/lab.ndb", "Lab.Eicar-Body:0:*:" + EICAR.encode().hex() + "\n", owner=("clamav", "clamav"))
    lab.directory("/run/clamav", ("clamav", "clamav"))
    lab.write("/etc/clamav/clamd.conf", "LocalSocket /run/clamav/clamd.ctl\nLocalSocketMode 666\nUser clamav\nLogSyslog true\nLogFacility LOG_MAIL\n"
              "LogFile /var/log/clamav/clamav.log\nLogTime true\nLogClean true\nExtendedDetectionInfo true\nDatabaseDirectory /var/lib/clamav\nForeground true\n"
              "MaxFileSize 1M\nSelfCheck 120\n")
    lab.run("chmod", "755", "/var/lib/amavis", check=False)
    lab.clamd = lab.start("/usr/sbin/clamd")
    lab.ready("/run/clamav/clamd.ctl", 60)
    for command in ("PING", "SCAN /etc/hosts", "SCAN /nonexistent", "RELOAD", "VERSION", "NONSENSE", "CONTSCAN /var/lib/clamav"):
        t = Talk("/run/clamav/clamd.ctl")
        t.say("z" + command + "\0", "\0", "\n")
        t.close()
    lab.write("/etc/clamav/clamav-milter.conf", "MilterSocket inet:7357@127.0.0.1\nUser clamav\nClamdSocket unix:/run/clamav/clamd.ctl\nLogSyslog yes\nLogFacility LOG_MAIL\n"
              "LogInfected Full\nLogClean Full\nAddHeader Replace\nOnInfected Reject\nRejectMsg rejected %v\nForeground yes\nLogFile /var/log/clamav/milter.log\nLogTime yes\nWhitelist /etc/clamav/white\n")
    lab.write("/etc/clamav/white", "From:^<white@example.net>\n")
    lab.start("/usr/sbin/clamav-milter")
    lab.ready(("127.0.0.1", 7357))
    for text in (TEXTS["clean"], VIRUS, TEXTS["no id"]):
        milter(("127.0.0.1", 7357), text, queue_id="4h2pDm4xWkz9Tvs")
    milter(("127.0.0.1", 7357), VIRUS, sender="white@example.net")
    lab.run("freshclam", "--datadir=/var/lib/clamav", "--foreground")


NO_CONNECT, NO_HELO, NO_MAIL, NO_RCPT, NO_BODY, NO_HEADERS, NO_EOH, NO_REPLY_HEADER, NO_UNKNOWN, NO_DATA = (1 << n for n in range(10))


class Milter:
    """The MTA's end of a milter connection, as Postfix has it: steps that the milter declines are left out."""

    def __init__(self, where):
        self.sock = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
        self.sock.settimeout(20)
        self.sock.connect(where)
        self.packet(b"O", struct.pack(">III", 6, 0x1FF, 0x3FF))
        answer = self.read()
        self.flags = struct.unpack(">III", answer[1:13])[2] if answer[:1] == b"O" else 0

    def packet(self, letter, data=b""):
        self.sock.sendall(struct.pack(">I", len(data) + 1) + letter + data)

    def read(self):
        head = self.sock.recv(4, socket.MSG_WAITALL)
        return self.sock.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL) if len(head) == 4 else b""

    def macros(self, letter, **pairs):
        self.packet(b"D", letter + b"".join(x.encode() + b"\0" for k, v in pairs.items() for x in ("{" + k + "}" if len(k) > 1 else k, v)))

    def step(self, declined, letter, data=b"", silent=0):
        """True: go on."""
        if self.flags & declined:
            return True
        self.packet(letter, data)
        return bool(self.flags & silent) or self.read()[:1] == b"c"


def milter(where, text, queue_id="4h2pDm4xWkz9Tvs", sender="ann@example.net", rcpts=("bob@lab.example",), client=("mail.example.net", "192.0.2.10"),
           macros=None, abort=False, helo="mail.example.net"):
    """One message through a milter."""
    m = Milter(where)
    try:
        m.macros(b"C", j="mx.lab.example", daemon_name="mx.lab.example", v="Postfix 3.7.11", _=f"{client[0]} [{client[1]}]")
        head, _, body = text.partition("\n\n")
        address = client[0].encode() + b"\0" + b"4" + struct.pack(">H", 4711) + client[1].encode() + b"\0"
        ok = m.step(NO_CONNECT, b"C", address) and m.step(NO_HELO, b"H", helo.encode() + b"\0")
        if ok:
            m.macros(b"M", i=queue_id, mail_addr=sender, **(macros or {}))
            ok = m.step(NO_MAIL, b"M", f"<{sender}>".encode() + b"\0")
        taken = False
        for r in rcpts if ok else ():
            m.macros(b"R", i=queue_id, rcpt_addr=r, rcpt_mailer="local")
            taken |= m.step(NO_RCPT, b"R", f"<{r}>".encode() + b"\0")
        ok = taken and m.step(NO_DATA, b"T")
        for line in head.split("\n") if ok else ():
            name, _, value = line.partition(": ")
            ok = ok and m.step(NO_HEADERS, b"L", b"\0".join(x.encode("utf-8", "surrogateescape") for x in (name, value, "")), NO_REPLY_HEADER)
        if ok and abort:
            m.packet(b"A")
        elif ok and m.step(NO_EOH, b"N") and m.step(NO_BODY, b"B", body.replace("\n", "\r\n").encode("utf-8", "surrogateescape")):
            m.macros(b"E", i=queue_id)
            m.packet(b"E")
            while m.read()[:1] not in (b"a", b"r", b"t", b"d", b"c", b"y", b"4", b""):
                pass
        m.packet(b"Q")
    except OSError as e:
        print(f"milter {where}: {e}")
    m.sock.close()


def amavis(lab):
    home = lab.directory("/var/lib/amavis", ("amavis", "amavis"))
    for d in ("tmp", "virusmails", "db"):
        lab.directory(f"{home}/{d}", ("amavis", "amavis"))
    lab.run("usermod", "-a", "-G", "amavis", "clamav")
    for level in (1, 2):
        lab.write("/etc/amavis.conf", AMAVIS.replace("LEVEL", str(level)))
        p = lab.start("/usr/sbin/amavisd", "-c", "/etc/amavis.conf", "foreground")
        lab.ready(("127.0.0.1", 10024), 60)
        for port in (10024, 10026):
            for name, text in TEXTS.items():
                t = Talk(("127.0.0.1", port))
                t.smtp()
                t.smtp("EHLO mail.example.net")
                t.smtp("XFORWARD NAME=mail.example.net ADDR=192.0.2.10 PORT=4711 HELO=mail.example.net PROTO=ESMTP SOURCE=REMOTE IDENT=4h2pDm4xWkz9Tvs")
                t.mail("ann@example.net", ["bob@lab.example", "lover@lab.example"] if name == "spam" else ["bob@lab.example"], text)
                t.smtp("QUIT")
        for sender, rcpts, text in (("", ["bob@lab.example"], TEXTS["clean"]), ("black@example.net", ["bob@lab.example"], TEXTS["clean"]),
                                    ("white@example.net", ["bob@lab.example"], SPAM), ("ann@example.net", ["nouser@remote.example"], TEXTS["clean"]),
                                    ("ann@example.net", ["never@remote.example"], TEXTS["clean"]), ("ann@example.net", ["datafail@remote.example", "x@lab.example"], TEXTS["clean"]),
                                    ("ann@example.net", ["gone@remote.example"], TEXTS["clean"]), ("ann@example.net", ["a@lab.example", "b@remote.example", "nouser@lab.example"], TEXTS["clean"]),
                                    ('"odd, name> (x)"@example.net', ['"q<r"@lab.example'], TEXTS["clean"]), ("me@lab.example", ["out@remote.example"], message("signed", sender="me@lab.example")),
                                    ("ann@example.net", ["bob+folder@lab.example"], SPAM)):
            t = Talk(("127.0.0.1", 10024))
            t.smtp()
            t.mail(sender, rcpts, text, hello="EHLO localhost")
            t.close()
        t = Talk(("127.0.0.1", 10024))
        t.smtp()
        for line in ("NONSENSE", "MAIL FROM:<a@b", "HELO x", "MAIL FROM:<a@b>", "DATA", "VRFY x", "RSET", "MAIL FROM:<a@b>", "RCPT TO:<x@lab.example>"):
            t.smtp(line)
        t.close()
        t = Talk(("127.0.0.1", 10024), source="192.0.2.77")
        t.smtp()
        t.close()
        lab.run("/usr/sbin/amavisd", "-c", "/etc/amavis.conf", "reload") if level == 1 else None
        if level == 1 and lab.clamd.poll() is None:
            time.sleep(2)
            lab.end(lab.clamd)
            t = Talk(("127.0.0.1", 10024))
            t.smtp()
            t.mail("ann@example.net", ["bob@lab.example"], TEXTS["clean"], hello="EHLO localhost")
            t.close()
        lab.end(p)


def spamd(lab):
    lab.user("spamuser")
    lab.start("/usr/sbin/spamd", "-s", "mail", "-i", "127.0.0.1", "-p", "10783", "-L", "-c", "-m", "2", "--max-conn-per-child=3", "-A", "127.0.0.1")
    lab.ready(("127.0.0.1", 10783), 60)
    for text in TEXTS.values():
        lab.run("spamc", "-d", "127.0.0.1", "-p", "10783", "-u", "spamuser", input=text.encode("utf-8", "surrogateescape"))
    for args in (["-u", "nobodysuch"], ["-L", "spam", "-u", "spamuser"], ["-C", "report", "-u", "spamuser"], ["-K"], ["-c"], ["-R"], ["-y"], ["-s", "100"]):
        lab.run("spamc", "-d", "127.0.0.1", "-p", "10783", *args, input=SPAM.encode())
    lab.run("spamc", "-d", "127.0.0.1", "-p", "1", "--connect-retries=1", input=SPAM.encode())
    for lines in (["NONSENSE"], ["CHECK SPAMC/1.5", "Content-length: 99", "", "x"], ["PING SPAMC/1.5", ""], ["PROCESS SPAMC/1.2", "User: root", "Content-length: 5", "", "abc"],
                  ["HEADERS SPAMC/9.9", ""], ["CHECK SPAMC/1.5", "Badheader", "", ""], ["TELL SPAMC/1.5", "Message-class: foo", ""]):
        t = Talk(("127.0.0.1", 10783))
        for line in lines:
            t.say(line)
        t.sock.shutdown(socket.SHUT_WR)
        t.until("\x00never")
        t.close()
    t = Talk(("127.0.0.1", 10783), source="192.0.2.9")
    t.until("x\x00")
    lab.run("pkill", "-HUP", "-o", "-x", "spamd")
    time.sleep(4)
    lab.run("spamc", "-d", "127.0.0.1", "-p", "10783", input=TEXTS["clean"].encode())
    lab.end(lab.children[-1])
    lab.start("/usr/sbin/spamd", "-s", "/var/log/spamd.file", "-i", "127.0.0.1", "-p", "10783", "-L", "-x")
    lab.ready(("127.0.0.1", 10783), 60)
    lab.run("spamc", "-d", "127.0.0.1", "-p", "10783", input=SPAM.encode())
    lab.end(lab.children[-1])
    lab.file("/var/log/spamd.file", "spamd")


def spampd(lab):
    lab.directory("/var/cache/spampd", ("spampd", "spampd"))
    lab.start("/usr/sbin/spampd", "--nodetach", "--host=127.0.0.1:10025", "--relayhost=203.0.113.30:25", "--user=spampd", "--group=spampd", "--pid=/run/spampd.pid", "--children=2",
              "--tagall", "--log-rules-hit", "--local-only")
    lab.ready(("127.0.0.1", 10025), 40)
    for text in TEXTS.values():
        t = Talk(("127.0.0.1", 10025))
        t.smtp()
        t.mail("ann@example.net", ["bob@lab.example"], text, hello="EHLO localhost")
        t.smtp("QUIT")


def milters(lab):
    keys = "/etc/lab.dkim"
    lab.run("chown", "opendkim", keys)
    lab.run("chmod", "600", keys)
    lab.write("/etc/opendkim.conf", f"Syslog yes\nSyslogFacility mail\nSyslogSuccess yes\nLogWhy yes\nLogResults yes\nSocket inet:10891@127.0.0.1\nDomain lab.example\nSelector sel\nKeyFile {keys}\n"
              "UserID opendkim\nMode sv\nInternalHosts 127.0.0.1\nRequireSafeKeys no\nOn-BadSignature accept\nAlwaysAddARHeader yes\nStatistics /tmp/stats\nQueryCache yes\nNameservers 127.0.0.1\n")
    lab.start("/usr/sbin/opendkim", "-f", "-x", "/etc/opendkim.conf")
    lab.write("/etc/opendmarc.conf", "Syslog yes\nSyslogFacility mail\nSocket inet:10893@127.0.0.1\nUserID opendmarc\nRejectFailures true\nSPFSelfValidate true\nAuthservID mx.lab.example\nRequiredHeaders true\n"
              "FailureReports false\nIgnoreAuthenticatedClients true\nHistoryFile /tmp/dmarc.dat\nIgnoreMailFrom ignored.example\n")
    lab.start("/usr/sbin/opendmarc", "-f", "-c", "/etc/opendmarc.conf")
    lab.start("/usr/sbin/spamd", "-s", "mail", "-i", "127.0.0.1", "-p", "783", "-L", "-c", "-m", "1")
    lab.ready(("127.0.0.1", 783), 60)
    lab.user("spamass-milter")
    lab.start("/usr/sbin/spamass-milter", "-p", "inet:10892@127.0.0.1", "-r", "15", "-d", "misc,func,spamc", "-i", "10.0.0.1")
    for port in (10891, 10893, 10892):
        lab.ready(("127.0.0.1", port))
    bad = "v=1; a=rsa-sha256; c=relaxed/simple; d=example.net; s=sel; h=from:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=" + "QUJD" * 43
    for port in (10891, 10893, 10892):
        where = ("127.0.0.1", port)
        for text in TEXTS.values():
            milter(where, text)
        milter(where, message("mine", sender="me@lab.example"), client=("localhost", "127.0.0.1"), sender="me@lab.example")
        milter(where, message("mine", sender="me@lab.example"), client=("localhost", "127.0.0.1"), sender="me@lab.example", macros={"auth_type": "PLAIN"})
        milter(where, message("mine", sender="me@elsewhere.example"), client=("localhost", "127.0.0.1"))
        milter(where, message("mine", sender="me@lab.example"))
        milter(where, message("signed", DKIM_Signature=bad))
        milter(where, message("signed", DKIM_Signature="v=1; nonsense"))
        milter(where, message("two", From_="x").replace("From: ", "From: <a@b.example>, ", 1))
        milter(where, "Subject: x\n\nno headers\n")
        milter(where, message("x", sender="x@ignored.example"), sender="x@ignored.example")
        milter(where, message("abort"), abort=True)
        milter(where, message("ar", Authentication_Results="mx.lab.example; dkim=fail header.d=example.net; spf=pass smtp.mailfrom=example.net"))
        milter(where, message("q"), queue_id="")
    lab.run("pkill", "-USR1", "-x", "opendkim")
    lab.run("pkill", "-USR1", "-x", "opendmarc")
    time.sleep(1)


def mimedefang(lab):
    spool = lab.directory("/var/spool/MIMEDefang", ("defang", "defang"))
    lab.write("/etc/mail/mimedefang-filter", """
sub filter_relay { my ($ip, $name) = @_; return (0, "no") if $ip eq '192.0.2.66'; return (1, "ok"); }
sub filter_begin { my ($entity) = @_; if ($SuspiciousCharsInHeaders) { md_graphdefang_log('suspicious_chars'); } md_syslog('info', "begin here"); }
sub filter { my ($entity, $fname, $ext, $type) = @_; if ($ext eq '.exe') { md_graphdefang_log('bad_filename', $fname, $type); return action_bounce("no exe"); }
  return action_accept(); }
sub filter_end { my ($entity) = @_; if ($Subject =~ /cheap/) { md_graphdefang_log('spam', 99, $RelayAddr); return action_discard(); }
  md_graphdefang_log('mail_in'); if ($Subject eq 'hello') { action_add_header('X-Seen', 'yes'); action_quarantine_entire_message(); } }
1;
""")
    mux = spool + "/mux.sock"
    lab.start("/usr/bin/mimedefang-multiplexor", "-D", "-p", "/run/mdmux.pid", "-s", mux, "-f", "/etc/mail/mimedefang-filter", "-U", "defang", "-m", "1", "-x", "2", "-l", "-S", "mail", "-T", "-t", "/tmp/md.stats")
    time.sleep(2)
    lab.start("/usr/bin/mimedefang", "-D", "-P", "/run/md.pid", "-m", mux, "-p", "inet:10894@127.0.0.1", "-U", "defang", "-r", "-H", "-s", "-t", "-S", "mail", "-q")
    lab.ready(("127.0.0.1", 10894), 20)
    for text in TEXTS.values():
        milter(("127.0.0.1", 10894), text)
    milter(("127.0.0.1", 10894), TEXTS["clean"], client=("bad.example", "192.0.2.66"))
    lab.run("md-mx-ctrl", "-s", mux, "status")
    lab.run("md-mx-ctrl", "-s", mux, "reread")
    time.sleep(1)


PARTS = [prepare, clamav, amavis, spamd, spampd, milters, mimedefang]
