#!/bin/sh
# usage: run.sh BUILD-DIR SOURCE-DIR: install into a scratch prefix, move it, and build consumers against it:
# pkg-config (shared and static), CMake package, add_subdirectory. Each must run.
set -eu
build=$1 src=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/here" --component development >/dev/null
PKG_CONFIG_PATH=$(dirname "$(find "$work/here" -name maillog.pc)")
export PKG_CONFIG_PATH
[ "$(pkg-config --variable=prefix maillog)" = "$work/here" ] || { echo "FAIL: maillog.pc does not name the prefix it was installed to"; exit 1; }
DESTDIR="$work/root" cmake --install "$build" --prefix /usr >/dev/null
mv "$work/root/usr" "$work/moved" # nothing may depend on where it was installed
libdir=$(cd "$(dirname "$(find "$work/moved" -name maillog.pc)")/.." && pwd)
cc=${CC:-cc}
PKG_CONFIG_PATH="$libdir/pkgconfig"
pc() { pkg-config --define-prefix "$@"; }
$cc "$src/tests/install/consumer.c" $(pc --cflags --libs maillog) -o "$work/shared"
LD_LIBRARY_PATH="$libdir" "$work/shared"
$cc "$src/tests/install/consumer.c" $(pc --cflags maillog) "$libdir/libmaillog.a" -o "$work/static"
"$work/static"
cmake -S "$src/tests/install" -B "$work/package" -DCMAKE_PREFIX_PATH="$work/moved" >/dev/null
cmake --build "$work/package" >/dev/null
"$work/package/consumer_maillog" && "$work/package/consumer_maillog_static"
cmake -S "$src/tests/install" -B "$work/sub" -DUSE_SUBDIRECTORY="$src" >/dev/null
cmake --build "$work/sub" >/dev/null
"$work/sub/consumer_maillog" && "$work/sub/consumer_maillog_static"
test -x "$work/moved/bin/maillog" && "$work/moved/bin/maillog" --version >/dev/null
test ! -e "$work/sub/maillog/maillog" # a subproject builds no command
echo "install: 6 consumers ran"
