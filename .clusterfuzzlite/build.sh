#!/bin/bash -eu
# For OSS-Fuzz and ClusterFuzzLite: their compiler, flags and engine come in CC, CFLAGS and LIB_FUZZING_ENGINE, where to write in
# WORK and OUT. Each target goes with its corpus, packed, and the schema's dictionary.
cmake -S . -B "$WORK/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DMAILLOG_BUILD_FUZZ=ON -DMAILLOG_BUILD_TESTS=OFF \
    -DMAILLOG_BUILD_SHARED=OFF -DMAILLOG_BUILD_COMMAND=OFF -DMAILLOG_BUILD_EXAMPLES=OFF
cmake --build "$WORK/build"
for target in fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    cp "$WORK/build/fuzz/$name" "$OUT/"
    cp "fuzz/packs/$name.zip" "$OUT/${name}_seed_corpus.zip"
    zip -jq "$OUT/${name}_seed_corpus.zip" fuzz/corpus/*
    cp fuzz/maillog.dict "$OUT/$name.dict"
    printf '[libfuzzer]\nmax_len = 8192\n' >"$OUT/$name.options"
done
