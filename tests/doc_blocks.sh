#!/bin/sh
# usage: doc_blocks.sh SOURCE-DIR CC [MAILLOG]: the code blocks of the README, CONTRIBUTING and docs/ are right. C compiles; shell is shell, runs scripts and programs that are there, and gives `maillog` options that it has;
# what the README shows of the command's output is what it prints; what CONTRIBUTING shows of the source is in it.
set -eu
src=$1 cc=$2 maillog=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail=0
bad() { echo "FAIL: $*"; fail=1; }
for doc in "$src"/README.md "$src"/CONTRIBUTING.md "$src"/docs/*.md "$src"/examples/bindings/README.md; do
    awk -v to="$work/$(basename "$(dirname "$doc")").$(basename "$doc" .md)" '
        /^ *```/ && on { on = 0; next }
        /^ *```/ { n++; on = 1; kind = $0; sub(/^ *```/, "", kind); if (kind == "") kind = "untagged"; next }
        on { print > (to "_" n "." kind) }' "$doc"
done
[ -n "$(ls "$work"/*.c)" ] || bad "no blocks found"
for block in "$work"/*; do
    case $block in
    *.c) "$cc" -std=c11 -Wall -Wextra -Werror -Wno-unused-function -fsyntax-only -I "$src/include" -include stdio.h -include stdlib.h \
        -include string.h -include time.h -include maillog/maillog.h "$block" || bad "$(basename "$block")" ;;
    *.sh) sh -n "$block" || bad "$(basename "$block")" ;;
    esac
done

sed -n 's/^ *{E(/{E(/p' "$work"/*.CONTRIBUTING_*.text >"$work/rows"
sed -n 's/.*\(MAILLOG_\(FAMILY\|DAEMON\)(.*)\)$/\1/p' "$work"/*.CONTRIBUTING_*.text >>"$work/rows"
[ "$(wc -l <"$work/rows")" = 3 ] || bad "CONTRIBUTING.md has lost its rows"
while read -r row; do grep -rqF -- "$row" "$src/src/daemons" "$src/include/maillog/schema" || bad "CONTRIBUTING.md shows what is not there: $row"; done <"$work/rows"

# commands of sh blocks
sed -E 's/#.*//; s/\\$//' "$work"/*.sh >"$work/commands"
for file in $(grep -oE '\b(sh|python3) [a-z./-]+\.(sh|py)' "$work/commands" | sed 's/.* //' | sort -u); do
    [ -e "$src/$file" ] || bad "no such script: $file"
done
for program in $(grep -oE 'build/(bench|tests|examples)/[a-z_]+' "$work/commands" | sort -u); do
    grep -qwE "${program##*/}" "$src/${program#build/}"*.c "$src/$(basename "$(dirname "$program")")"/CMakeLists.txt 2>/dev/null || bad "no such program: $program"
done
[ -n "$maillog" ] || exit $fail
for command in trace events summary unmatched export; do
    "$maillog" $command --help >"$work/help.$command"
    for option in $(grep -hoE "maillog $command [^|]*" "$work/commands" | grep -oE -- ' --[a-z-]+' | sort -u); do
        grep -qE -- "$option\b" "$work/help.$command" || bad "maillog $command has no $option"
    done
done
command=$(sed -n 's/^`maillog \(trace --story .*\)` (.*/\1/p' "$src/README.md")
# shellcheck disable=SC2086
(cd "$src" && "$maillog" $command) >"$work/story" || bad "the README's command: maillog $command"
cat "$work"/*.README_2.text | diff - "$work/story" || bad "the README shows another story than the command prints"
exit $fail
