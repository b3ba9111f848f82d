#!/bin/sh
# The library as two files for other machines: it compiles without a warning, also where there is no POSIX, and where the
# result can be run (QEMU), lines and messages are the same as here: other word sizes, other byte order. No arguments.
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need gcc gcc
need python3 python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
missing="" bad=""
python3 scripts/amalgamate.py "$work"
mkdir "$work/maillog"
for header in "$work"/maillog.h include/maillog/arrow.h; do
    echo "#include \"$(cd "$(dirname "$header")" && pwd)/$(basename "$header")\"" >"$work/maillog/$(basename "$header")"
done
flags="-std=c11 -O1 -Wall -Wextra -Wconversion -Werror"

# programs COMPILER WHERE: the library, a driver for lines, one for messages
programs() {
    mkdir -p "$2"
    # shellcheck disable=SC2086
    $1 $flags -c "$work/maillog.c" -o "$2/maillog.o" || return 1
    [ -z "${3:-}" ] || return 0
    $1 -std=gnu11 -O1 -static -I"$work" tests/support/vectors.c tests/support/cases.c "$2/maillog.o" -o "$2/vectors" &&
        $1 -std=gnu11 -O1 -static -I"$work" tests/support/trace.c "$2/maillog.o" -o "$2/trace"
}
# results WHERE RUNNER: what they say of every line of the cases, and of the stories as one log; sorted, as not every qsort() is stable
results() {
    LC_ALL=C $2 "$1/vectors" tests/cases/*.txt >"$1/events" && $2 "$1/trace" "$work/log" | sort >"$1/messages"
}

sed -n 's/^< //p' tests/join/*.txt >"$work/log"
programs gcc "$work/here"
results "$work/here" ""

# TARGET PACKAGES RUNNER (-: compiled only)
while read -r target packages runner; do
    cc=$target-gcc
    [ "$target" != musl ] || cc=musl-gcc
    # shellcheck disable=SC2046
    command -v "$cc" >/dev/null || (install_packages $(echo "$packages" | tr , ' ')) || true
    command -v "$cc" >/dev/null || { missing="$missing $target"; continue; }
    if [ "$runner" = - ]; then
        programs "$cc" "$work/$target" only || { bad="$bad $target"; continue; }
        echo "$target: compiles"
        continue
    fi
    [ "$runner" = native ] && runner="" || command -v "$runner" >/dev/null || (install_packages qemu-user) || true
    [ -z "$runner" ] || command -v "$runner" >/dev/null || { missing="$missing $target"; continue; }
    if programs "$cc" "$work/$target" && results "$work/$target" "$runner" &&
        cmp "$work/here/events" "$work/$target/events" && cmp "$work/here/messages" "$work/$target/messages"; then
        echo "$target: $(wc -l <"$work/$target/events") lines and $(wc -l <"$work/$target/messages") messages as here"
    else
        bad="$bad $target"
    fi
done <<'TARGETS'
musl musl-tools native
x86_64-w64-mingw32 gcc-mingw-w64-x86-64 -
i686-linux-gnu gcc-i686-linux-gnu,libc6-dev-i386-cross qemu-i386
arm-linux-gnueabihf gcc-arm-linux-gnueabihf,libc6-dev-armhf-cross qemu-arm
aarch64-linux-gnu gcc-aarch64-linux-gnu,libc6-dev-arm64-cross qemu-aarch64
s390x-linux-gnu gcc-s390x-linux-gnu,libc6-dev-s390x-cross qemu-s390x
TARGETS
[ -z "$missing" ] || printf '\n*** NOT RUN, for want of a compiler or QEMU:%s\n' "$missing"
[ -z "$bad" ] || { printf '\n*** FAILED:%s\n' "$bad"; exit 1; }
