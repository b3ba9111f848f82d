#!/bin/sh
# usage: command_terminal.sh MAILLOG SOURCE-DIR: what a person sees: through a terminal (tmux), and the page in a browser (chromium).
set -eu
. "$2/tests/support/command.sh"
cd "$work"
{ mail 1 1 a@example.net x@example.org; mail 2 20 b@example.net y@example.com; mail 3 40 c@example.net x@example.org; } > log

# ---- a terminal ----
server=maillog-test-$$ # one of its own for each terminal: the last one may still be ending
screen() { tmux -L $server capture-pane -p "$@" > screen 2>/dev/null || : > screen; }
# terminal COLUMNS COMMAND: run it in a terminal of that width
terminal() {
    columns=$1; shift
    server=${server}x
    tmux -L $server -f /dev/null new-session -d -x "$columns" -y 40 "export TERM=screen LC_ALL=C.UTF-8 TZ=UTC; unset NO_COLOR COLUMNS; cd '$work'; $*; printf 'the-end\n'; sleep 30"
}
# shows TEXT: it is on the screen within ten seconds
shows() {
    i=0
    while :; do
        screen; grep -qF -- "$1" screen && return
        [ $i -lt 300 ] || { cat screen; tmux -L $server kill-server || true; fail "not on the screen: $1"; }
        i=$((i + 1)); sleep 0.1
    done
}
close() { tmux -L $server kill-server 2>/dev/null || true; }
esc=$(printf '\033')
if command -v tmux >/dev/null; then
    trap 'close; rm -rf "$work"' EXIT
    # a line a message, on one line of the screen, in colour
    terminal 70 "'$maillog' trace --year 2026 log"
    shows the-end
    [ "$(grep -c '^Jul 19' screen)" = 3 ] || { cat screen; fail "one screen line a message"; }
    says screen "A000000003"; says screen "trace --queue-id ID"; says screen "c@example.n… → x@example.org  A000000003"
    screen -e; says screen "$esc["
    close
    terminal 70 "NO_COLOR=1 '$maillog' trace --year 2026 log"; shows the-end; screen -e; says_not screen "$esc["; close
    # narrower: both ends are seen
    terminal 62 "'$maillog' trace --year 2026 log"; shows the-end; says screen "c@examp… → x@exampl…  A000000003"; [ "$(grep -c '^Jul 19' screen)" = 3 ] || fail "one screen line a message"; close
    # help is wrapped, too
    terminal 80 "'$maillog' trace --help | tail -n 5; '$maillog' trace --help"; shows the-end; says screen "                                   behind a check"; close
    # a story is wrapped between words, and what follows is indented
    terminal 60 "'$maillog' trace --year 2026 --queue-id A000000002 log"
    shows the-end; says screen "delivered  2026-07-19 08:20:01"; says screen "  way     "; says screen "  why     "
    [ "$(tr -d '\200-\277' < screen | LC_ALL=C awk 'length > 60' | wc -l)" = 0 ] || { cat screen; fail "wider than the terminal"; }
    grep -q '^          [a-zA-Z]' screen || { cat screen; fail "why is wrapped"; }
    close
    # progress is drawn, and gone at the end; an interrupt shows what is there
    mkfifo pipe
    terminal 80 "'$maillog' trace --year 2026 --progress always pipe"
    exec 3> pipe; i=0; while [ $i -lt 1500 ]; do mail $i $((i % 60)) a@example.net x@example.org; i=$((i + 1)); done > many
    cat many >&3; sleep 0.4; cat many >&3; shows "MB/s"
    mail 9 59 late@example.net x@example.org | head -n 4 >&3; sleep 1
    tmux -L $server send-keys C-c; exec 3>&-
    shows "interrupted at line"; screen; says_not screen "MB/s"; close
    # followed, line by line, until Ctrl-C
    terminal 80 "'$maillog' events --follow --fields queue_id,event log"
    shows '"queue_id":"A000000003","event":"removed"'
    printf 'Jul 19 08:59:01 mx postfix/qmgr[8]: A000000044: removed\n' >> log
    shows "A000000044"; tmux -L $server send-keys C-c; shows the-end; close
    # a pager
    if command -v less >/dev/null; then
        terminal 80 "'$maillog' trace --story --color always --year 2026 log | less -R"
        shows "A000000001"; screen; says_not screen "ESC["; close
    fi
    # charts
    terminal 100 "'$maillog' summary --year 2026 log | head -n 40"; shows the-end; close
else
    echo "SKIPPED: tmux is not installed: nothing was seen in a terminal"
fi

# ---- a browser ----
browser=
for name in chromium chromium-browser google-chrome; do [ -n "$browser" ] || ! command -v $name >/dev/null || browser=$name; done
if [ -n "$browser" ]; then
    exits 0 "$maillog" summary --html page.html --year 2026 log
    # the page, and what its script makes of it: the filter is shown, a click on a heading sorts
    sed 's#</body>#<script>document.querySelector("\#top_senders th").click();document.title="sorted "+document.querySelector("\#top_senders tbody td:last-child").textContent</script></body>#' page.html > clicked.html
    if timeout 60 $browser --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --dump-dom "file://$work/clicked.html" > dom 2> browser.err && [ -s dom ]; then
        says dom "<title>sorted c@example.net</title>"; says dom '<input id="find" type="search" placeholder="filter rows">'
        says dom '<svg viewBox="0 0 960 256"'; says dom 'id="received"><b>3</b>'
        ! grep -q 'CONSOLE' browser.err || { cat browser.err; fail "the browser complains"; }
    else
        echo "SKIPPED: $browser does not run here"
    fi
else
    echo "SKIPPED: no chromium is installed: the page was not seen in a browser"
fi
echo "terminal: right"
