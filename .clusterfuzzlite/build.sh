#!/bin/bash -eu
# For OSS-Fuzz and ClusterFuzzLite: their compiler, flags and engine come in CC, CFLAGS and LIB_FUZZING_ENGINE.
cmake -S . -B "$WORK/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DMAILLOG_BUILD_FUZZ=ON -DMAILLOG_BUILD_TESTS=OFF \
    -DMAILLOG_BUILD_SHARED=OFF -DMAILLOG_BUILD_COMMAND=OFF -DMAILLOG_BUILD_EXAMPLES=OFF
cmake --build "$WORK/build"
zip -jq "$WORK/corpus.zip" fuzz/corpus/*
for target in fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    cp "$WORK/build/fuzz/$name" "$OUT/"
    cp "$WORK/corpus.zip" "$OUT/${name}_seed_corpus.zip"
    cp fuzz/maillog.dict "$OUT/$name.dict"
done
