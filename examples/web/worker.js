// worker.js: runs the module, keeps the messages, answers the page. Nothing leaves the machine: there is no network here.
'use strict';
const decoder = new TextDecoder(), encoder = new TextEncoder();
let wasm, messages = [], details = [], shapes = new Map(), hours = new Map(), verdicts = new Map();
const view = (at, len) => new Uint8Array(wasm.memory.buffer, at, len);
const read = (at, len) => decoder.decode(view(at, len));

// One message: what the list shows and the search looks at; the whole of it stays as bytes until it is opened.
function record(at, len) {
  const m = JSON.parse(read(at, len));
  const to = m.recipients.map((r) => r.to);
  const row = {
    n: messages.length, verdict: m.verdict, time: m.first_time || '', from: m.from ?? '', to: to.slice(0, 3), more: Math.max(0, to.length - 3),
    ids: m.queue_ids, client: (m.client && (m.client.name + '[' + m.client.addr + ']')) || '',
  };
  row.hay = [m.verdict, row.from, ...to, ...m.queue_ids, m.message_id, row.client, m.client?.helo].join(' ').toLowerCase();
  messages.push(row);
  details.push(view(at, len).slice());
  verdicts.set(m.verdict, (verdicts.get(m.verdict) || 0) + 1);
  const hour = row.time.slice(0, 13);
  if (!hours.has(hour)) hours.set(hour, {});
  hours.get(hour)[m.verdict] = (hours.get(hour)[m.verdict] || 0) + 1;
}

// A line that is no event, by its shape: what varies is cut out, so that alike lines count as one.
function unmatched(daemon, daemonLen, text, len) {
  const line = read(text, Math.min(len, 400));
  const shape = read(daemon, daemonLen) + '  ' + line.replace(/<[^>]*>/g, '<…>').replace(/\[[^\]]*\]/g, '[…]').replace(/[0-9A-Fa-f]*\d[0-9A-Fa-f]*/g, 'N');
  const known = shapes.get(shape);
  if (known) known.count++;
  else if (shapes.size < 2000) shapes.set(shape, { shape, count: 1, example: line });
}

function put(text) {
  const bytes = encoder.encode(text), at = wasm.reserve(Math.max(bytes.length, 1));
  view(at, bytes.length).set(bytes);
  return [at, bytes.length];
}

const must = (code, what) => { if (code) throw new Error(what + ' (' + code + ')'); };

async function feed(stream, total, done) {
  const at = wasm.text(), size = wasm.text_size(), reader = stream.getReader();
  for (;;) {
    const { value, done: end } = await reader.read();
    if (end) return;
    for (let i = 0; i < value.length; i += size) {
      const part = value.subarray(i, i + size);
      view(at, part.length).set(part);
      must(wasm.feed(part.length), 'the log cannot be read');
    }
    done.bytes += value.length;
    if (performance.now() - done.told > 100) {
      done.told = performance.now();
      postMessage({ type: 'progress', bytes: done.bytes, total, lines: wasm.lines(), messages: messages.length });
    }
  }
}

async function run({ module, files, mainCf, masterCf }) {
  wasm = (await WebAssembly.instantiate(module, { env: { record, unmatched } })).instance.exports;
  messages = []; details = []; shapes = new Map(); hours = new Map(); verdicts = new Map();
  if (mainCf || masterCf) must(wasm.configure(...(mainCf ? put(mainCf) : [0, 0]), ...(masterCf ? put(masterCf) : [0, 0])), 'the configuration cannot be read');
  const total = files.reduce((n, f) => n + f.size, 0), last = files.reduce((t, f) => Math.max(t, f.lastModified || Date.now()), 0);
  must(wasm.start(Math.min(Math.max(64, total / 8e6), 512) * 2 ** 20, last / 1000, Math.floor(Math.random() * 2 ** 52)), 'too little memory');
  const done = { bytes: 0, told: 0 };
  for (const file of files) {
    const packed = file.name.endsWith('.gz');
    await feed(packed ? file.stream().pipeThrough(new DecompressionStream('gzip')) : file.stream(), packed ? 0 : total, done);
  }
  must(wasm.finish(), 'the log cannot be read');
  messages.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  postMessage({
    type: 'ready', lines: wasm.lines(), matched: wasm.matched(), messages: messages.length, verdicts: [...verdicts], hours: [...hours].sort(),
    shapes: [...shapes.values()].sort((a, b) => b.count - a.count).slice(0, 200),
  });
}

function list({ search, verdict, offset, limit }) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean), rows = [];
  let count = 0;
  for (const m of messages) {
    if ((verdict && m.verdict !== verdict) || !words.every((w) => m.hay.includes(w))) continue;
    if (count >= offset && rows.length < limit) rows.push(m);
    count++;
  }
  postMessage({ type: 'list', count, offset, rows });
}

onmessage = async ({ data }) => {
  try {
    if (data.type === 'run') await run(data);
    if (data.type === 'list') list(data);
    if (data.type === 'open') postMessage({ type: 'message', n: data.n, message: JSON.parse(decoder.decode(details[data.n])) });
  } catch (error) {
    postMessage({ type: 'error', text: String(error.message || error) });
  }
};
