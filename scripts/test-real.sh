#!/bin/sh
# Real daemons against `maillog`: Postfix (two servers), postgrey, policyd-spf, amavis with SpamAssassin, OpenDKIM,
# OpenDMARC, Dovecot with Sieve and rsyslog of Debian's packages, on a loopback of their own, send and take mail of every
# fate; then `maillog trace` and `maillog events` are checked against what was sent, and `maillog summary` against
# pflogsumm, figure by figure. Not part of the ordinary tests: needs
# root, and takes about five minutes.
#
# usage: test-real.sh [-k] [lda|lmtp]…      -k: keep the logs, in build/real/
#
# Everything runs in namespaces (mount, network, PID, host name): no file, service or user of this machine is changed but
# for the packages that are installed, and no service of theirs is started. Ends with all that it started.
set -eu
cd "$(dirname "$0")/.."
keep=""
[ "${1-}" != -k ] || { keep=1; shift; }
[ "$(id -u)" = 0 ] || { echo "test-real.sh: needs root, for namespaces and for servers that drop theirs" >&2; exit 1; }
. scripts/install.sh

# installs without starting services, and without leaving the prohibition behind
install_quietly() {
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; ours=1; }
    install_packages "$@" || status=$?
    [ -z "${ours-}" ] || rm -f "$policy"
    return "${status:-0}"
}
missing=""
for p in postfix postgrey amavisd-new spamassassin dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-sieve \
    opendkim opendmarc postfix-policyd-spf-python rsyslog iproute2 openssl python3 pflogsumm; do
    dpkg -s "$p" >/dev/null 2>&1 || missing="$missing $p"
done
# shellcheck disable=SC2086
[ -z "$missing" ] || install_quietly --no-install-recommends $missing

[ -x build/maillog ] || build_targets maillog_command
out=$PWD/build/real
mkdir -p "$out"
[ -n "$keep" ] || trap 'rm -rf "$out"' EXIT
bad=0
for variant in ${*:-lda lmtp}; do
    timeout 900 unshare --mount --net --uts --pid --ipc --fork --kill-child --mount-proc --propagation private \
        python3 tests/real/lab.py "$out" "$variant"
    python3 tests/real/check.py build/maillog "$out/$variant" -v || bad=1
    sh tests/pflogsumm.sh build/maillog "$out/$variant.rfc3164.log" "$out/$variant.rfc3339.log" || bad=1
done
exit $bad
