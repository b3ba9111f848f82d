// The same bytes give the same events. Usage: node test.mjs MAILLOG.wasm VECTORS | node test.mjs MAILLOG.wasm --bench LOG
import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { load } from './maillog.mjs';

const [module, vectors, log] = process.argv.slice(2);
const maillog = await load(readFileSync(module));

function bench() {
  const text = readFileSync(log), QUEUE_ID = maillog.id('queue_id'), STATUS = maillog.id('status');
  const delivery = [...maillog.types].find(([, name]) => name === 'delivery')[0];
  let least = Infinity, events, sent;
  for (let round = 0; round < 3; round++) {
    events = sent = 0;
    let ids = 0;
    const start = process.cpuUsage();
    for (const ev of maillog.events([text])) {
      events++;
      if (ev.get(QUEUE_ID) !== undefined) ids++;
      if (ev.type === delivery && ev.get(STATUS) === 'sent') sent++;
    }
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) * 1000 / events);
  }
  console.log(`${events} ${sent} ${least.toFixed(1)}`);
}

// Bytes of a text in which \udc80..\udcff stand for bytes that are no UTF-8, as latin1.
function raw(text) {
  const parts = text.split(/([\udc80-\udcff])(?<![\ud800-\udbff].)/);
  return Buffer.concat(parts.map((p) => (/^[\udc80-\udcff]$/.test(p) ? Buffer.from([p.charCodeAt(0) - 0xdc00]) : Buffer.from(p)))).latin1Slice();
}
const latin1 = (bytes) => Buffer.from(bytes).latin1Slice();

function vector(ev) {
  const v = { line: latin1(ev.line), time: ev.time, daemon: ev.daemon, event: ev.name, match: ev.match, marks: ev.marks,
    fields: [...ev].map(([name, bytes]) => [name, latin1(bytes)]) };
  if (!v.marks.length) delete v.marks;
  for (const key of Object.keys(v)) if (v[key] === undefined) delete v[key];
  return v;
}

function * cut(buffer, size) {
  for (let i = 0; i < buffer.length; i += size) yield buffer.subarray(i, i + size);
}

function test() {
  const want = readFileSync(vectors, 'utf8').trimEnd().split('\n').map((l) => JSON.parse(l));
  for (const w of want) { w.line = raw(w.line); w.fields = w.fields.map(([name, text]) => [name, raw(text)]); }
  const text = Buffer.from(want.map((w) => w.line + '\n').join(''), 'latin1');
  for (const size of [1 << 22, 777]) {
    let i = 0;
    for (const ev of maillog.events(cut(text, size))) assert.deepStrictEqual(vector(ev), want[i++]);
    assert.strictEqual(i, want.length);
  }
  const long = Buffer.alloc(3 << 20, 'x');
  assert.ok([...maillog.events([long])].length >= 3, 'a line longer than the memory comes in parts');
  const [ev] = maillog.events([Buffer.from('Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed')]);
  assert.strictEqual(ev.name, 'removed');
  assert.strictEqual(ev.get('to'), undefined);
  assert.throws(() => ev.get('no_such_field'), RangeError);
  console.log(`${want.length} vectors\nok`);
}

if (vectors === '--bench') bench();
else test();
