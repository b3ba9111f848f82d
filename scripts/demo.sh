#!/bin/sh
# Install what is missing, build, and show the main job on the example log. Safe to run again.
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need cc gcc
need cmake cmake
need make make
need pkg-config pkg-config
need_pkg libarchive libarchive-dev
need_pkg zlib zlib1g-dev
need_pkg libsystemd libsystemd-dev
[ -x build-demo/maillog ] || echo "demo: building, which takes a minute or two" >&2
cmake -B build-demo -DCMAKE_BUILD_TYPE=Release -DMAILLOG_BUILD_TESTS=OFF -DMAILLOG_BUILD_EXAMPLES=OFF -DMAILLOG_BUILD_SHARED=OFF -DMAILLOG_INSTALL=OFF >/dev/null
cmake --build build-demo -j "$(nproc)" >/dev/null
exec build-demo/maillog trace --story --year 2013 --main-cf examples/seed/main.cf --master-cf examples/seed/master.cf examples/seed/mail.log
