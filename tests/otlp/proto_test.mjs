// usage: proto_test.mjs < TRACES.json: each line, as OpenTelemetry's own protobuf definitions have it: through their message
// types into protobuf's bytes and back, nothing is lost or changed. The JSON form (https://protobuf.dev/programming-guides/json,
// with OTLP's differences): lowerCamelCase, 64-bit integers as strings, enums as numbers, ids in hex.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const { opentelemetry } = createRequire(import.meta.url)('@opentelemetry/otlp-transformer/build/src/generated/root.js');
const { trace, collector } = opentelemetry.proto;
const IDS = { traceId: 16, spanId: 8, parentSpanId: 8 };
let spans = 0, values = 0;

// protobuf knows no list that is there and empty
function full(o) {
  if (Array.isArray(o)) return o.map(full);
  if (o === null || typeof o !== 'object') return o;
  return Object.fromEntries(Object.entries(o).filter(([, value]) => !Array.isArray(value) || value.length).map(([name, value]) => [name, full(value)]));
}
// hex into bytes, or back
function ids(o, to) {
  if (Array.isArray(o)) return o.map((item) => ids(item, to));
  if (o === null || typeof o !== 'object' || o instanceof Uint8Array) return o;
  return Object.fromEntries(Object.entries(o).map(([name, value]) => [name, name in IDS ? to(name, value) : ids(value, to)]));
}
const bytes = (name, hex) => {
  assert.match(hex, new RegExp(`^[0-9a-f]{${2 * IDS[name]}}$`), name);
  assert.notEqual(BigInt(`0x${hex}`), 0n, name); // all zeroes are no id
  return Buffer.from(hex, 'hex');
};
const hex = (name, value) => Buffer.from(value).toString('hex');

// what protobuf's JSON form asks of a value, and a reader of JSON would forgive
function check(o) {
  for (const [name, value] of Object.entries(o)) {
    values++;
    if (/(UnixNano|^intValue)$/.test(name)) assert.match(value, /^-?(0|[1-9][0-9]*)$/, name);
    if (name === 'kind') assert.ok(Number.isInteger(value) && value in trace.v1.Span.SpanKind, name);
    if (name === 'code') assert.ok(Number.isInteger(value) && value in trace.v1.Status.StatusCode, name);
    if (value !== null && typeof value === 'object') check(value);
  }
}

for (const line of readFileSync(0, 'utf8').split('\n').filter((l) => l)) {
  const ours = JSON.parse(line);
  check(ours);
  for (const type of [trace.v1.TracesData, collector.trace.v1.ExportTraceServiceRequest]) {
    const plain = ids(ours, bytes);
    const message = type.fromObject(plain);
    assert.equal(type.verify(message), null);
    const back = type.decode(type.encode(message).finish());
    assert.deepEqual(ids(type.toObject(back, { longs: String, bytes: Array }), hex), full(ours));
  }
  for (const r of ours.resourceSpans) for (const s of r.scopeSpans) spans += s.spans.length;
}
assert.ok(spans);
console.log(`${spans} spans, ${values} values: as the protobuf definitions have them`);
