'use strict';
// The vectors, pieces of any size, filter, errors, messages. Usage: MAILLOG_ADDON=… node test.js VECTORS LOG
const assert = require('node:assert');
const fs = require('node:fs');
const { events, messages, Batch } = require('./index.js');

const [vectors, log] = process.argv.slice(2);
const LINE = 'Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed\n';

// Bytes of a text in which \udc80..\udcff stand for bytes that are no UTF-8, as latin1.
function raw(text) {
  const parts = text.split(/([\udc80-\udcff])(?<![\ud800-\udbff].)/);
  return Buffer.concat(parts.map((p) => (/^[\udc80-\udcff]$/.test(p) ? Buffer.from([p.charCodeAt(0) - 0xdc00]) : Buffer.from(p)))).latin1Slice();
}

function vector(ev) {
  const v = { line: ev.line.latin1Slice(), time: ev.time, daemon: ev.daemon, event: ev.name, match: ev.match, marks: ev.marks,
    fields: [...ev].map(([name, bytes]) => [name, bytes.latin1Slice()]) };
  if (!v.marks.length) delete v.marks;
  for (const key of Object.keys(v)) if (v[key] === undefined) delete v[key];
  return v;
}

function * cut(buffer, size) {
  for (let i = 0; i < buffer.length; i += size) yield buffer.subarray(i, i + size);
}

(async () => {
  const want = fs.readFileSync(vectors, 'utf8').trimEnd().split('\n').map((l) => JSON.parse(l));
  for (const w of want) { w.line = raw(w.line); w.fields = w.fields.map(([name, text]) => [name, raw(text)]); }
  const text = Buffer.from(want.map((w) => w.line + '\n').join(''), 'latin1');
  for (const size of [1 << 20, 777]) {
    let i = 0;
    for await (const ev of events(cut(text, size))) assert.deepStrictEqual(vector(ev), want[i++]);
    assert.strictEqual(i, want.length);
  }
  for await (const ev of events([Buffer.from(LINE + 'Jul 19 07:59:11 mail postfix/smtpd[1]: connect from a[192.0.2.1]\n')], ['connect'])) {
    assert.strictEqual(ev.name, 'connect');
    assert.strictEqual(ev.get('client_addr'), '192.0.2.1');
    assert.strictEqual(ev.get('to'), undefined);
    assert.throws(() => ev.get('no_such_field'), RangeError);
  }
  const failing = (async function * () { yield Buffer.from(LINE); throw new Error('mine'); })();
  await assert.rejects(async () => { for await (const ev of events(failing)) assert.ok(ev); }, /mine/);
  assert.throws(() => new Batch().parse('no buffer'));
  assert.strictEqual(new Batch().parse(Buffer.alloc(0), true), 0);
  const got = [];
  for await (const m of messages(fs.createReadStream(log, { highWaterMark: 100 }))) got.push(m);
  assert.strictEqual(got.length, 1);
  assert.deepStrictEqual(got[0].queue_ids, ['B8D5D20BDD', '96E1820C16']);
  assert.match(got[0].why, /INBOX/);
  console.log(`${want.length} vectors\nok`);
})();
