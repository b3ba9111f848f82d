// usage: ipc_test.mjs NDJSON FILE.arrow: what apache-arrow reads from the file is what the command printed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DataType, tableFromIPC } from 'apache-arrow';

const [ndjson, file] = process.argv.slice(2);
const want = readFileSync(ndjson, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
const table = tableFromIPC(readFileSync(file));

// null in the file stands for what the JSON leaves out; only the file's columns count
function pick(type, value) {
  if (value === undefined || value === null) return null;
  if (DataType.isDictionary(type)) return String(value);
  if (DataType.isInt(type) || DataType.isFloat(type)) return Number(value);
  if (DataType.isList(type)) return [...value].map((item) => pick(type.children[0].type, item));
  if (DataType.isStruct(type)) return Object.fromEntries(type.children.map((f) => [f.name, pick(f.type, value[f.name])]));
  return DataType.isBool(type) ? value : String(value);
}
assert.equal(table.numRows, want.length);
let values = 0;
for (const { name, type } of table.schema.fields) {
  const column = table.getChild(name);
  want.forEach((row, i) => {
    assert.deepEqual(pick(type, column.get(i)), pick(type, row[name]), `${name} of row ${i}`);
    values += row[name] !== undefined;
  });
}
assert.ok(values > want.length * 3);
console.log(`${table.numRows} rows, ${table.schema.fields.length} columns, ${values} values: equal`);
