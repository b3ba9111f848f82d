#!/bin/sh
# Static analysis of src/: gcc -fanalyzer, cppcheck, clang-tidy (.clang-tidy), scan-build. Silent and exit 0, or what they found.
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need cmake cmake
need gcc gcc
need clang clang
need cppcheck cppcheck
need clang-tidy clang-tidy
status=0
for f in $(find src -name '*.c'); do
    gcc -std=c11 -O1 -fanalyzer -Wall -Wextra -Wconversion -Wshadow -Werror -Iinclude -c "$f" -o /dev/null || status=1
    clang --analyze --analyzer-output text -Xclang -analyzer-werror -std=c11 -Iinclude "$f" -o /dev/null || status=1
done
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem \
    --suppress=normalCheckLevelMaxBranches --suppress=pointerOutOfBoundsCond:src/base/cursor.h -Iinclude src || status=1
clang-tidy --quiet --warnings-as-errors='*' $(find src -name '*.c') -- -std=c11 -Iinclude 2>/dev/null || status=1
exit $status
