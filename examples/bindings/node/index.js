'use strict';
// maillog for Node.js. Events come in batches of typed arrays; strings are made when they are asked for.
//
//   for await (const ev of events(fs.createReadStream('/var/log/mail.log')))
//     if (ev.name === 'delivery') console.log(ev.get('queue_id'), ev.get('status'));
//
// An event is good for one turn of the loop: the arrays are used again.
const addon = require(process.env.MAILLOG_ADDON || './maillog.node');

const ROW = 10; // words of 32 bits: off len field nfields flags type|daemon|match time×4
const FIELD = 3; // id|word off len
const MATCHES = ['raw', 'header', 'daemon', 'event'];
const MARKS = ['truncated', 'ambiguous', 'fields_full', 'continued', 'oversized', 'escaped'];
const ids = new Map();
addon.fields.forEach((name, id) => ids.set(name, id));
const two = (n) => String(n).padStart(2, '0');

/** A row of a batch. Texts are UTF-8; bytes() has what is not. */
class Event {
  constructor(batch) { this.batch = batch; this.row = 0; }
  get #at() { return this.row * ROW; }
  get type() { return this.batch.rows[this.#at + 5] & 0xffff; }
  get name() { return addon.types[this.type]; }
  get daemon() { return addon.daemons[this.batch.rows[this.#at + 5] >>> 16 & 0xff]; }
  get match() { return MATCHES[this.batch.rows[this.#at + 5] >>> 24]; }
  get marks() { const flags = this.batch.rows[this.#at + 4]; return MARKS.filter((_, i) => flags >>> i & 1); }
  get line() { return this.batch.bytes(this.batch.rows[this.#at], this.batch.rows[this.#at + 1]); }

  /** Index of the first field with this id, or -1. */
  #find(id) {
    const { rows, fields } = this.batch, first = rows[this.#at + 2], end = first + rows[this.#at + 3];
    for (let i = first; i < end; i++) if ((fields[i * FIELD] & 0xffff) === id) return i;
    return -1;
  }
  /** Text of a field, by name or id; undefined if it is absent. */
  get(field) {
    const i = this.#find(typeof field === 'number' ? field : id(field)), { fields } = this.batch;
    return i < 0 ? undefined : this.batch.text(fields[i * FIELD + 1], fields[i * FIELD + 2]);
  }
  /** Number of the known word of a field; 0: absent, or another. Costs no string. */
  word(field) { const i = this.#find(id(field)); return i < 0 ? 0 : this.batch.fields[i * FIELD] >>> 16; }
  /** [name, bytes] of each field, in the order of the line. */
  * [Symbol.iterator]() {
    const { rows, fields } = this.batch, first = rows[this.#at + 2], end = first + rows[this.#at + 3];
    for (let i = first; i < end; i++)
      yield [addon.fields[fields[i * FIELD] & 0xffff], this.batch.bytes(fields[i * FIELD + 1], fields[i * FIELD + 2])];
  }
  /** ISO 8601, as exact as the log; undefined without a time. */
  get time() {
    const t = new DataView(this.batch.rows.buffer, (this.#at + 6) * 4, 16);
    const year = t.getInt16(0, true), month = t.getUint8(2), digits = t.getUint8(7), east = t.getInt16(12, true);
    if (!month) return undefined;
    let s = `${year ? String(year).padStart(4, '0') : '-'}-${two(month)}-${two(t.getUint8(3))}T` +
      `${two(t.getUint8(4))}:${two(t.getUint8(5))}:${two(t.getUint8(6))}`;
    if (digits) s += '.' + String(t.getUint32(8, true)).padStart(9, '0').slice(0, digits);
    if (east === -32768) return s;
    const m = Math.abs(east);
    return s + (m ? `${east < 0 ? '-' : '+'}${two(Math.floor(m / 60))}:${two(m % 60)}` : 'Z');
  }
}

/** The id of a field; an unknown name is an error. */
function id(name) {
  const found = ids.get(name);
  if (found === undefined) throw new RangeError(`no such field: ${name}`);
  return found;
}

/** Thousands of lines per call. `rows` and `fields` are Uint32Arrays, for those who count rather than read. */
class Batch {
  /** @param {string[]=} types names of events to keep: the others do not leave C */
  constructor(types, events = 8192) {
    this.rows = new Uint32Array(events * ROW);
    this.fields = new Uint32Array(events * 16 * FIELD);
    this.types = types ? Uint16Array.from(addon.types.flatMap((n, i) => (types.includes(n) ? [i] : []))).sort() : null;
    this.out = new Uint32Array(3);
    this.event = new Event(this);
  }
  /** @returns bytes taken: whole lines */
  parse(buffer, final = false) {
    this.buffer = buffer;
    this.latin1 = undefined;
    addon.parse(buffer, final, this.rows, this.fields, this.types, this.out);
    return this.out[2];
  }
  get length() { return this.out[0]; }
  bytes(off, len) { return this.buffer.subarray(off, off + len); }
  text(off, len) {
    // one string of the buffer, and slices of it: far cheaper than a string from bytes each time
    this.latin1 ??= this.buffer.latin1Slice(0, this.buffer.length);
    const s = this.latin1.slice(off, off + len);
    return /[\x80-\xff]/.test(s) ? this.buffer.utf8Slice(off, off + len) : s;
  }
  * [Symbol.iterator]() {
    const ev = this.event;
    for (let i = 0; i < this.out[0]; i++) { ev.row = i; yield ev; }
  }
}

/** Batches of a stream (or any iterable of Buffers); one batch object, filled again and again. */
async function * batches(source, types) {
  const batch = new Batch(types);
  let tail = Buffer.alloc(0);
  const all = function * (final) {
    for (let used = 1; used && tail.length;) {
      used = batch.parse(tail, final);
      tail = tail.subarray(used);
      if (batch.length) yield batch;
    }
  };
  for await (const piece of source) {
    tail = tail.length ? Buffer.concat([tail, piece]) : piece;
    yield * all(false);
  }
  yield * all(true);
}

/** Events of a stream. */
async function * events(source, types) {
  for await (const batch of batches(source, types)) yield * batch;
}

/** Whole messages of a stream, as `maillog trace --json` prints them. */
async function * messages(source, memory = 64 << 20) {
  const joiner = addon.joiner(memory);
  for await (const piece of source) yield * addon.feed(joiner, piece).map((m) => JSON.parse(m));
  yield * addon.feed(joiner, null).map((m) => JSON.parse(m));
}

module.exports = { events, batches, messages, Batch, Event, id, daemons: addon.daemons, types: addon.types, fields: addon.fields };
