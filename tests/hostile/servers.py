"""Postfix and Dovecot of this machine, with configurations of their own on loopback; and a mail server that lies."""
import os, pwd, shutil, socket, subprocess, threading, time

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
relay_domains = remote.example
transport_maps = inline:{{ {{ remote.example = smtp:[127.0.0.1]:{liar} }} }}
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
protocols = imap pop3 lmtp
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
  args = user=nina password=right
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
    """An SMTP server whose reply to the end of the data is what `replies` says for the recipient's number."""

    def __init__(self, port, replies):
        super().__init__(daemon=True)
        self.replies = replies
        self.server = socket.create_server(("127.0.0.1", port))

    def run(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        lines, number = peer.makefile("rb"), -1
        say = lambda text: peer.sendall(text + b"\r\n")
        say(b"220 liar ESMTP")
        for line in lines:
            word = line[:4].upper()
            if word == b"DATA":
                say(b"354 go")
                while lines.readline() not in (b".\r\n", b""):
                    pass
                say(self.replies[number])
            elif word == b"RCPT":
                number = int(line.split(b"+")[1].split(b"@")[0])
                say(b"250 ok")
            elif word == b"QUIT":
                say(b"221 bye")
                break
            else:
                say(b"250 ok")
        peer.close()


class Servers:
    def __init__(self, folder, replies, chars):
        self.dir = folder
        self.port = {name: free_port() for name in ("smtp", "submission", "lmtp", "imap", "pop3", "liar")}
        self.liar = Liar(self.port["liar"], replies)
        for name in ("etc", "spool", "data", "run", "state", "mail"):
            os.makedirs(f"{folder}/{name}")
        os.chmod(folder, 0o755)
        self.write("etc/main.cf", POSTFIX_MAIN)
        self.write("etc/master.cf", POSTFIX_SERVICES)
        self.write("dovecot.conf", DOVECOT, chars=chars)
        with open(f"{folder}/folder.sieve", "w") as f:
            f.write(SIEVE)
        owner = pwd.getpwnam("postfix").pw_uid
        os.chown(f"{folder}/data", owner, -1)
        shutil.chown(f"{folder}/mail", "mail", "mail")

    def write(self, name, text, **more):
        with open(f"{self.dir}/{name}", "w") as f:
            f.write(text.format(dir=self.dir, **self.port, **more))

    def start(self):
        self.liar.start()
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
        self.liar.server.close()
