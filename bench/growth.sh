#!/bin/sh
# usage: growth.sh [--quick | --huge] [--again] [--write] [size] [memory] [width] [unknown] [live] [programs] [threads]
# Time against size of the log, length of lines, share of unknown lines, live messages, other programs, threads: is it straight?
# Installs what is missing, builds, measures (some eight minutes; --huge: up to 10 GB and a million messages, an hour; --quick: one).
# What was measured is kept in build/growth-runs.tsv: a run that was broken off goes on there; --again begins anew. Prints a table;
# --write puts it into docs/performance.md, and draws docs/growth-*.svg. Only some of the curves: name them.
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need python3 python3
need gnuplot gnuplot-nox
need cmake cmake
need gcc gcc
cmake -B build -DMAILLOG_BUILD_BENCH=ON >/dev/null
build_targets maillog_command make_log bench_parse
exec python3 bench/growth.py build "$@"
