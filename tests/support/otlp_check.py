#!/usr/bin/env python3
"""usage: otlp_check.py < TRACES: each line must be a TracesData in OTLP's JSON form. Prints each trace as a tree:
depth, name, seconds, error.

The tables are those of opentelemetry/proto/{trace,common,resource}/v1 in the JSON mapping of protobuf, with the changes
of the OTLP specification: ids in hex, enumerations as numbers."""
import json
import re
import sys

MESSAGES = {
    "TracesData": {"resourceSpans": ["ResourceSpans"]},
    "ResourceSpans": {"resource": "Resource", "scopeSpans": ["ScopeSpans"], "schemaUrl": "string"},
    "Resource": {"attributes": ["KeyValue"], "droppedAttributesCount": "uint32"},
    "ScopeSpans": {"scope": "Scope", "spans": ["Span"], "schemaUrl": "string"},
    "Scope": {"name": "string", "version": "string", "attributes": ["KeyValue"], "droppedAttributesCount": "uint32"},
    "Span": {"traceId": "id16", "spanId": "id8", "traceState": "string", "parentSpanId": "id8", "flags": "uint32",
             "name": "string", "kind": "enum5", "startTimeUnixNano": "fixed64", "endTimeUnixNano": "fixed64",
             "attributes": ["KeyValue"], "droppedAttributesCount": "uint32", "events": ["Event"],
             "droppedEventsCount": "uint32", "links": ["Link"], "droppedLinksCount": "uint32", "status": "Status"},
    "Event": {"timeUnixNano": "fixed64", "name": "string", "attributes": ["KeyValue"], "droppedAttributesCount": "uint32"},
    "Link": {"traceId": "id16", "spanId": "id8", "traceState": "string", "attributes": ["KeyValue"],
             "droppedAttributesCount": "uint32", "flags": "uint32"},
    "Status": {"message": "string", "code": "enum2"},
    "KeyValue": {"key": "string", "value": "AnyValue"},
    "AnyValue": {"stringValue": "string", "boolValue": "bool", "intValue": "int64", "doubleValue": "double",
                 "arrayValue": "ArrayValue", "kvlistValue": "KeyValueList", "bytesValue": "string"},
    "ArrayValue": {"values": ["AnyValue"]},
    "KeyValueList": {"values": ["KeyValue"]},
}
REQUIRED = {"Span": {"traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano"}, "KeyValue": {"key", "value"},
            "Event": {"timeUnixNano", "name"}}


def hexadecimal(digits):
    return lambda v: isinstance(v, str) and re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", v) and set(v) != {"0"}


def whole(low, high):
    # 64-bit numbers are decimal strings: JSON's own numbers are no longer exact there
    return lambda v: isinstance(v, str) and re.fullmatch("-?[0-9]+", v) and low <= int(v) <= high


def number(high):
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= high


SCALARS = {
    "string": lambda v: isinstance(v, str) and not re.search("[\ud800-\udfff]", v),
    "bool": lambda v: isinstance(v, bool),
    "double": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "uint32": number(2**32 - 1), "enum5": number(5), "enum2": number(2),
    "fixed64": whole(0, 2**64 - 1), "int64": whole(-2**63, 2**63 - 1), "id8": hexadecimal(16), "id16": hexadecimal(32),
}


def check(value, kind, where):
    if isinstance(kind, list):
        assert isinstance(value, list), f"{where}: no list"
        for i, v in enumerate(value):
            check(v, kind[0], f"{where}[{i}]")
        keys = [v["key"] for v in value] if kind == ["KeyValue"] else []
        assert len(keys) == len(set(keys)), f"{where}: a key twice"
    elif kind in SCALARS:
        assert SCALARS[kind](value), f"{where}: {value!r} is no {kind}"
    else:
        assert isinstance(value, dict), f"{where}: no object"
        for key, v in value.items():
            assert key in MESSAGES[kind], f"{where}: {kind} has no {key}"
            check(v, MESSAGES[kind][key], f"{where}.{key}")
        missing = REQUIRED.get(kind, set()) - value.keys()
        assert not missing, f"{where}: without {missing}"
        assert kind != "AnyValue" or len(value) == 1, f"{where}: {len(value)} values"


def once(pairs):
    assert len(dict(pairs)) == len(pairs), f"a field twice: {pairs}"
    return dict(pairs)


def tree(spans):
    by_id = {s["spanId"]: s for s in spans}
    assert len(by_id) == len(spans), "a span id twice"
    roots = [s for s in spans if "parentSpanId" not in s]
    assert len(roots) == 1, f"{len(roots)} roots"
    start, end = int(roots[0]["startTimeUnixNano"]), int(roots[0]["endTimeUnixNano"])
    seen = set()

    def walk(s, depth):
        seen.add(s["spanId"])
        a, b = int(s["startTimeUnixNano"]), int(s["endTimeUnixNano"])
        assert start <= a <= b <= end, f"{s['name']}: not inside its message"
        assert s["name"], "no name"
        code = s.get("status", {}).get("code", 0)
        assert code == 2 or "message" not in s.get("status", {}), "a message without an error"
        print("  " * depth + s["name"], f"{(b - a) / 1e9:.6g}" + (" ERROR" if code == 2 else ""))
        for child in sorted(spans, key=lambda child: int(child["startTimeUnixNano"])):
            if child.get("parentSpanId") == s["spanId"]:
                walk(child, depth + 1)

    walk(roots[0], 0)
    assert len(seen) == len(spans), "a span whose parent is not there, or a circle"


def main():
    traces = set()
    for line in sys.stdin:
        data = json.loads(line, object_pairs_hook=once)
        check(data, "TracesData", "line")
        spans = [s for r in data["resourceSpans"] for scope in r["scopeSpans"] for s in scope["spans"]]
        ids = {s["traceId"] for s in spans}
        assert len(ids) == 1, f"{len(ids)} traces in a line"
        assert not ids & traces, "a trace id twice"
        traces |= ids
        tree(spans)


main()
