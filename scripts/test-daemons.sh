#!/bin/sh
# Daemons of Debian's packages that the mail lab of test-real.sh has no place for: each is driven on a loopback of its own,
# and what it logs must be read as events with the fields that the driver knows. Not part of the ordinary tests: needs
# root and Debian's packages, and takes some minutes.
#
# usage: test-daemons.sh [-k] [GROUP]…      -k: keep the logs, in build/daemons/; groups: see below
#
# Each group runs on an overlay of this machine's file system, in namespaces of its own: its packages (an MTA of another
# kind among them) are installed there, and nothing is left but the downloaded packages in build/daemons/archives.
set -eu
cd "$(dirname "$0")/.."
keep=""
[ "${1-}" != -k ] || { keep=1; shift; }
[ "$(id -u)" = 0 ] || { echo "test-daemons.sh: needs root, for namespaces and for servers that drop theirs" >&2; exit 1; }
. scripts/install.sh
need python3 python3
: "${MAILLOG:=$PWD/build/maillog}"
[ -x "$MAILLOG" ] || build_targets maillog_command

packages() {
    case $1 in
    dovecot) echo dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-submissiond dovecot-managesieved dovecot-sieve openssl ;;
    filters) echo amavisd-new spamassassin clamav-daemon clamav-milter spamass-milter opendkim opendmarc mimedefang spampd ;;
    rspamd) echo rspamd ;;
    policy) echo postgrey postfwd policyd-weight postfix-policyd-spf-python postfix-policyd-spf-perl postsrsd sqlgrey libdbd-sqlite3-perl sasl2-bin ;;
    others) echo mailman3 maildrop procmail fail2ban ;;
    exim) echo exim4-daemon-heavy ;;
    sendmail) echo sendmail-bin ;;
    opensmtpd) echo opensmtpd ;;
    cyrus) echo cyrus-imapd cyrus-pop3d cyrus-admin sasl2-bin ;;
    courier) echo courier-imap courier-pop courier-mta courier-authdaemon courier-authlib-userdb ;;
    *) echo "test-daemons.sh: no group $1" >&2; exit 2 ;;
    esac
}

out=$PWD/build/daemons
mkdir -p "$out"
export DEBIAN_FRONTEND=noninteractive

# an overlay of / at $1, with devices of its own and the project's folders
overlay() {
    mkdir -p "$1" && mount -t tmpfs tmpfs "$1" && mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
    root=$1/root
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/dev"
    mount -t tmpfs tmpfs "$root/run"
    mount -t tmpfs tmpfs "$root/tmp" && chmod 1777 "$root/tmp"
    for d in null zero full random urandom tty; do
        touch "$root/dev/$d" && mount --bind "/dev/$d" "$root/dev/$d"
    done
    ln -s /proc/self/fd "$root/dev/fd"
    mkdir -m 1777 "$root/dev/shm" "$root/run/lock"
    mkdir -p "$root$PWD" "$root$out" "$root/var/cache/apt/archives"
    mount --bind "$PWD" "$root$PWD"
    mount --bind "$out" "$root$out"
    mkdir -p "$out/archives/$group/partial" && mount --bind "$out/archives/$group" "$root/var/cache/apt/archives"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod 755 "$root/usr/sbin/policy-rc.d"
}

if [ "${1-}" = --inside ]; then # in the mount namespace of one group
    group=$2
    work=$(mktemp -d)
    trap 'umount -l "$work" 2>/dev/null; rmdir "$work"' EXIT
    overlay "$work"
    # shellcheck disable=SC2046
    chroot "$root" apt-get -o DPkg::Lock::Timeout=300 -o APT::Keep-Downloaded-Packages=true install -qq -y --no-install-recommends $(packages "$group") \
        >"$out/$group.install" 2>&1 </dev/null || { tail -5 "$out/$group.install" >&2; exit 1; }
    timeout -k 10 900 unshare --net --pid --uts --ipc --fork --kill-child --mount-proc="$root/proc" \
        chroot "$root" env HOME=/root python3 -B "$PWD/tests/daemons/run.py" "$group" "$out"
    exit
fi

bad=0
for group in ${*:-dovecot filters rspamd policy others exim sendmail opensmtpd cyrus courier}; do
    packages "$group" >/dev/null
    unshare --mount --propagation private sh "$0" --inside "$group" || { bad=1; continue; }
    python3 -B tests/daemons/check.py "$MAILLOG" "$out/$group" || bad=1
done
[ -n "$keep" ] || find "$out" -maxdepth 1 -type f -delete
exit $bad
