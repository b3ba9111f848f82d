// maillog for WebAssembly: browsers, Node.js, Deno, whatever has WebAssembly with SIMD. No C library, no imports.
//
//   const maillog = await load(await readFile('maillog.wasm'));          // or await fetch('maillog.wasm')
//   for (const ev of maillog.events([bytes])) console.log(ev.name, ev.get('queue_id'));
//
// The module has its own memory: bytes are copied into it, a megabyte at a time, and rows are read where they are. An
// event is good for one turn of the loop.
const ROW = 10, FIELD = 3; // words of 32 bits, as in maillog/batch.h and maillog/event.h
const MATCHES = ['raw', 'header', 'daemon', 'event'];
const MARKS = ['truncated', 'ambiguous', 'fields_full', 'continued', 'oversized', 'escaped'];
const two = (n) => String(n).padStart(2, '0');
const utf8 = new TextDecoder(), bytewise = new TextDecoder('latin1');

class Event {
  constructor(maillog) { this.maillog = maillog; this.row = 0; }
  #word(i) { return this.maillog.rows[this.row * ROW + i]; }
  get type() { return this.#word(5) & 0xffff; }
  get name() { return this.maillog.types.get(this.type); }
  get daemon() { return this.maillog.daemons.get(this.#word(5) >>> 16 & 0xff); }
  get match() { return MATCHES[this.#word(5) >>> 24]; }
  get marks() { return MARKS.filter((_, i) => this.#word(4) >>> i & 1); }
  get line() { return this.maillog.bytes(this.#word(0), this.#word(1)); }
  /** Text of the first such field, by name or id; undefined if it is absent. */
  get(field) {
    const id = typeof field === 'number' ? field : this.maillog.id(field), { fields } = this.maillog;
    for (let i = this.#word(2), end = i + this.#word(3); i < end; i++)
      if ((fields[i * FIELD] & 0xffff) === id) return this.maillog.string(fields[i * FIELD + 1], fields[i * FIELD + 2]);
    return undefined;
  }
  /** [name, bytes] of each field, in the order of the line. */
  * [Symbol.iterator]() {
    const { fields, names } = this.maillog;
    for (let i = this.#word(2), end = i + this.#word(3); i < end; i++)
      yield [names.get(fields[i * FIELD] & 0xffff), this.maillog.bytes(fields[i * FIELD + 1], fields[i * FIELD + 2])];
  }
  /** ISO 8601, as exact as the log; undefined without a time. */
  get time() {
    const t = new DataView(this.maillog.rows.buffer, this.maillog.rows.byteOffset + (this.row * ROW + 6) * 4, 16);
    const year = t.getInt16(0, true), digits = t.getUint8(7), east = t.getInt16(12, true), m = Math.abs(east);
    if (!t.getUint8(2)) return undefined;
    let s = year ? String(year).padStart(4, '0') : '-';
    s += `-${two(t.getUint8(2))}-${two(t.getUint8(3))}T${two(t.getUint8(4))}:${two(t.getUint8(5))}:${two(t.getUint8(6))}`;
    if (digits) s += '.' + String(t.getUint32(8, true)).padStart(9, '0').slice(0, digits);
    if (east === -32768) return s;
    return s + (m ? `${east < 0 ? '-' : '+'}${two(Math.floor(m / 60))}:${two(m % 60)}` : 'Z');
  }
}

class Maillog {
  constructor(exports) {
    const memory = exports.memory.buffer, size = exports.text_size();
    const string = (at) => {
      const bytes = new Uint8Array(memory, at);
      return utf8.decode(bytes.subarray(0, bytes.indexOf(0)));
    };
    const table = (what) => {
      const map = new Map();
      for (let id = 0; (id = exports[`maillog_${what}_next`](id));) map.set(id, string(exports[`maillog_${what}_name`](id)));
      return map;
    };
    this.parse = exports.parse;
    this.text = new Uint8Array(memory, exports.text(), size);
    this.rows = new Uint32Array(memory, exports.rows(), 8192 * ROW);
    this.fields = new Uint32Array(memory, exports.fields(), 8192 * 16 * FIELD);
    this.counts = new Uint32Array(memory, exports.counts(), 2);
    this.daemons = table('daemon');
    this.types = table('event');
    this.names = table('field');
    this.ids = new Map([...this.names].map(([id, name]) => [name, id]));
  }
  id(name) {
    const id = this.ids.get(name);
    if (id === undefined) throw new RangeError(`no such field: ${name}`);
    return id;
  }
  bytes(off, len) { return this.text.subarray(off, off + len); }
  string(off, len) {
    // one string of all the text, and slices of it: far cheaper than a string from bytes each time
    this.all ??= bytewise.decode(this.text);
    const s = this.all.slice(off, off + len);
    return /[^\x00-\x7f]/.test(s) ? utf8.decode(this.bytes(off, len)) : s;
  }

  /** The number of rows of each batch of the pieces; they are in `rows` and `fields` until the next one. */
  * batches(pieces) {
    let held = 0; // bytes in `text` that are no whole line yet
    const take = (final) => {
      const used = this.parse(held, final ? 1 : 0);
      this.all = undefined;
      if (used < 0) throw new Error(`maillog: error ${used}`);
      return used;
    };
    for (const piece of pieces) {
      for (let at = 0; at < piece.length;) {
        const n = Math.min(piece.length - at, this.text.length - held);
        this.text.set(piece.subarray(at, at + n), held);
        at += n;
        held += n;
        for (let used = 1; used && held;) {
          // a line of more than a megabyte comes in parts
          used = take(false) || (held === this.text.length ? take(true) : 0);
          if (this.counts[0]) yield this.counts[0];
          this.text.copyWithin(0, used, held);
          held -= used;
        }
      }
    }
    while (held) {
      const used = take(true);
      if (this.counts[0]) yield this.counts[0];
      this.text.copyWithin(0, used, held);
      held -= used;
    }
  }
  /** Events of an iterable of Uint8Arrays. */
  * events(pieces) {
    const ev = new Event(this);
    for (const n of this.batches(pieces)) for (ev.row = 0; ev.row < n; ev.row++) yield ev;
  }
}

/** @param source bytes of the module, or a Response, or a promise of one */
export async function load(source) {
  const got = await source;
  const { instance } = typeof Response !== 'undefined' && got instanceof Response
    ? await WebAssembly.instantiateStreaming(got) : await WebAssembly.instantiate(got);
  return new Maillog(instance.exports);
}
