#!/bin/sh
# Install what is missing, build, run every test. Safe to run again.
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need cmake cmake
need cc gcc
need pkg-config pkg-config
need_pkg cmocka libcmocka-dev
need_pkg libarchive libarchive-dev
need_pkg zlib zlib1g-dev
need_pkg libsystemd libsystemd-dev
# tools that some tests compare with, or look through: without them those are skipped, and say so
for tool in pflogsumm tmux mandoc doxygen zsh fish valgrind; do (need $tool $tool) || echo "$tool cannot be installed"; done
(need abidiff abigail-tools) || echo "abidiff cannot be installed"
[ -x /lib/systemd/systemd-journal-remote ] || (install_packages systemd-journal-remote) || echo "systemd-journal-remote cannot be installed"
cmake -B build -DMAILLOG_BUILD_TESTS=ON -DMAILLOG_BUILD_BENCH=ON >/dev/null
cmake --build build -j "$(nproc)"
ctest --test-dir build --output-on-failure -j "$(nproc)"
sh scripts/fuzz.sh "${MAILLOG_FUZZ_SECONDS:-3}"
sh scripts/test-bindings.sh build
