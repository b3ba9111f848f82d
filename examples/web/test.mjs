// usage: test.mjs PAGE.html LOG [SCREENSHOT.png]: the page in headless Chromium, as a person uses it. Needs puppeteer-core.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import puppeteer from 'puppeteer-core';

const [page_, log, picture] = process.argv.slice(2);
const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'], headless: true });
try {
  const page = await browser.newPage(), trouble = [], requests = [];
  page.on('pageerror', (e) => trouble.push(String(e)));
  page.on('console', (m) => m.type() === 'error' && trouble.push(m.text()));
  page.on('request', (r) => requests.push(r.url()));
  await page.setViewport({ width: 1200, height: 1000 });
  await page.goto('file://' + resolve(page_));
  const ready = () => page.waitForFunction(() => document.body.dataset.state === 'ready', { timeout: 300000 });
  const text = (selector) => page.$eval(selector, (e) => e.innerText);
  const rows = () => page.$$eval('#rows tr', (r) => r.length);

  // the example: one message, opened by keyboard, with the setting behind its check
  await page.waitForSelector('#example');
  await page.click('#example');
  await ready();
  assert.match(await text('#status'), /^19 lines, 100 % understood, 1 message$/);
  await page.waitForSelector('.open');
  await page.focus('.open');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#story h2');
  const story = await text('#story');
  for (const said of ['delivered 2013-07-19 07:59:06', 'B8D5D20BDD', '96E1820C16', 'INBOX', 'warn_if_reject', 'main.cf line 7', '1.296', 'MySQL server has gone away'])
    assert.ok(story.includes(said), `the story says ${said}`);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H2');
  if (picture) await page.screenshot({ path: picture });

  // what a stranger wrote stays text
  await page.evaluate(() => {
    document.querySelector('details').open = true;
    document.getElementById('text').value = 'Jul 19 08:00:01 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <a@b.example>: Relay access denied; from=<"<img src=x onerror=alert(1)>"@e.example> to=<a@b.example> proto=ESMTP helo=<x>\n';
  });
  await page.click('#use');
  await page.waitForFunction(() => /^1 lines/.test(document.getElementById('status').textContent));
  await page.waitForSelector('#rows tr');
  assert.equal(await page.$('#rows img'), null);
  assert.ok((await text('#rows')).includes('<img src=x'));

  // a log of any size: progress, then search
  const before = Date.now();
  await (await page.$('#file')).uploadFile(log);
  await page.waitForFunction(() => document.body.dataset.state === 'busy' || true);
  await page.waitForFunction(() => document.body.dataset.state === 'ready' && !/^1 lines/.test(document.getElementById('status').textContent), { timeout: 300000 });
  console.log(`${log}: ${statSync(log).size} bytes in ${((Date.now() - before) / 1000).toFixed(1)} s: ${await text('#status')}`);
  await page.waitForSelector('#rows tr');
  const all = await rows(), id = (await page.$eval('#rows code', (e) => e.innerText)).split(' ')[0];
  assert.ok(all > 1);
  await page.type('#search', id);
  await page.waitForFunction((n) => document.querySelectorAll('#rows tr').length < n, {}, all);
  assert.ok((await text('#rows')).includes(id));
  assert.ok(await page.$('#chart rect'));

  // a server that says that every page is UTF-8, as many do: the byte order mark is believed
  const server = createServer((q, r) => r.setHeader('content-type', 'text/html; charset=utf-8').end(readFileSync(page_)));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  try {
    const served = await browser.newPage();
    await served.goto(`http://127.0.0.1:${server.address().port}/`);
    await (await served.waitForSelector('#example')).click();
    await served.waitForFunction(() => /^19 lines, 100 %/.test(document.getElementById('status').textContent));
    await served.close();
  } finally {
    server.closeAllConnections();
    server.close();
  }

  assert.deepEqual(trouble, []);
  assert.deepEqual(requests.filter((url) => !/^(file|blob|data):/.test(url)), [], 'nothing leaves the machine');
  console.log('web: right');
} finally {
  await browser.close();
}
