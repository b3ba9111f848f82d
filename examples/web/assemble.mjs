// usage: assemble.mjs pack DIR EXAMPLE-DIR MODULE.wasm > PACK: all but the loader: texts, and behind them the module.
//        assemble.mjs data LINKED.wasm OPTIMISED.wasm > MODULE.wasm: the second with the data of the first, which are in
//          few pieces and pack better: wasm-opt cuts them at each run of zeroes.
//        assemble.mjs page DIR PACK.gz > OUT.html: page.html with the loader and the pack in it, in UTF-16, which packs bytes best. Its
//          byte order mark says so, and counts for more than a server's charset.
import { readFileSync } from 'node:fs';
import { toBytes, toText } from './units.mjs';

const [what, ...args] = process.argv.slice(2);
const text = (path) => readFileSync(path, 'utf8');
const plain = (js) => js.split('\n').map((line) => line.trim()).filter((line) => line && !line.startsWith('//')).join('\n');

// [id, its bytes with their head] of each section of a module
function sections(module) {
  const out = [];
  for (let at = 8; at < module.length; ) {
    let end = at + 1, size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[end++];
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    out.push([module[at], module.subarray(at, end + size)]);
    at = end + size;
  }
  return out;
}

const DATA = 11, DATA_COUNT = 12;
const make = {
  pack(dir, example, module) {
    const texts = Buffer.from(JSON.stringify({
      BODY: text(`${dir}/body.html`), APP: plain(text(`${dir}/app.js`)), WORKER: plain(text(`${dir}/worker.js`)),
      EXAMPLE: { log: text(`${example}/mail.log`), mainCf: text(`${example}/main.cf`), masterCf: text(`${example}/master.cf`) },
    }));
    const head = Buffer.alloc(4);
    head.writeUInt32LE(texts.length);
    return Buffer.concat([head, texts, readFileSync(module)]);
  },
  data(linked, optimised) {
    const from = new Map(sections(readFileSync(linked))), module = readFileSync(optimised);
    return Buffer.concat([module.subarray(0, 8), ...sections(module).filter(([id]) => id !== DATA_COUNT)
      .map(([id, bytes]) => (id === DATA ? from.get(DATA) : bytes))]);
  },
  page(dir, pack) {
    const bytes = readFileSync(pack);
    const load = `${toBytes}\nconst PACK_SIZE = ${bytes.length}, PACK = "${toText(bytes)}";\n${plain(text(`${dir}/load.js`))}`;
    return Buffer.from('\ufeff' + text(`${dir}/page.html`).replace('/*LOAD*/', () => load), 'utf16le');
  },
};
process.stdout.write(make[what](...args));
