// The pictures of README.md and docs/: two people and a group in Chromium on a server of its own. Run by hand after the
// page looks different: node scripts/screenshots.mjs. Wants Debian's chromium and fonts-noto-color-emoji.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { prepare } from './prepare.mjs';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TARGET = join(ROOT, 'docs', 'images');
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const WIDE = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 };
const NARROW = { width: 390, height: 780 };
const WAIT_TIMEOUT_MS = 60_000;

await prepare();
mkdirSync(TARGET, { recursive: true });
const data = mkdtempSync(join(tmpdir(), 'parley-screenshots-'));
chmodSync(data, 0o755); // Run by root, PostgreSQL is another user.
const server = spawn(process.execPath, ['dist/main.js'], {
  cwd: ROOT,
  env: { ...process.env, PORT: '0', HOST: '127.0.0.1', DATA_DIR: data, LOG_LEVEL: 'error', RATE_LIMITS: 'off' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const browser = await chromium.launch({
  executablePath: BROWSERS.find((path) => existsSync(path)),
  args: ['--no-sandbox', '--disable-gpu', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
});
try {
  const url = await urlOf(server);
  await photograph(url);
} finally {
  await browser.close();
  server.kill('SIGTERM');
  await once(server, 'exit');
  rmSync(data, { recursive: true, force: true });
}

async function urlOf({ stdout }) {
  let output = '';
  for await (const chunk of stdout) {
    output += chunk;
    const url = /listens on +(http\S+)/.exec(output)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`the server ended: ${output}`);
}

async function photograph(url) {
  const ada = await person(url, 'Ada Lovelace', 'ada', WIDE);
  await picture(ada, 'first-run.png');
  const charles = await person(url, 'Charles Babbage', 'charles', WIDE, '/?with=ada');
  const mary = await person(url, 'Mary Somerville', 'mary', WIDE, '/?with=ada');
  await sendText(mary, 'The lecture is on Thursday. Will you come?');
  await sendText(charles, 'Have you finished the notes on the engine?');
  await open(ada, /Charles/);
  await sendText(ada, 'Nearly. It weaves algebraic patterns just as the Jacquard loom weaves flowers and leaves.');
  await reply(charles, 'weaves algebraic', 'May I quote you on that? 😊');
  await react(ada, 'May I quote', 'red heart love');
  await ada.locator('input[type=file]').setInputFiles([await landscape()]);
  await sendText(ada, 'The view from my desk, meanwhile');
  await charles.locator('img.loaded').first().waitFor();
  await react(charles, 'The view from', 'sparkles');
  await charles.getByRole('button', { name: 'Record a voice message' }).click();
  await charles.getByRole('timer').filter({ hasText: '0:03' }).waitFor();
  await charles.getByRole('button', { name: 'Send the recording' }).click();
  await ada.getByRole('button', { name: 'Play' }).waitFor();

  await ada.getByRole('link', { name: 'New group' }).click();
  await ada.getByLabel('Name of the group').fill('Analytical Society');
  for (const name of ['Charles', 'Mary']) {
    await ada.getByLabel('Search by name').fill(name);
    await ada.getByRole('checkbox', { name: new RegExp(name) }).check();
  }
  await ada.getByRole('button', { name: 'Create the group' }).click();
  await sendText(ada, 'Welcome, both of you. Tea at four?');
  await open(mary, /Analytical/);
  await sendText(mary, 'With pleasure!');
  await sendText(mary, 'I bring the cake 🎂');
  await open(charles, /Analytical/);
  await sendText(charles, 'Then I bring the engine. Or a part of it.');
  await open(ada, /Charles/);
  await mary.getByRole('link', { name: /Ada/ }).click();
  await sendText(mary, 'And the book you asked for is here 📚');
  await open(charles, /Ada/);
  await charles.locator('textarea').pressSequentially('Which', { delay: 40 });
  await ada.getByText('Charles Babbage is typing').waitFor();
  await ada.mouse.move(5, 790);
  await picture(ada, 'chat-light.png');
  await ada.emulateMedia({ colorScheme: 'dark' });
  await picture(ada, 'chat-dark.png');

  await open(mary, /Analytical/);
  await mary.setViewportSize(NARROW);
  await picture(mary, 'phone-chat.png');
  await mary.getByRole('button', { name: 'Back' }).click();
  await picture(mary, 'phone-list.png');
}

async function person(url, name, username, options, path = '/') {
  const context = await browser.newContext({
    locale: 'en-GB',
    colorScheme: 'light',
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(WAIT_TIMEOUT_MS);
  const page = await context.newPage();
  await page.goto(url + path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  const change = page.getByRole('button', { name: 'New here?' });
  if (await change.isVisible()) await change.click();
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('E-mail').fill(`${username}@example.com`);
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByRole('navigation', { name: 'Conversations' }).waitFor();
  return page;
}

async function open(page, name) {
  await page.getByRole('navigation').getByRole('link', { name }).click();
  await page.locator('textarea').waitFor();
}

async function sendText(page, text) {
  await page.locator('textarea').fill(text);
  await page.locator('textarea').press('Enter');
  await page.getByRole('article').filter({ hasText: text }).first().waitFor();
}

async function reply(page, to, text) {
  await page.getByRole('article').filter({ hasText: to }).focus();
  await page.keyboard.press('r');
  await sendText(page, text);
}

async function react(page, to, emoji) {
  await page.getByRole('article').filter({ hasText: to }).last().hover();
  await page.getByRole('button', { name: 'React' }).click();
  await page.getByRole('dialog').getByRole('button', { name: emoji }).first().click();
}

async function picture(page, name) {
  await page.waitForTimeout(600);
  const shot = await page.screenshot({ caret: 'hide' });
  await sharp(shot).png({ palette: true, colors: 200, effort: 10 }).toFile(join(TARGET, name));
  console.log(`docs/images/${name}`);
}

async function landscape() {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="760">
    <defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#f6c89f"/><stop offset="1" stop-color="#fbeedd"/></linearGradient></defs>
    <rect width="1200" height="760" fill="url(#sky)"/><circle cx="850" cy="250" r="90" fill="#fff8e6"/>
    <path d="M0 620 L260 330 L470 540 L700 280 L960 560 L1200 400 V760 H0z" fill="#5f8f91"/>
    <path d="M0 700 L340 500 L620 650 L900 520 L1200 660 V760 H0z" fill="#0d5c63"/></svg>`;
  return {
    name: 'view.jpg',
    mimeType: 'image/jpeg',
    buffer: await sharp(Buffer.from(drawing)).jpeg({ quality: 85 }).toBuffer(),
  };
}
