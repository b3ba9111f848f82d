#!/bin/sh
# The corpus of fuzz/packs anew: the fewest short inputs of the packs, of build-fuzz/corpus (what fuzz.sh found) and of the folders
# given that reach all the code that they reach, for each target. Needs the targets of fuzz.sh.
# usage: fuzz-pack.sh [FOLDER-WITH-A-FOLDER-FOR-EACH-TARGET …]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need zip zip
need unzip unzip
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p fuzz/packs
for target in $(cd fuzz && ls fuzz_*.c | sed 's/\.c$//'); do
    mkdir "$work/all" "$work/fewest"
    case $target in # one line, or several that belong together
    fuzz_join | fuzz_attach | fuzz_postfix_config) most=1024 ;;
    *) most=400 ;;
    esac
    for folder in build-fuzz/corpus "$@"; do
        [ ! -d "$folder/$target" ] || find "$folder/$target" -type f -size "-${most}c" -exec cp -t "$work/all" {} + || : # a fuzzer that runs takes some away
    done
    [ ! -f "fuzz/packs/$target.zip" ] || unzip -qo -d "$work/all" "fuzz/packs/$target.zip"
    "build-fuzz/fuzz/$target" -set_cover_merge=1 -use_counters=0 "$work/fewest" "$work/all" 2>"$work/log" || { tail -20 "$work/log"; exit 1; }
    rm -f "fuzz/packs/$target.zip"
    # stored as they are, in one order, without times and owners, by the first figures of their hash: the same inputs are the same pack
    (cd "$work/fewest" && for f in *; do mv "$f" "$(printf %.8s "$f")"; done)
    (cd "$work/fewest" && touch -d 2000-01-01 ./* && ls | zip -0 -X -D -q -@ "$work/pack.zip")
    mv "$work/pack.zip" "fuzz/packs/$target.zip"
    echo "$target: $(ls "$work/all" | wc -l) inputs, $(ls "$work/fewest" | wc -l) kept, $(wc -c <"fuzz/packs/$target.zip") bytes"
    rm -r "$work/all" "$work/fewest"
done
