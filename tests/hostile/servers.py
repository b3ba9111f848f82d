"""Postfix and Dovecot of this machine, with configurations of their own on loopback; and a mail server that lies."""
import os, pwd, re, shutil, socket, subprocess, threading, time

POSTFIX_SERVICES = """\
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {dir}
maillog_file = {dir}/mail.log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.home.example
mydestination =
alias_maps =
mynetworks = 127.0.0.1/32
smtpd_authorized_xclient_hosts = 127.0.0.1
virtual_mailbox_domains = home.example
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
relay_domains = remote.example, greet.example
transport_maps = inline:{{ {{ remote.example = smtp:[127.0.0.1]:{liar} }}, {{ greet.example = smtp:[127.0.0.1]:{greeter} }} }}
default_destination_concurrency_failed_cohort_limit = 0
smtp_connection_cache_on_demand = no
header_checks = regexp:{{ {{ /^X-Check:/ WARN looked at }}, {{ /^X-Refuse:/ REJECT not here }} }}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:{{ {{ /^no/ REJECT }}, {{ /@home\\.example$$/ OK }} }}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {dir}/run/auth-postfix
smtpd_delay_reject = yes
smtpd_helo_required = no
smtpd_error_sleep_time = 0
smtpd_client_connection_rate_limit = 0
smtpd_hard_error_limit = 1000
smtpd_junk_command_limit = 1000
smtpd_peername_lookup = no
disable_vrfy_command = no
minimal_backoff_time = 4000s
bounce_queue_lifetime = 0
"""

DOVECOT = """\
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
listen = 127.0.0.1
protocols = imap pop3 lmtp sieve
auth_username_format = %u
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_verbose = yes
auth_verbose_passwords = plain
auth_username_chars = {chars}
auth_failure_delay = 0
imap_id_log = *
default_login_user = dovenull
default_internal_user = dovecot
first_valid_uid = 1
mail_location = maildir:{dir}/mail/%n
mail_plugins = mail_log notify
passdb {{
  driver = static
  args = {passdb}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={dir}/mail/%n allow_all_users=yes
}}
protocol lmtp {{
  mail_plugins = mail_log notify sieve
  auth_username_format = %Ln
}}
plugin {{
  mail_log_events = delete undelete expunge save copy mailbox_create mailbox_delete mailbox_rename flag_change
  mail_log_fields = uid box msgid size vsize flags from subject
  sieve = file:~/sieve;active=~/active.sieve
  sieve_before = {dir}/folder.sieve
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service managesieve-login {{
  inet_listener sieve {{
    port = {sieve}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener auth-postfix {{
    mode = 0666
  }}
}}
"""

SIEVE = """\
require ["fileinto", "mailbox", "variables"];
if header :matches "X-Folder" "*" { fileinto :create "${1}"; }
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"nobody listens on port {port}")


class Liar(threading.Thread):
    """An SMTP server that answers at one stage of the session what `replies` says, as (stage, bytes): for the number in the
    sender (liar+N@) or the recipient (bob+N@), or one after another, for banner and EHLO."""

    def __init__(self, port, replies, in_turn=False):
        super().__init__(daemon=True)
        self.replies, self.in_turn, self.sessions = replies, in_turn, 0
        self.server = socket.create_server(("127.0.0.1", port), backlog=100)

    def run(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            first = self.sessions % len(self.replies) if self.in_turn else 0
            self.sessions += 1
            threading.Thread(target=self.serve, args=(peer, first), daemon=True).start()

    def serve(self, peer, number):
        lines = peer.makefile("rb")

        def say(stage, usual):
            when, text = self.replies[number]
            peer.sendall((text if when == stage else usual) + b"\r\n")

        try:
            say("banner", b"220 liar ESMTP")
            for line in lines:
                word = line[:4].upper()
                named = re.search(rb"<(?:liar|bob)\+(\d+)@", line)
                if named and word in (b"MAIL", b"RCPT"):
                    number = int(named[1])
                if word == b"DATA":
                    say("data", b"354 go")
                    if self.replies[number][0] != "data":
                        while lines.readline() not in (b".\r\n", b""):
                            pass
                        say("end", b"250 ok")
                elif word == b"QUIT":
                    say("quit", b"221 bye")
                    break
                else:
                    say(word.decode("ascii", "replace").lower(), b"250 ok")
        except OSError:
            pass
        peer.close()


class Servers:
    def __init__(self, folder, replies, greetings, chars, passdb):
        self.dir = folder
        self.port = {name: free_port() for name in ("smtp", "submission", "lmtp", "imap", "pop3", "sieve", "liar", "greeter")}
        self.liars = [Liar(self.port["liar"], replies), Liar(self.port["greeter"], greetings, True)]
        for name in ("etc", "spool", "data", "run", "state", "mail"):
            os.makedirs(f"{folder}/{name}")
        os.chmod(folder, 0o755)
        self.write("etc/main.cf", POSTFIX_MAIN)
        self.write("etc/master.cf", POSTFIX_SERVICES)
        self.write("dovecot.conf", DOVECOT, chars=chars, passdb=passdb)
        with open(f"{folder}/folder.sieve", "w") as f:
            f.write(SIEVE)
        owner = pwd.getpwnam("postfix").pw_uid
        os.chown(f"{folder}/data", owner, -1)
        shutil.chown(f"{folder}/mail", "mail", "mail")

    def write(self, name, text, **more):
        with open(f"{self.dir}/{name}", "w") as f:
            f.write(text.format(dir=self.dir, **self.port, **more))

    def start(self):
        for liar in self.liars:
            liar.start()
        subprocess.run(["dovecot", "-c", f"{self.dir}/dovecot.conf"], check=True)
        subprocess.run(["postfix", "-c", f"{self.dir}/etc", "start"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        wait_for(self.port["smtp"])
        wait_for(self.port["imap"])

    def flush(self):
        subprocess.run(["postqueue", "-c", f"{self.dir}/etc", "-f"], check=False)

    def stop(self):
        subprocess.run(["postfix", "-c", f"{self.dir}/etc", "abort"], check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        subprocess.run(["doveadm", "-c", f"{self.dir}/dovecot.conf", "stop"], check=False)
        for liar in self.liars:
            liar.server.close()
