#!/bin/sh
# usage: run.sh [--quick] [--write] [library] [peers] [processes]
# What lines cost, beside other programs that read the same, as tables in Markdown: installs what is missing, builds, makes the
# logs, checks that all find the same, measures. Some five minutes; --quick: one and a half, with fewer rounds and smaller logs.
# --write puts the tables into README.md and docs/performance.md, too. Only some of the three tables: name them. Figures of a machine that does other things vary.
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need python3 python3
need pkg-config pkg-config
need re2c re2c
need_pkg libpcre2-8 libpcre2-dev
need_pkg lognorm liblognorm-dev
need valgrind valgrind
need pflogsumm pflogsumm
need gcc gcc
need cmake cmake
cmake -B build -DMAILLOG_BUILD_BENCH=ON >/dev/null
build_targets maillog_command make_log bench_parse bench_join bench_peers
if [ "$(uname -m)" = x86_64 ]; then build_targets bench_parse_sse2; fi
exec python3 bench/run.py build "$@"
