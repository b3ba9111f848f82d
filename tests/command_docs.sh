#!/bin/sh
# usage: command_docs.sh MAILLOG SOURCE-DIR: every option is in the manual page and in the completions, and nothing else is.
set -eu
. "$2/tests/support/command.sh"
source=$2 page=$2/docs/man/maillog.1 completion=$2/examples/maillog/completion
exits 0 "$maillog" --help; says "$work/out" "usage: maillog trace|events|summary|unmatched|export"
for command in trace events summary unmatched export; do
    exits 0 "$maillog" $command --help; says "$work/out" "usage: maillog $command"; cp "$work/out" "$work/help"
    for option in $(sed -n 's/^  \(-.,\|   \) --\([a-z-]*\).*/\2/p' "$work/help"); do
        [ "$option" = version ] || grep -qE "^\.It .*Fl -$option( |\$)" "$page" || fail "maillog(1) does not describe --$option"
        grep -q -- "--$option[ \")]" "$completion/maillog.bash" || fail "the completion for bash lacks --$option"
        grep -q -- "--$option[=[]" "$completion/_maillog" || fail "the completion for zsh lacks --$option"
        grep -q -- "from $command\" -l $option " "$completion/maillog.fish" || fail "the completion for fish lacks --$option"
    done
done
for option in $(grep -oE '^\.It .*' "$page" | grep -oE 'Fl -[a-z-]+' | sed 's/Fl -//' | sort -u); do
    for command in trace events summary unmatched export; do "$maillog" $command --help; done | grep -q -- "--$option" || fail "maillog(1) describes --$option"
done
if command -v mandoc >/dev/null; then
    mandoc -T lint -W style "$page" > "$work/lint" 2>&1 || true
    ! grep -vE 'referenced manual not found|outdated mandoc.db' "$work/lint" || fail "mandoc -T lint"
    mandoc -T markdown "$page" > "$work/page"; says "$work/page" CONDITIONS
else
    echo "SKIPPED: mandoc is not installed"
fi
if command -v bash >/dev/null; then
    complete=". '$completion/maillog.bash'; COMP_WORDS=(maillog trace --verd); COMP_CWORD=2; _maillog; echo \"\${COMPREPLY[@]}\""
    [ "$(bash -c "$complete")" = --verdict ] || fail "bash completes --verdict"
fi
if command -v python3 >/dev/null; then
    mkdir "$work/new"; python3 "$source/scripts/completion.py" "$maillog" "$work/new"
    diff -r "$work/new" "$completion" || fail "completions are not those of scripts/completion.py"
fi
echo "docs: right"
