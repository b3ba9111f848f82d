"""Policy servers: postgrey, postfwd, policyd-weight, SPF in Python and Perl, sqlgrey; postsrsd and saslauthd."""
import os
import subprocess
import time

from lab import Talk, net


def request(**attributes):
    """One question as smtpd asks it; the answer's action."""
    text = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP", "helo_name": "mail.example.net", "queue_id": "", "sender": "ann@example.net",
            "recipient": "bob@lab.example", "client_address": "192.0.2.10", "client_name": "mail.example.net", "reverse_client_name": "mail.example.net", "instance": "7b.1", "size": "1234", **attributes}
    return "".join(f"{k}={v}\n" for k, v in text.items()) + "\n"


def ask(where, *texts):
    t = Talk(where, timeout=30)
    out = []
    for text in texts:
        t.sock.sendall(text.encode("utf-8", "surrogateescape"))
        out.append(t.until("\n\n"))
    t.close()
    return out


QUESTIONS = [{}, {"sender": ""}, {"client_address": "192.0.2.99", "client_name": "unknown", "reverse_client_name": "unknown"}, {"sender": "odd, recipient=x@y"}, {"client_address": "2001:db8::1"},
             {"recipient": "postmaster@lab.example"}, {"queue_id": "4h2pDm4xWkz9Tvs", "instance": "8"}, {"sender": "x@softfail.example"}, {"sender": "x@fail.example"}, {"sender": "x@permerror.example"}, {"sender": "x@temperror.servfail.example"},
             {"sender": "x@neutral.example"}, {"sender": "x@none.example"}, {"sender": "x@pass.example"}, {"sender": "", "helo_name": "fail.example"}, {"helo_name": "bad helo, x", "sender": "u\u00fc@example.net"}, {"client_address": "127.0.0.1"}, {"client_address": "10.0.0.9"},
             {"request": "junk"}, {"client_address": "not-an-ip"}, {"client_name": "mail.example.net", "sender": '"a b"@example.net'}, {"instance": ""}]

SENSIBLE = [q for q in QUESTIONS if q.get("client_address") != "not-an-ip"]  # of which postgrey and policyd-spf die


def prepare(lab):
    records = [(d + ".example", net.TXT, "v=spf1 " + s) for d, s in (("softfail", "~all"), ("fail", "-all"), ("permerror", "nonsense:x"), ("neutral", "?all"), ("pass", "+all"))]
    lab.world(records + [("99.2.0.192.bl.lab.example", net.A, "127.0.0.2"), ("99.2.0.192.bl.lab.example", net.TXT, "Listed; see http://bl")])


def postgrey(lab):
    lab.directory("/var/lib/postgrey", ("postgrey", "postgrey"))
    lab.write("/etc/postgrey/white", "/^good\\./\n10.0.0.0/8\nbad line here\n")
    for extra in ([], ["--verbose", "--privacy", "--x-greylist-header=X-G: %t"], ["--lookup-by-host", "--delay=1", "--max-age=1"]):
        p = lab.start("/usr/sbin/postgrey", "--inet=127.0.0.1:10023", "--delay=2", "--user=postgrey", "--group=postgrey", "--dbdir=/var/lib/postgrey", "--whitelist-clients=/etc/postgrey/white",
                      "--auto-whitelist-clients=1", "--pidfile=/run/pg.pid", *extra)
        lab.ready(("127.0.0.1", 10023), 20)
        for _ in range(3):
            for q in SENSIBLE:
                ask(("127.0.0.1", 10023), request(**q))
            time.sleep(1.2)
        ask(("127.0.0.1", 10023), "garbage\n\n", "a=b\n\n")
        lab.run("pkill", "-HUP", "-f", "postgrey")
        time.sleep(0.5)
        lab.end(p)
        lab.run("pkill", "-f", "postgrey")


def spf(lab):
    for skip in ("", "skip_addresses = 127.0.0.0/8,10.0.0.0/8\n"):
        for header, debug, reject in (("SPF", 5, "Fail"), ("AR", 1, "SPF_Not_Pass"), ("SPF", 2, "False"), ("None", 3, "Softfail")):
            conf = lab.write("/etc/spf.conf", f"debugLevel = {debug}\nTestOnly = 1\nHELO_reject = {reject}\nMail_From_reject = {reject}\nPermError_reject = {'True' if debug > 1 else 'False'}\nTempError_Defer = {'True' if debug > 1 else 'False'}\n"
                             f"Header_Type = {header}\nAuthserv_Id = mx.lab.example\nHide_Receiver = {'No' if debug > 2 else 'Yes'}\n" + skip)
            for q in SENSIBLE:
                lab.run("policyd-spf", conf, input=request(**q).encode("utf-8", "surrogateescape"))
            lab.run("policyd-spf", conf, input=b"garbage\n\n")
    for q in QUESTIONS:
        lab.run("/usr/sbin/postfix-policyd-spf-perl", input=request(**q).encode("utf-8", "surrogateescape"))


def postfwd(lab):
    rules = lab.write("/etc/postfwd.cf", "id=R1; client_address==192.0.2.99; action=REJECT listed, go away\nid=R2; sender==x@fail.example; action=rate(client_address/1/60/450 4.7.1 too many)\n"
                      "id=R3; helo_name=~/fail/; action=score(+3.5)\nid=R4; score>=3; action=DEFER\nid=R5; rbl=bl.lab.example; action=note(listed)\nid=R6; sender==; action=set(HIT=1)\nid=R7; recipient==postmaster@lab.example; action=DUNNO\n"
                      "id=BAD; action\nid=R8; size>=1; action=size(sender/1/60/450 too big)\nid=R9; sender=~/^x/; action=jump(R99)\nid=R10; action=wait(0)\n")
    for program in ("postfwd", "postfwd2", "postfwd3"):
        for extra in ([], ["-vv"]):
            path = f"/usr/sbin/{program}"
            if not os.path.exists(path):
                continue
            p = lab.start(path, "--file=" + rules, "--interface=127.0.0.1", "--port=10040", "--user=postfw", "--group=postfw", "--summary=5", "--facility=mail", "--pidfile=/run/pfw.pid", "--nodaemon", *extra)
            try:
                lab.ready(("127.0.0.1", 10040), 8)
            except RuntimeError:
                continue
            for _ in range(2):
                for q in QUESTIONS:
                    ask(("127.0.0.1", 10040), request(**q))
            ask(("127.0.0.1", 10040), "garbage\n\n")
            lab.run("pkill", "-HUP", "-f", "postfwd")
            time.sleep(6)
            lab.end(p)
            lab.run("pkill", "-f", "postfwd")
            time.sleep(1)


def weight(lab):
    lab.write("/etc/policyd-weight.conf", '$USER = "polw";\n$GROUP = "";\n$LOCKPATH = "/run/polw/";\n$TCP_PORT = 12525;\n$SPATH = $LOCKPATH."/polw.sock";\n@dnsbl_score = ("bl.lab.example", 8, 0, "LAB_BL");\n@rhsbl_score = ();\n$NS = "127.0.0.1";\n$syslog_socktype = "unix";\n$DEBUG = 0;\n1;\n')
    p = lab.start("/usr/sbin/policyd-weight", "-f", "/etc/policyd-weight.conf", "start")
    lab.ready(("127.0.0.1", 12525), 15)
    for _ in range(2):
        for q in QUESTIONS:
            ask(("127.0.0.1", 12525), request(**q))
    lab.run("policyd-weight", "-f", "/etc/policyd-weight.conf", "reload")
    time.sleep(1)
    lab.run("policyd-weight", "-f", "/etc/policyd-weight.conf", "stop")
    lab.run("policyd-weight", "-k", "-f", "/etc/policyd-weight.conf", "stop")
    assert p


def srs(lab):
    lab.write("/etc/postsrsd.secret", "0123456789\n")
    p = lab.start("/usr/sbin/postsrsd", "-f", "10001", "-r", "10002", "-d", "lab.example", "-s", "/etc/postsrsd.secret", "-u", "postsrsd", "-l", "127.0.0.1")
    lab.ready(("127.0.0.1", 10001), 10)
    for port, addresses in ((10001, ["ann@example.net", "ann@lab.example", "x@exclude.example", "SRS0=abcd=12=other.example=x@other.example", "noat"]),
                            (10002, ["SRS0=wrong=AA=example.net=ann@lab.example", "plain@lab.example", "SRS1=bad@lab.example"])):
        for a in addresses:
            t = Talk(("127.0.0.1", port))
            t.say("get " + a, "\n")
            t.close()
        t = Talk(("127.0.0.1", port))
        t.say("nonsense", "\n")
        t.close()
    lab.end(p)


def sasl(lab):
    lab.user("alice", "secret")
    lab.write("/etc/pam.d/smtp", "auth required pam_unix.so nodelay\naccount required pam_unix.so\n")
    for mech in ("pam", "shadow", "sasldb", "rimap"):
        lab.directory("/run/saslauthd")
        p = lab.start("/usr/sbin/saslauthd", "-d", "-a", mech, "-m", "/run/saslauthd", "-n", "1", "-r", *(["-O", "127.0.0.1"] if mech == "rimap" else []))
        time.sleep(1)
        for user, password in (("alice", "secret"), ("alice", "wrong"), ("nobody@x", "x"), ("odd] [user", "x"), ("", "")):
            lab.run("testsaslauthd", "-f", "/run/saslauthd/mux", "-u", user, "-p", password, "-s", "smtp", "-r", "lab.example")
        lab.end(p)


def sqlgrey(lab):
    lab.directory("/var/lib/sqlgrey", ("sqlgrey", "sqlgrey"))
    conf = lab.write("/etc/sqlgrey.conf", "loglevel = 3\nuser = sqlgrey\ngroup = sqlgrey\ninet = 127.0.0.1:2501\npidfile = /run/sqlgrey.pid\nreconnect_delay = 0\nmax_connect_age = 1\ndb_type = SQLite\ndb_name = /var/lib/sqlgrey/db\nprepend = 1\n"
                     "admin_mail =\ndb_cleandelay = 5\nlog_override = whitelist:4,grey:4,spam:4\n")
    subprocess.Popen(["/usr/sbin/sqlgrey", "-f", conf], stdin=subprocess.DEVNULL)
    lab.ready(("127.0.0.1", 2501), 15)
    for _ in range(2):
        for q in QUESTIONS:
            ask(("127.0.0.1", 2501), request(**q))
        time.sleep(1)
    ask(("127.0.0.1", 2501), "garbage\n\n")
    lab.run("pkill", "-f", "sqlgrey")


PARTS = [prepare, postgrey, spf, postfwd, weight, srs, sasl, sqlgrey]
