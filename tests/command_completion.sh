#!/bin/sh
# usage: command_completion.sh MAILLOG SOURCE-DIR: the completions do what they should in the shells themselves.
set -eu
. "$2/tests/support/command.sh"
completion=$2/examples/maillog/completion
mkdir "$work/bin" "$work/logs"
ln -s "$maillog" "$work/bin/maillog"
: > "$work/logs/main.cf"; : > "$work/logs/mail.log"
PATH=$work/bin:$PATH; export PATH
cd "$work/logs"

# offers LINE WORD…: at its end, the shell offers these words
fish_offers() {
    line=$1; shift
    fish -N -c "source $completion/maillog.fish; complete -C '$line'" > "$work/offered" 2>&1
    for word; do grep -q -- "^$word" "$work/offered" || { cat "$work/offered"; fail "fish: $line: $word"; }; done
}
if command -v fish >/dev/null; then
    fish_offers "maillog " trace events summary unmatched export
    fish_offers "maillog trace --verd" --verdict
    fish_offers "maillog trace --verdict gr" greylisted
    fish_offers "maillog trace --color " always auto never
    fish_offers "maillog events --format " json csv tsv logfmt
    fish_offers "maillog trace --main-cf ma" main.cf mail.log
    fish_offers "maillog summary ma" mail.log
    fish_offers "maillog summary --ht" --html
    ! fish -N -c "source $completion/maillog.fish; complete -C 'maillog events --ht'" | grep -q -- --html || fail "fish: events has no --html"
else
    echo "SKIPPED: fish is not installed"
fi

bash_offers() {
    line=$1; shift
    bash -c '. "$1"; COMP_WORDS=($2); case $2 in *" ") COMP_WORDS+=("") ;; esac; COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _maillog; printf "%s\n" "${COMPREPLY[@]}"' - \
        "$completion/maillog.bash" "$line" > "$work/offered"
    for word; do grep -qx -- "$word" "$work/offered" || { cat "$work/offered"; fail "bash: $line: $word"; }; done
}
if command -v bash >/dev/null; then
    bash_offers "maillog " trace events summary unmatched export
    bash_offers "maillog trace --verd" --verdict
    bash_offers "maillog trace --verdict gr" greylisted
    bash_offers "maillog trace --color " always auto never
    bash_offers "maillog trace --main-cf ma" main.cf mail.log
    bash_offers "maillog summary ma" mail.log
fi

# zsh completes in a terminal alone
server=maillog-completion-$$
# shows PATTERN: it is on the screen within twenty seconds
shows() {
    i=0
    while :; do
        tmux -L $server capture-pane -p > "$work/screen"
        grep -q -- "$1" "$work/screen" && break
        [ $i -lt 200 ] || { cat "$work/screen"; fail "zsh: not on the screen: $1"; }
        i=$((i + 1)); sleep 0.1
    done
}
zsh_completes() {
    tmux -L $server send-keys C-u "$1" Tab
    shows "$2"
    tmux -L $server send-keys C-u C-l
}
if command -v zsh >/dev/null && command -v tmux >/dev/null; then
    trap 'tmux -L $server kill-server 2>/dev/null || true; rm -rf "$work"' EXIT
    tmux -L $server -f /dev/null new-session -d -x 120 -y 60 "cd '$work/logs'; zsh -f"
    shows '[#%]'
    tmux -L $server send-keys "PS1='ready> '; fpath=('$completion' \$fpath); autoload -U compinit; compinit -D -u; setopt nobeep; clear" Enter
    shows '^ready> *$'
    zsh_completes "maillog tra" "^ready> maillog trace"
    zsh_completes "maillog trace --verd" "maillog trace --verdict="
    zsh_completes "maillog trace --verdict=grey" "maillog trace --verdict=greylisted"
    zsh_completes "maillog events --format=log" "maillog events --format=logfmt"
    zsh_completes "maillog trace --main-cf=main" "maillog trace --main-cf=main.cf"
    zsh_completes "maillog summary --" "--html "
    zsh_completes "maillog summary mail" "^ready> maillog summary mail.log"
else
    echo "SKIPPED: zsh or tmux is not installed"
fi
echo "completion: right"
