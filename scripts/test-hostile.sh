#!/bin/sh
# Lies through real Postfix, Dovecot and amavis on loopback, and what the log says compared with what was sent. Needs root and
# Debian; servers of its own, in a folder of its own. usage: test-hostile.sh [FOLDER-TO-KEEP]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
[ "$(id -u)" = 0 ] || { echo "test-hostile.sh: needs root, to start the servers"; exit 77; }
need postfix postfix
need dovecot dovecot-core
[ -x /usr/lib/dovecot/imap ] || install_packages dovecot-imapd
[ -x /usr/lib/dovecot/pop3 ] || install_packages dovecot-pop3d
[ -x /usr/lib/dovecot/lmtp ] || install_packages dovecot-lmtpd
[ -d /usr/lib/dovecot/modules/sieve ] || install_packages dovecot-sieve
[ -x /usr/lib/dovecot/managesieve ] || install_packages dovecot-managesieved
[ -x /usr/sbin/amavisd ] || install_packages amavisd-new
need python3 python3
[ -x build/maillog ] || build_targets maillog_command
status=0
python3 tests/hostile/attack.py build/maillog "$@" || status=1
python3 tests/hostile/filter.py build/maillog ${1:+"$1/amavis"} || status=1
exit $status
