'use strict';
// Events with their texts made: a queue ID for each that has one, a status for each delivery, counted. Beside it the same
// by regular expressions. Usage: MAILLOG_ADDON=… node bench.js LOG C-NS-PER-EVENT
const fs = require('node:fs');
const { Batch, id, types } = require('./index.js');

const [path, c] = process.argv.slice(2);
const text = fs.readFileSync(path);
const QUEUE_ID = id('queue_id'), STATUS = id('status');
const DELIVERY = types.indexOf('delivery');

function withEvents() {
  const r = { events: 0, ids: 0, sent: 0 }, batch = new Batch();
  for (let at = 0; at < text.length;) {
    at += batch.parse(text.subarray(at, at + (1 << 20)), at + (1 << 20) >= text.length);
    for (const ev of batch) {
      r.events++;
      if (ev.get(QUEUE_ID) !== undefined) r.ids++;
      if (ev.type === DELIVERY && ev.get(STATUS) === 'sent') r.sent++;
    }
  }
  return r;
}

// No texts: types and words are numbers.
function withNumbers() {
  const r = { events: 0, sent: 0 }, batch = new Batch();
  let sent = 0;
  for (let at = 0; at < text.length;) {
    at += batch.parse(text.subarray(at, at + (1 << 20)), at + (1 << 20) >= text.length);
    const { rows, fields } = batch;
    r.events += batch.length;
    for (let i = 0; i < batch.length; i++) {
      if ((rows[i * 10 + 5] & 0xffff) !== DELIVERY) continue;
      for (let f = rows[i * 10 + 2], end = f + rows[i * 10 + 3]; f < end; f++)
        if ((fields[f * 3] & 0xffff) === STATUS) { if (fields[f * 3] >>> 16 === 10) sent++; break; }
    }
  }
  r.sent = sent;
  return r;
}

// One expression for the header, then those of the program, the frequent ones first.
const HEADER = /^(\w{3} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\S+) (\S+) ([^\s:[]+)(?:\[(\d+)\])?: (.*)$/;
const ID = '([0-9A-F]{6,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{12,}): ';
const DELIVERED = new RegExp(`^${ID}to=<(.*?)>, (?:orig_to=<(.*?)>, )?relay=(\\S+), (?:conn_use=\\d+, )?delay=([\\d.]+), ` +
  'delays=([\\d./]+), dsn=([\\d.]+), status=(\\S+) \\((.*)\\)$');
const set = (...patterns) => patterns.map((p) => new RegExp('^' + p));
const SETS = {
  smtpd: set('connect from (\\S+)\\[([^\\]]+)\\](?::\\d+)?$', 'disconnect from (\\S+)\\[([^\\]]+)\\](?::\\d+)?(.*)$',
    ID + 'client=(\\S+)\\[([^\\]]+)\\](.*)$',
    'NOQUEUE: reject: (\\w+) from (\\S+)\\[([^\\]]+)\\]: (\\d+) ([\\d.]+) (.*); from=<(.*?)> to=<(.*?)> proto=(\\S+) helo=<(.*?)>'),
  cleanup: set(ID + 'message-id=(.*)$'),
  qmgr: set(ID + 'from=<(.*?)>, size=(\\d+), nrcpt=(\\d+) \\(queue active\\)$', ID + 'removed$'),
};
for (const agent of ['smtp', 'lmtp', 'local', 'virtual', 'pipe', 'error']) SETS[agent] = [DELIVERED];

function withRegex() {
  const r = { events: 0, ids: 0, sent: 0 };
  for (const line of text.toString('utf8').split('\n')) {
    const head = HEADER.exec(line);
    if (!head) continue;
    r.events++;
    for (const pattern of SETS[head[3].slice(head[3].lastIndexOf('/') + 1)] ?? []) {
      const found = pattern.exec(head[5]);
      if (!found) continue;
      if (found[1]) r.ids++;
      if (pattern === DELIVERED && found[8] === 'sent') r.sent++;
      break;
    }
  }
  return r;
}

function best(f) {
  let least = Infinity, r;
  for (let i = 0; i < 5; i++) {
    const start = process.cpuUsage();
    r = f();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) * 1000);
  }
  return [least, r];
}

const [, { events }] = best(withEvents), [regex] = best(withRegex);
console.log('| way | ns per event | to C | faster than regex | sent |\n|---|---|---|---|---|');
for (const [name, f] of [['regular expressions', withRegex], ['batch, texts made', withEvents], ['batch, numbers only', withNumbers]]) {
  const [ns, r] = best(f);
  console.log(`| ${name} | ${(ns / events).toFixed(0)} | ${(ns / events / c).toFixed(1)} | ${(regex / ns).toFixed(1)} | ${r.sent} |`);
}
