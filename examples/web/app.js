// app.js: the page; load.js has put `parts` there. Everything a log says goes into the document as text, never as markup.
'use strict';
const $ = (id) => document.getElementById(id);
const VERDICTS = ['delivered', 'rejected', 'greylisted', 'bounced', 'deferred', 'discarded', 'quarantined', 'held', 'expired', 'partial', 'unfinished'];
const PAGE = 100;
let worker, offset = 0, config = {};

// el('td', {class: 'x'}, 'text', child …)
function el(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) if (value != null) e.setAttribute(key, value);
  e.append(...children.filter((c) => c != null && c !== ''));
  return e;
}
const svg = (name, attributes) => {
  const e = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  return e;
};
const fill = (id, ...children) => $(id).replaceChildren(...children);
const number = (n) => n.toLocaleString('en');

async function start(files) {
  for (const file of files) {
    if (file.name === 'main.cf') config.mainCf = await file.text();
    if (file.name === 'master.cf') config.masterCf = await file.text();
  }
  const logs = files.filter((f) => f.name !== 'main.cf' && f.name !== 'master.cf');
  if (!logs.length) return say(Object.keys(config).length ? 'Configuration noted. Now the log.' : 'No file.');
  worker?.terminate();
  worker = new Worker(URL.createObjectURL(new Blob([parts.WORKER], { type: 'text/javascript' })));
  worker.onmessage = ({ data }) => on[data.type](data);
  worker.onerror = (e) => say('Failed: ' + e.message);
  document.body.dataset.state = 'busy';
  say('Reading …');
  worker.postMessage({ type: 'run', module: parts.MODULE, files: logs, ...config });
}

const say = (text) => { $('status').textContent = text; };

const on = {
  error: ({ text }) => say('Failed: ' + text),
  progress({ bytes, total, lines, messages }) {
    $('progress').value = total ? bytes / total : 0;
    say(`${number(lines)} lines, ${number(messages)} messages …`);
  },
  ready(r) {
    document.body.dataset.state = 'ready';
    const share = r.lines ? Math.floor((1000 * r.matched) / r.lines) / 10 : 100;
    say(`${number(r.lines)} lines, ${share} % understood, ${number(r.messages)} message${r.messages === 1 ? '' : 's'}`);
    const counts = new Map(r.verdicts);
    fill('verdict', el('option', { value: '' }, 'all verdicts'), ...VERDICTS.filter((v) => counts.has(v)).map((v) => el('option', { value: v }, `${v} (${number(counts.get(v))})`)));
    chart(r.hours);
    fill('shapes', ...r.shapes.map((s) => el('tr', {}, el('td', { class: 'n' }, number(s.count)), el('td', {}, el('code', {}, s.shape)))));
    $('unmatched').hidden = !r.shapes.length;
    fill('story');
    ask(0);
  },
  list({ count, offset: at, rows }) {
    const old = at ? [...$('rows').children] : [];
    fill('rows', ...old, ...rows.map(row));
    $('count').textContent = `${number(count)} of them`;
    $('more').hidden = at + rows.length >= count;
    offset = at + rows.length;
  },
  message: ({ message }) => story(message),
};

function ask(at) { worker?.postMessage({ type: 'list', search: $('search').value, verdict: $('verdict').value, offset: at, limit: PAGE }); }
const open = (n) => worker.postMessage({ type: 'open', n });

function row(m) {
  const button = el('button', { type: 'button', class: 'open' }, m.time.replace('T', ' ').slice(0, 19) || '–');
  button.onclick = () => open(m.n);
  const tr = el('tr', {}, el('td', {}, button), el('td', {}, el('span', { class: 'v ' + m.verdict }, m.verdict)), el('td', {}, m.from || '<>'),
    el('td', {}, m.to.join(', ') + (m.more ? ` +${m.more}` : '')), el('td', {}, el('code', {}, m.ids.join(' → ') || m.client)));
  tr.onclick = (e) => { if (e.target !== button) open(m.n); };
  return tr;
}

// Messages per hour, the verdicts on top of each other.
function chart(hours) {
  const known = hours.filter(([hour]) => hour), width = 960, height = 120, step = Math.min(40, width / Math.max(1, known.length));
  const most = Math.max(1, ...known.map(([, h]) => Object.values(h).reduce((a, b) => a + b, 0)));
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': 'messages per hour by verdict' });
  known.forEach(([hour, h], i) => {
    let y = height;
    for (const v of VERDICTS) {
      if (!h[v]) continue;
      const tall = (h[v] / most) * height;
      const bar = svg('rect', { x: i * step, y: y -= tall, width: Math.max(step * 0.9, 0.5), height: tall, class: 'b ' + v });
      bar.append(svg('title', {}));
      bar.firstChild.textContent = `${hour.replace('T', ' ')}:00 ${v} ${h[v]}`;
      picture.append(bar);
    }
  });
  fill('chart', picture, el('p', { class: 'axis' }, el('span', {}, known.length ? known[0][0].replace('T', ' ') + ':00' : ''), el('span', {}, known.length ? known[known.length - 1][0].replace('T', ' ') + ':59' : '')));
}

const SIGN = { pass: '✓', warn: '!', reject: '✗', defer: '✗', hold: '✗', discard: '✗', tag: '!' };

function check(c) {
  const setting = c.config && el('p', { class: 'config' }, `${c.config.file || 'default'}${c.config.line ? ' line ' + c.config.line : ''}: ${c.config.setting} — ${c.config.note || ''}`);
  return el('li', { class: 'c ' + c.result }, el('b', {}, SIGN[c.result] || '·'), ` ${c.by} `, el('code', {}, c.check), ' ', [c.code, c.dsn, c.text].filter(Boolean).join(' '),
    c.score != null ? ` (${c.score})` : '', el('small', {}, ` line ${c.line}`), setting);
}

function recipient(r) {
  const final = r.final && ` → ${r.final.mailbox || r.final.action || ''} (${r.final.by})`;
  return el('li', {}, el('b', {}, r.to), r.orig_to ? ` (for ${r.orig_to})` : '', ` ${r.status || r.verdict || ''}`, r.relay ? ` via ${r.relay}` : '', r.delay != null ? ` after ${r.delay} s` : '',
    final, el('p', { class: 'reply' }, r.reply || ''));
}

function story(m) {
  const c = m.client || {};
  const way = [c.addr ? `${c.name || ''}[${c.addr}]` : 'this host', ...m.legs.map((l) => l.queue_id), ...new Set(m.recipients.map((r) => r.final && (r.final.mailbox || r.final.by)).filter(Boolean))];
  const part = (title, children) => (children.length ? [el('h3', {}, title), el('ul', {}, ...children)] : []);
  fill('story', el('h2', { tabindex: '-1' }, el('span', { class: 'v ' + m.verdict }, m.verdict), ` ${(m.first_time || '').replace('T', ' ')}`),
    el('p', { class: 'why' }, m.why || ''), el('ol', { class: 'way' }, ...way.map((w) => el('li', {}, w))),
    el('dl', {}, ...[['from', m.from || '<>'], ['message-id', m.message_id], ['size', m.size], ['helo', c.helo], ['login', c.sasl_username], ['TLS', c.tls], ['lines', m.lines.join(' ')]]
      .filter(([, v]) => v != null && v !== '').flatMap(([k, v]) => [el('dt', {}, k), el('dd', {}, String(v))])),
    ...part('Recipients', m.recipients.map(recipient)), ...part('Checks', m.checks.map(check)),
    ...part('Proofs', m.links.map((l) => el('li', {}, `${l.from || 'client'} → ${l.to || 'mailbox'}: ${l.proof}, ${l.confidence}`, el('small', {}, ` line ${l.lines.join(', ')}`)))),
    ...part('Trouble that did not decide', m.faults.map((f) => el('li', {}, `${f.by}: ${f.text}`, el('small', {}, ` line ${f.line}`)))));
  $('story').firstChild.focus();
}

let timer;
$('search').oninput = $('verdict').oninput = () => { clearTimeout(timer); timer = setTimeout(() => ask(0), 120); };
$('more').onclick = () => ask(offset);
$('file').onchange = () => start([...$('file').files]);
$('use').onclick = () => start([new File([$('text').value], 'pasted')]);
$('example').onclick = () => {
  const { log, mainCf, masterCf } = parts.EXAMPLE;
  start([new File([log], 'mail.log', { lastModified: Date.UTC(2013, 6, 20) }), new File([mainCf], 'main.cf'), new File([masterCf], 'master.cf')]);
};
document.ondragover = (e) => e.preventDefault();
document.ondrop = (e) => { e.preventDefault(); start([...e.dataTransfer.files]); };
document.onkeydown = (e) => {
  const rows = [...document.querySelectorAll('.open')], at = rows.indexOf(document.activeElement);
  if (e.key === '/' && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) { e.preventDefault(); $('search').focus(); }
  if (at >= 0 && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) { e.preventDefault(); rows[at + (e.key === 'ArrowDown' ? 1 : -1)]?.focus(); }
};
