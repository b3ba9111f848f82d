"""Exim4: every kind of line of its main log, by its own file, by syslog, and by syslog without its own stamp."""
import time

from lab import EICAR, Talk, message
from mta import smtp_sessions

PORT = ("127.0.0.1", 10025)
CONF = """
primary_hostname = mx.lab.example
keep_environment =
domainlist local_domains = lab.example
hostlist relay_from_hosts = 127.0.0.1
log_file_path = {path}
log_selector = {selector}
syslog_timestamp = {stamp}
{more}
daemon_smtp_ports = 10025 : 10465
tls_on_connect_ports = 10465
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = /etc/lab.pem
tls_privatekey = /etc/lab.pem
acl_smtp_connect = acl_connect
acl_smtp_helo = acl_helo
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
acl_smtp_vrfy = accept
acl_smtp_etrn = accept
message_size_limit = 100k
smtp_accept_max_per_host = 20
ignore_bounce_errors_after = 0s
timeout_frozen_after = 1s
qualify_domain = lab.example
begin acl
acl_connect:
  warn log_message = connected here
       condition = ${{if eq{{$sender_host_address}}{{192.0.2.66}}}}
  deny hosts = 192.0.2.67
       message = go away
  drop hosts = 192.0.2.68
       message = dropped, bye
  accept
acl_helo:
  deny condition = ${{if eq{{$sender_helo_name}}{{bad.helo}}}}
       message = bad name
  accept
acl_mail:
  deny senders = spammer@example.net
       message = no spam
  defer senders = later@example.net
       message = later
  accept
acl_rcpt:
  discard recipients = discard@lab.example
  warn recipients = warn@lab.example
       log_message = this is a warning
  defer recipients = grey@lab.example
       message = greylisted, come back
  deny recipients = denied@lab.example
       message = denied by "policy": $sender_address; x
       log_message = denied here (because $local_part)
  require verify = recipient
  accept hosts = +relay_from_hosts
  accept domains = +local_domains
  deny message = relay not permitted
acl_data:
  deny condition = ${{if match{{$h_subject:}}{{bad}}}}
       message = bad subject
  warn condition = ${{if match{{$h_subject:}}{{freeze}}}}
       control = freeze
  accept
begin routers
fail:
  driver = redirect
  domains = +local_domains
  local_parts = nosuch
  data = :fail: no such user here
  allow_fail
defer:
  driver = redirect
  local_parts = defers
  data = :defer: not now
  allow_defer
hole:
  driver = redirect
  local_parts = hole
  data = :blackhole:
alias:
  driver = redirect
  local_parts = team
  data = bob@lab.example, friend@remote.example, /tmp/savefile, |/bin/cat
  file_transport = address_file
  pipe_transport = address_pipe
  user = mail
local:
  driver = accept
  domains = +local_domains
  local_parts = bob : root : warn : ann : postmaster
  transport = local_delivery
piped:
  driver = accept
  domains = +local_domains
  local_parts = piped
  transport = bad_pipe
lmtp:
  driver = accept
  domains = +local_domains
  local_parts = lmtp
  transport = lmtp
unrouted:
  driver = accept
  domains = +local_domains
  local_parts = full
  transport = full_delivery
dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
  no_more
begin transports
local_delivery:
  driver = appendfile
  file = /var/mail/$local_part
  delivery_date_add
  user = mail
  group = mail
full_delivery:
  driver = appendfile
  file = /var/mail/$local_part
  quota = 10
  user = mail
address_file:
  driver = appendfile
address_pipe:
  driver = pipe
bad_pipe:
  driver = pipe
  command = /bin/false
  user = mail
  return_output
lmtp:
  driver = lmtp
  socket = /nonexistent
  user = mail
remote_smtp:
  driver = smtp
begin retry
* * F,2h,15m
begin rewrite
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${{if eq{{$auth3}}{{secret}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = User : Pass
  server_condition = ${{if eq{{$auth2}}{{secret}}}}
  server_set_id = $auth1
"""
VARIANTS = [("file", "/var/log/exim4/%slog", "+all", "true", ""), ("plain", "/var/log/exim4/%slog", "", "true", ""), ("syslog", "syslog", "+all", "true", "syslog_duplication = false\n"),
            ("syslog bare", "syslog", "+tls_peerdn +pid +deliver_time +subject +received_recipients", "false", "syslog_pid = no\n"),
            ("millis", "/var/log/exim4/%slog", "+millisec +pid +incoming_interface +outgoing_port", "true", "log_timezone = true\n")]


def prepare(lab):
    lab.world()
    lab.certificate()
    lab.run("chmod", "644", "/etc/lab.pem")
    for user in ("bob", "ann"):
        lab.user(user)


def every(lab):
    for name, path, selector, stamp, more in VARIANTS:
        lab.directory("/var/log/exim4", ("Debian-exim", "adm"), 0o2750)
        lab.run("sh", "-c", "rm -rf /var/log/exim4/* /var/spool/exim4/input/* /var/spool/exim4/msglog/* /var/spool/exim4/db/*")
        lab.write("/etc/exim4/exim4.conf", CONF.format(path=path, selector=selector, stamp=stamp, more=more))
        lab.run("exim4", "-bV")
        p = lab.start("/usr/sbin/exim4", "-bdf", "-q5s")
        lab.ready(PORT, 20)
        session(lab, name)
        time.sleep(7)
        queue = lab.run("exim4", "-bpr").split()
        ids = [w for w in queue if len(w) >= 16 and w.count("-") == 2]
        for action, i in zip(("-Mf", "-Mt", "-Mg", "-Mrm", "-M", "-Mes"), ids):
            lab.run("exim4", action, i, *(["new@example.net"] if action == "-Mes" else []))
        lab.run("exim4", "-qff")
        lab.end(p)
        for kind in ("main", "reject", "panic"):
            lab.file(f"/var/log/exim4/{kind}log", f"{kind}-{name}".replace(" ", ""))


def session(lab, name):
    if name in ("file", "syslog"):
        smtp_sessions(PORT)
    for sender, rcpts, text in (("ann@example.net", ["bob@lab.example"], message("hello")), ("spammer@example.net", ["bob@lab.example"], message()), ("later@example.net", ["bob@lab.example"], message()),
                                ("ann@example.net", ["denied@lab.example", "grey@lab.example", "warn@lab.example", "discard@lab.example", "bob@lab.example"], message("some")),
                                ("ann@example.net", ["defers@lab.example"], message()), ("ann@example.net", ["hole@lab.example"], message()), ("ann@example.net", ["team@lab.example"], message()),
                                ("ann@example.net", ["piped@lab.example", "lmtp@lab.example", "full@lab.example"], message("faults")), ("ann@example.net", ["bob@lab.example"], message("bad one")),
                                ("ann@example.net", ["bob@lab.example"], message("freeze it")), ("", ["bob@lab.example"], message("null")), ("ann@example.net", ["discard@lab.example"], message()),
                                ("ann@example.net", ["bob@lab.example"], message("big", body="x" * 120000)), ("ann@example.net", ["bob@lab.example"], message('odd "subject" \\ T=x F=<a>', message_id="<odd T=x@y>")),
                                ("ann@example.net", ["friend@remote.example", "nouser@remote.example", "never@remote.example"], message(body=EICAR)), ("ann@example.net", ['"b <o> b"@lab.example'], message())):
        t = Talk(PORT)
        t.smtp()
        t.mail(sender, rcpts, text, hello="EHLO mail.example.net")
        t.smtp("QUIT")
    for source in ("192.0.2.66", "192.0.2.67", "192.0.2.68", "192.0.2.10"):
        t = Talk(PORT, source=source)
        t.smtp()
        for line in ("EHLO bad.helo", "EHLO x", "AUTH PLAIN AGFubgBzZWNyZXQ=", "MAIL FROM:<ann@example.net>", "RCPT TO:<x@remote.example>", "RCPT TO:<bob@lab.example>", "QUIT"):
            t.smtp(line)
    t = Talk(("127.0.0.1", 10465), tls=True)
    t.smtp()
    t.smtp("EHLO tls.example")
    t.smtp("AUTH LOGIN YW5u")
    t.smtp("c2VjcmV0")
    t.mail("ann@example.net", ["bob@lab.example", "friend@remote.example"], message("auth"))
    t.smtp("QUIT")
    t = Talk(("127.0.0.1", 10465))
    t.say("plain text")
    t.until("\x00")
    lab.run("exim4", "-f", "ann@lab.example", "bob@lab.example", "friend@remote.example", input=message("local").encode())
    lab.run("runuser", "-u", "ann", "--", "exim4", "bob@lab.example", input=b"Subject: x\n\nx\n")


PARTS = [prepare, every]
