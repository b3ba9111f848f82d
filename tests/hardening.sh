#!/bin/sh
# usage: hardening.sh MAILLOG: how the command of a release build is hardened, by what stands in the file.
set -eu
command -v readelf >/dev/null || { echo "SKIPPED: no readelf"; exit 77; }
[ "$(head -c 4 "$1" | tail -c 3)" = ELF ] || { echo "SKIPPED: no ELF file"; exit 77; }
has() { readelf "$2" -W "$1" | grep -qE -- "$3" || { echo "FAIL: $4"; exit 1; }; }
has "$1" -h 'Type: +DYN' "position independent"
has "$1" -d 'FLAGS_1.*PIE' "position independent, as a program"
has "$1" -l 'GNU_RELRO' "relocations are read-only"
has "$1" -d 'BIND_NOW|FLAGS.*NOW' "all symbols are bound at the start"
has "$1" -l 'GNU_STACK .* RW ' "the stack is not executable"
has "$1" --dyn-syms '__stack_chk_fail' "stack protector"
has "$1" --dyn-syms '__(memcpy|snprintf|fprintf|vsnprintf|memmove|read)_chk' "fortified functions"
! readelf -lW "$1" | grep -qE 'LOAD .* RWE' || { echo "FAIL: a segment is writable and executable"; exit 1; }
echo "hardening: right"
