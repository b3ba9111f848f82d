// usage: maillog trace --json LOG | ipc.mjs messages OUT.arrow      or: maillog events --json LOG | ipc.mjs events OUT.arrow
// An Arrow IPC file of what the command prints, nested as it is: for polars, pandas, R, DuckDB, Observable. Needs npm's
// apache-arrow, installed beside this file or above it.
import { createInterface } from 'node:readline';
import { writeFileSync } from 'node:fs';
import * as arrow from 'apache-arrow';

const { Bool, Dictionary, Field, Float64, Int32, Int64, List, Struct, Utf8 } = arrow;
const text = new Utf8(), number = new Int64(), real = new Float64(), flag = new Bool(), word = () => new Dictionary(new Utf8(), new Int32());
const list = (type) => new List(new Field('item', type, true));
const struct = (members) => new Struct(Object.entries(members).map(([name, type]) => new Field(name, type, true)));
const texts = (...names) => Object.fromEntries(names.map((name) => [name, text]));

const recipient = struct({
  ...texts('to', 'orig_to', 'queue_id', 'relay', 'status', 'dsn', 'reply'), delay: real, attempts: number,
  final: struct(texts('by', 'user', 'mailbox', 'action')), verdict: text, line: number,
});
const TABLES = {
  events: {
    line: number, ...texts('time', 'host', 'program', 'pid'), daemon: word(), event: word(), match: word(), ...texts('queue_id', 'client_name',
      'client_addr', 'helo', 'from', 'to', 'orig_to', 'message_id', 'relay'), size: number, nrcpt: number, delay: real,
    ...texts('dsn', 'status', 'reply', 'stage', 'code', 'reason', 'action', 'message', 'rest'),
  },
  messages: {
    ...texts('verdict', 'host', 'from', 'message_id'), size: number, nrcpt: number, ...texts('first_time', 'last_time'),
    client: struct(texts('name', 'addr', 'port', 'helo', 'proto', 'sasl_username', 'tls')), queue_ids: list(text),
    legs: list(struct({
      ...texts('queue_id', 'instance', 'host', 'client_name', 'client_addr', 'from'), size: number, nrcpt: number, message_id: text,
      removed: flag, notification: flag, lines: list(number),
    })),
    links: list(struct({ ...texts('from', 'to', 'proof', 'confidence'), disputed: flag, lines: list(number) })),
    recipients: list(recipient), notifications: list(recipient),
    checks: list(struct({
      ...texts('by', 'check', 'result', 'action', 'stage', 'code', 'dsn', 'score'), ms: real, ...texts('text', 'to'), decided: flag, line: number,
      config: struct({ file: text, line: number, setting: text, note: text }),
    })),
    faults: list(struct({ ...texts('by', 'text'), line: number })), why: text, state: text, lines: list(number),
  },
};

// JSON's value as the builder of a type wants it; what is not there is null
function as(type, value) {
  if (value === undefined || value === null) return null;
  if (arrow.DataType.isInt(type)) return BigInt(value);
  if (arrow.DataType.isFloat(type)) return Number(value);
  if (arrow.DataType.isList(type)) return value.map((item) => as(type.children[0].type, item));
  if (arrow.DataType.isStruct(type)) return Object.fromEntries(type.children.map((f) => [f.name, as(f.type, value[f.name])]));
  return arrow.DataType.isBool(type) ? value : String(value).replace(/[\ud800-\udfff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}

const [table, out] = process.argv.slice(2);
const columns = Object.entries(TABLES[table] ?? {}).map(([name, type]) => ({ name, type, builder: arrow.makeBuilder({ type, nullValues: [null] }) }));
if (!columns.length || !out) throw new Error('usage: ipc.mjs events|messages OUT.arrow < NDJSON');
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const row = JSON.parse(line);
  for (const { name, type, builder } of columns) builder.append(as(type, row[name]));
}
const vectors = Object.fromEntries(columns.map(({ name, builder }) => [name, builder.finish().toVector()]));
writeFileSync(out, arrow.tableToIPC(new arrow.Table(vectors), 'file'));
