#!/usr/bin/env python3
"""usage: filter.py MAILLOG [FOLDER]: lies through a real amavis on loopback: names of attachments, headers, addresses, what a proxy says
of its client (XFORWARD), and what the server behind it answers; what the log says is compared with what was sent. Each message
has a client address and a queue ID of its own. Exit 0: nobody was fooled."""
import json, os, re, shutil, socket, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from attack import Smtp, quoted, xtext
from lies import LIES, enc
from servers import Liar, free_port, wait_for

CONFIG = """
use strict;
$max_servers = 2;
$daemon_user = 'amavis';
$daemon_group = 'amavis';
$mydomain = 'home.example';
$myhostname = 'mx.home.example';
$MYHOME = '{dir}/home';
$TEMPBASE = "$MYHOME/tmp";
$QUARANTINEDIR = "$MYHOME/virusmails";
$lock_file = "$MYHOME/lock";
$pid_file = "$MYHOME/pid";
$enable_db = 0;
$enable_zmq = 0;
$do_syslog = 0;
$LOGFILE = '{dir}/home/amavis.log';
$log_level = 1;
$log_templ = $log_verbose_templ;
$inet_socket_bind = '127.0.0.1';
$inet_socket_port = [{port}];
@mynetworks = ('127.0.0.0/8');
@local_domains_maps = (['.home.example']);
@bypass_spam_checks_maps = (1);
@bypass_virus_checks_maps = (1);
@av_scanners = ();
$final_banned_destiny = D_DISCARD;
$final_bad_header_destiny = D_PASS;
$notify_method = $forward_method = 'smtp:[127.0.0.1]:{liar}';
$banned_filename_re = new_RE(qr'\\.(exe|scr|pif)$'i);
$enable_dkim_verification = 0;
1;
"""
BODY = b'''--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: application/x-thing; name="%s"\r
Content-Disposition: attachment; filename="%s"\r\n\r\nthing\r\n--b--\r\n'''


class Filter:
    def __init__(self, folder):
        self.dir, self.port, self.liar = folder, free_port(), free_port()
        self.want = {}
        Liar(self.liar, [("end", b"250 2.0.0 " + enc(lie).replace(b"\0", b"")[:400]) for lie in LIES]).start()
        with open(f"{folder}/amavis.conf", "w") as f:
            f.write(CONFIG.replace("{dir}", folder).replace("{port}", str(self.port)).replace("{liar}", str(self.liar)))
        for name in ("home", "home/tmp", "home/virusmails"):  # amavis wants its configuration where it cannot write
            os.makedirs(f"{folder}/{name}")
            shutil.chown(f"{folder}/{name}", "amavis", "amavis")

    def attack(self):
        daemon = subprocess.Popen(["/usr/sbin/amavisd", "-c", f"{self.dir}/amavis.conf", "foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(self.port, 90)
            for n, lie in enumerate(LIES):
                for suffix in ("", ".exe"):
                    self.message(n, lie, suffix)
        finally:
            daemon.terminate()
            daemon.wait(30)

    def message(self, n, lie, suffix):
        qid, addr = f"F00D{len(self.want):06X}", f"198.18.{n // 250}.{len(self.want) % 250 + 1}"
        sender, rcpt = (quoted(lie), f"bob+{n}@home.example") if (n + bool(suffix)) % 2 else ("ann@example.net", f"bob+{n}@home.example")
        s = Smtp(self.port)
        s.say("EHLO proxy.example")
        s.say(f"XFORWARD ADDR={addr} NAME={xtext(lie[:60])} HELO={xtext(lie[:60])} PORT=4711 PROTO=ESMTP SOURCE=REMOTE IDENT={qid}")
        if s.say(f"MAIL FROM:<{sender}>").startswith("250") and s.say(f"RCPT TO:<{rcpt}>").startswith("250"):
            s.say("DATA")
            text = enc(lie).replace(b"\0", b"").replace(b"\r", b"")
            name = text.replace(b"\\", b"").replace(b'"', b'\\"')[:120] + suffix.encode()
            head = [b"Message-ID: <%s@x.example>" % text, b"Subject: " + text, b"From: " + text, b"User-Agent: " + text, b"MIME-Version: 1.0",
                    b'Content-Type: multipart/mixed; boundary="b"']
            s.s.sendall(b"\r\n".join(head) + b"\r\n\r\n" + BODY % (name, name))
            s.say(".")
            self.want[addr] = {"queue_id": qid, "client_addr": addr, "to": rcpt, "from": sender.replace("\\", "\\\\"), "banned": bool(suffix)}
        s.close()


def judge(maillog, filter):
    """Wrong readings, as texts, and how many were compared."""
    wrong, checked, left = [], 0, dict(filter.want)
    for line in subprocess.run([maillog, "events", "--json", f"{filter.dir}/home/amavis.log"], check=True, capture_output=True).stdout.splitlines():
        e = json.loads(line)
        if e["match"] != "event":
            wrong.append(f"no event: {e['message'][:300]}")
        at = re.match(r"\(\S+\) (Passed|Blocked) .*?\[(198\.18\.\d+\.\d+)\]:4711", e["message"])
        if not at or at[2] not in left:
            continue
        want = left.pop(at[2])
        want["event"] = {"Passed": "passed", "Blocked": "blocked"}[at[1]]
        want["category"] = "BANNED" if want.pop("banned") and at[1] == "Blocked" else e.get("category")
        if not want["from"].isascii() or re.search(r"[\x00-\x1f\x7f]", want["from"]):
            want.pop("from")
        checked += len(want)
        differs = {k: (e.get(k), v) for k, v in want.items() if e.get(k) != v}
        if differs and "ambiguous" not in e.get("marks", []):
            wrong.append(f"{differs}\n   {e['message'][:400]}")
    return wrong + [f"no report of {addr}" for addr in left], checked


def main():
    folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="maillog-filter-")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o755)
    filter = Filter(folder)
    filter.attack()
    wrong, checked = judge(sys.argv[1], filter)
    for text in wrong[:60]:
        print("FOOLED", text)
    print(f"amavis: {len(filter.want)} messages, {checked} checks, {len(wrong)} wrong")
    if len(sys.argv) <= 2 and not wrong:
        shutil.rmtree(folder)
    return 1 if wrong or not filter.want else 0


if __name__ == "__main__":
    sys.exit(main())
