#!/usr/bin/env python3
"""Drives the daemons of one group; started by scripts/test-daemons.sh. usage: run.py GROUP OUT

Writes OUT/GROUP.log (what came by syslog), OUT/GROUP.*.log (what daemons wrote to files), OUT/GROUP.expected (events that must
be among them) and OUT/GROUP.out (what they said otherwise)."""
import importlib
import pathlib
import sys
import traceback

import lab


def main(group, out):
    for old in pathlib.Path(out).glob(group + ".*"):
        if not old.name.endswith(".install"):
            old.unlink()
    here = lab.Lab(group, out)
    module = importlib.import_module("drive_" + group)
    failed = 0
    try:
        for part in module.PARTS:
            try:
                part(here)
            except Exception:  # the other parts go on
                failed += 1
                print(f"{group}: {part.__name__} failed:\n{traceback.format_exc(limit=-3)}", flush=True)
    finally:
        here.finish()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
