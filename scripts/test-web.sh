#!/bin/sh
# Build the page of examples/web and try it in headless Chromium. Not part of the ordinary tests. usage: test-web.sh [LOG]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need clang clang
need wasm-ld lld
need node nodejs
need npm npm
need chromium chromium
need wasm-opt binaryen
need zopfli zopfli
log=${1:-}
work=build/web
mkdir -p "$work"
[ -d "$work/node_modules" ] || npm install --silent --no-audit --no-fund --prefix "$work" puppeteer-core
sh examples/web/build.sh . "$work/maillog.html"
size=$(wc -c < "$work/maillog.html")
echo "$size bytes"
if [ "$size" -ge 300000 ]; then
    echo "FAIL: the page is to be under 300,000 bytes"
    exit 1
fi
if [ -z "$log" ]; then # the example's message, once a minute
    log=$work/mail.log
    for n in $(seq 100 299); do
        sed "s/B8D5D20BDD/A${n}ABCDE/g; s/96E1820C16/B${n}ABCDE/g; s/11960-14/11960-$n/; s/ 07:59:/ $(printf '%02d:%02d' $((n / 60)) $((n % 60))):/" examples/seed/mail.log
    done > "$log"
fi
cp examples/web/test.mjs "$work/"
node "$work/test.mjs" "$work/maillog.html" "$log" "$work/page.png"
