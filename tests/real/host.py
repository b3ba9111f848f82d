"""A server of the lab: namespaces of its own, in which Debian's daemons run with the lab's configuration.

Nothing outside is touched: /etc/postfix, /var/spool/postfix, /run, /dev, /etc/passwd … are mounts that only this server
sees, its network is the lab's loopback, and all of it ends with the lab.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "pid", "private",
          "public", "saved", "trace")


class Host:
    def __init__(self, name, root):
        self.name, self.root = name, pathlib.Path(root) / name
        self.children = []
        self.root.mkdir(parents=True)
        # the holder keeps the namespaces
        self.holder = subprocess.Popen(["unshare", "-m", "-u", "--propagation", "private", "sleep", "infinity"])
        self.wait_for(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/uts") != os.readlink("/proc/self/ns/uts"), "namespaces")

    # ---- running things in it ----

    def inside(self, *argv):
        return ["nsenter", "-t", str(self.holder.pid), "-m", "-u", "--", *argv]

    def run(self, *argv, check=True, **kw):
        kw.setdefault("stdout", subprocess.PIPE)
        p = subprocess.run(self.inside(*argv), stderr=subprocess.STDOUT, timeout=60, **kw)
        if check and p.returncode:
            raise RuntimeError(f"{self.name}: {argv}: {(p.stdout or b'').decode(errors='replace')}")
        return (p.stdout or b"").decode(errors="replace")

    def start(self, *argv):
        """A daemon in the foreground; what it writes is kept beside the logs."""
        out = open(self.root / f"{os.path.basename(argv[0])}.out", "ab")
        p = subprocess.Popen(self.inside(*argv), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        self.children.append(p)
        return p

    @staticmethod
    def wait_for(ready, what, seconds=30):
        end = time.time() + seconds
        while not ready():
            if time.time() > end:
                raise RuntimeError(f"no {what} after {seconds} s")
            time.sleep(0.05)

    def stop(self):
        for p in reversed(self.children):
            p.send_signal(signal.SIGTERM)
        for p in self.children:
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
        self.holder.kill()
        self.holder.wait()

    # ---- its file system ----

    def path(self, name):
        return self.root / name.strip("/").replace("/", "-")

    def mount_dir(self, target, owner=None, mode=0o755):
        """An empty directory of the lab's in place of TARGET."""
        src = self.path(target)
        src.mkdir(mode=mode)
        src.chmod(mode)
        if owner:
            shutil.chown(src, *owner)
        self.run("mkdir", "-p", target)
        self.run("mount", "--bind", str(src), target)
        return src

    def mount_file(self, target, text, mode=0o644):
        src = self.path(target)
        src.write_text(text)
        src.chmod(mode)
        real = os.path.realpath(target)
        if real.startswith("/run/"):  # a link into /run, which is the lab's and empty
            self.run("mkdir", "-p", os.path.dirname(real))
            self.run("touch", real)
        self.run("mount", "--bind", str(src), real)

    def set_up(self, users):
        self.run("hostname", self.name + ".lab.example")
        self.mount_dir("/run")
        dev = self.path("/dev")
        dev.mkdir()
        for d in DEVICES:
            (dev / d).touch()
            self.run("mount", "--bind", f"/dev/{d}", str(dev / d))
        (dev / "fd").symlink_to("/proc/self/fd")
        (dev / "stdin").symlink_to("/proc/self/fd/0")
        (dev / "stdout").symlink_to("/proc/self/fd/1")
        (dev / "stderr").symlink_to("/proc/self/fd/2")
        (dev / "shm").mkdir(mode=0o1777)
        (dev / "shm").chmod(0o1777)
        self.run("mount", "--rbind", str(dev), "/dev")
        passwd, group = ("".join(line for line in open(f, encoding="utf-8") if line.split(":")[0] not in users)
                         for f in ("/etc/passwd", "/etc/group"))
        for n, user in enumerate(users):
            passwd += f"{user}:x:{5000 + n}:{5000 + n}::/home/{user}:/bin/sh\n"
            group += f"{user}:x:{5000 + n}:\n"
        self.mount_file("/etc/passwd", passwd)
        self.mount_file("/etc/group", group)
        self.mount_file("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        self.mount_file("/etc/hosts", f"127.0.0.1 localhost\n::1 localhost\n203.0.113.10 mx1.lab.example mx1\n"
                                      f"203.0.113.20 mx2.lab.example mx2\n")
        home = self.mount_dir("/home")
        for n, user in enumerate(users):
            (home / user).mkdir(mode=0o700)
            os.chown(home / user, 5000 + n, 5000 + n)

    def rsyslog(self, log, extra=""):
        """rsyslog on this server's /dev/log; every line in both of the usual forms."""
        conf = self.root / "rsyslog.conf"
        conf.write_text(
            'module(load="imuxsock" SysSock.Name="/dev/log" SysSock.RateLimit.Interval="0")\n'
            'global(workDirectory="/run")\n'
            '$RepeatedMsgReduction off\n' + extra +
            f'mail.* action(type="omfile" file="{log}.rfc3164.log" template="RSYSLOG_TraditionalFileFormat")\n'
            f'mail.* action(type="omfile" file="{log}.rfc3339.log" template="RSYSLOG_FileFormat")\n')
        self.start("/usr/sbin/rsyslogd", "-n", "-f", str(conf), "-i", "/run/rsyslogd.pid")
        self.wait_for((self.path("/dev") / "log").exists, "rsyslog")

    # ---- Postfix ----

    def postfix(self, extra):
        src = HERE / self.name
        etc = self.mount_dir("/etc/postfix")
        for f in src.iterdir():
            shutil.copy(f, etc / f.name)
        with open(etc / "main.cf", "a", encoding="utf-8") as f:
            f.write(extra)
        for name in ("postfix-files", "postfix-script", "post-install"):
            if (pathlib.Path("/etc/postfix") / name).exists():
                shutil.copy(pathlib.Path("/etc/postfix") / name, etc)
        spool = self.mount_dir("/var/spool/postfix")
        for q in QUEUES:
            (spool / q).mkdir(exist_ok=True)
        self.mount_dir("/var/lib/postfix", ("postfix", "postfix"))
        self.run("postalias", "hash:/etc/postfix/aliases")
        self.run("sh", "-c", "postfix set-permissions >/dev/null 2>&1; chown -R root /etc/postfix", check=False)

    def postfix_start(self):
        self.run("postfix", "start", stdout=subprocess.DEVNULL)

    def postfix_stop(self):
        self.run("postfix", "stop", check=False, stdout=subprocess.DEVNULL)
