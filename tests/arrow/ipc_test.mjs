// usage: ipc_test.mjs NDJSON FILE.arrow: what apache-arrow reads from the file (or from a stream's) is what the command
// printed as JSON, value by value: every column, all the way down.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DataType, tableFromIPC } from 'apache-arrow';

const [ndjson, file] = process.argv.slice(2);
const want = readFileSync(ndjson, 'utf8').split('\n').filter((line) => line).map((line) => JSON.parse(line));
const table = tableFromIPC(readFileSync(file));
const lone = /[\ud800-\udfff]/u; // JSON's way to write bytes that are not UTF-8; in the table they are question marks

// What is not there: null in the file, left out of the JSON; an empty list, a struct of nulls, false. JSON counts the
// attempts of a delivery from two on.
const member = (name, value) => (name === 'attempts' && value <= 1 ? null : value);
function pick(type, value) {
  if (DataType.isList(type)) return [...(value ?? [])].map((item) => pick(type.children[0].type, item));
  if (DataType.isStruct(type)) return Object.fromEntries(type.children.map((f) => [f.name, pick(f.type, member(f.name, value?.[f.name]))]));
  if (DataType.isBool(type)) return value ?? false;
  if (value === undefined || value === null) return null;
  if (DataType.isTimestamp(type)) return typeof value === 'string' ? Date.parse(/[Z+-]\d*:?\d*$/.test(value.slice(19)) ? value : `${value}Z`) : Math.floor(Number(value));
  if (DataType.isInt(type) || DataType.isFloat(type)) return Number(value);
  return String(value).replaceAll(/[\ud800-\udfff]/gu, '?');
}
// a word that the schema does not have, or a number that is none, is null in the table
const isForeign = (type, value) => (DataType.isDictionary(type) && !dictionaries.has(value)) || ((DataType.isInt(type) || DataType.isFloat(type)) && Number.isNaN(Number(value)));
const dictionaries = new Set();
for (const [i, { type }] of table.schema.fields.entries())
  if (DataType.isDictionary(type)) for (const batch of table.batches) for (const word of batch.getChildAt(i).data[0].dictionary) dictionaries.add(word);

assert.equal(table.numRows, want.length);
let values = 0, foreign = 0;
for (const { name, type } of table.schema.fields) {
  const column = table.getChild(name);
  want.forEach((row, i) => {
    const have = pick(type, column.get(i));
    if (row[name] !== undefined && have === null && isForeign(type, row[name])) { foreign++; return; }
    assert.deepEqual(have, pick(type, row[name]), `${name} of row ${i}`);
    values += row[name] !== undefined;
  });
}
assert.ok(values >= want.length * 3);
console.log(`${table.numRows} rows, ${table.schema.fields.length} columns, ${table.batches.length} batches, ${values} values: equal` + (foreign ? `; ${foreign} words or numbers that are none: null` : ''));
