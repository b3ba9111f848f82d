#!/bin/sh
# usage: migrate.sh SOURCE-DIR: events and fields named in docs/migrate.md are in the schema, and belong together.
set -eu
src=$1
# schema.json has an event a line
rows=$(grep -c '"family":"postfix"' "$src/schema.json")
[ "$rows" -gt 100 ] || { echo "FAIL: schema.json is not as this test thinks"; exit 1; }
awk -F'|' '
    FILENAME ~ /schema.json$/ {
        if (match($0, /"family":"postfix(_library)?","name":"[a-z0-9_]+"/)) {
            name = substr($0, RSTART, RLENGTH); sub(/.*"name":"/, "", name); sub(/"$/, "", name)
            list = $0; sub(/.*"fields":\[/, "", list); has[name] = has[name] "," list ","
        }
        next
    }
    /^\| `POSTFIX/ {
        rows++
        n = split($3, events, /[ ,`]+/); m = split($4, wanted, /[ `]+/)
        for (i = 1; i <= n; i++) {
            if (events[i] == "") continue
            if (!(events[i] in has)) { print "FAIL: no event " events[i]; bad = 1; continue }
            for (k = 1; k <= m; k++)
                if (wanted[k] != "" && index(has[events[i]], "\"" wanted[k] "\"") == 0) {
                    print "FAIL: " events[i] " has no " wanted[k]; bad = 1
                }
        }
    }
    END { if (rows < 30) { print "FAIL: " rows " rows found"; bad = 1 } exit bad }' "$src/schema.json" "$src/docs/migrate.md"
