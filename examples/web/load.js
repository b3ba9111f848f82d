// load.js: unpacks what assemble.mjs packed: the page's body, its script, the worker and the module.
let parts;
async function load() {
  const packed = new Blob([toBytes(PACK, PACK_SIZE)]).stream().pipeThrough(new DecompressionStream('gzip'));
  const all = await new Response(packed).arrayBuffer(), texts = new DataView(all).getUint32(0, true);
  parts = { ...JSON.parse(new TextDecoder().decode(new Uint8Array(all, 4, texts))), MODULE: all.slice(4 + texts) };
  document.body.innerHTML = parts.BODY;
  const script = document.createElement('script');
  script.textContent = parts.APP;
  document.body.append(script);
}
// after the first words are painted
setTimeout(() => load().catch((e) => { document.body.textContent = 'maillog cannot start in this browser: ' + e.message; }));
