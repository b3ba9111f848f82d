#!/bin/sh
# usage: amalgamation.sh SOURCE-DIR CC: the library as two files compiles, and so does the header, as C99. What it does:
# scripts/test-packages.sh.
set -eu
src=$1 cc=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$src/scripts/amalgamate.py" "$work"
"$cc" -std=c11 -Wall -Wextra -Werror -fsyntax-only "$work/maillog.c"
echo '#include "maillog.h"' | "$cc" -std=c99 -pedantic-errors -Wall -Wextra -Werror -I"$work" -fsyntax-only -x c -
