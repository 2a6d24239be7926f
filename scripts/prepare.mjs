// Makes what a checkout lacks: dist, the page (web/dist), the modules of the client package (client/dist/esm), and with
// --client the Prisma client that the bench compares with. Does nothing, in a moment, where they are fresh.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const CLIENT = join(ROOT, 'bench', 'baselines', 'generated');
const DIST = join(ROOT, 'dist');
const PAGE = join(ROOT, 'web', 'dist');
const PACKAGE = join(ROOT, 'client', 'dist', 'esm');
// Ignored by git, and on the same disk.
const LOCK = join(ROOT, 'node_modules', '.cache', 'parley-prepare.lock');
const BUILD_TIMEOUT_MS = 10 * 60_000;

/** As the server itself takes it: with blanks around it, too. */
export const isProduction = process.env.NODE_ENV?.trim() === 'production';

/** As the server's own log is: JSON lines in production. Elsewhere beside what a start prints: that begins with the URL. */
export function say(message, level = 'log') {
  if (isProduction) {
    const write = level === 'log' ? console.log : console.error;
    return write(JSON.stringify({ level, pid: process.pid, timestamp: Date.now(), message, context: 'Prepare' }));
  }
  console.error(message);
}

let report = say;

/**
 * With `serverOnly` no more than dist: for commands that serve no page and speak to nobody. `onProgress` gets a line for
 * each thing that is made.
 */
export async function prepare({ force = false, client = false, serverOnly = false, onProgress = say } = {}) {
  report = onProgress;
  // An image or a package that ships dist alone has nothing to prepare.
  if (!existsSync(join(ROOT, 'src'))) return;
  const page = !serverOnly && process.env.WEB?.trim() !== 'off';
  if (
    !force &&
    (!client || isFresh(CLIENT, clientStamp())) &&
    isFresh(DIST, distStamp()) &&
    (serverOnly || isFresh(PACKAGE, packageStamp())) &&
    (!page || isFresh(PAGE, pageStamp()))
  )
    return;
  const tools = ['@nestjs/cli', 'rolldown', ...(page ? ['vite'] : [])];
  if (!tools.every((name) => isInstalled(`${name}/package.json`))) {
    // A production install cannot build. A dist that is there was put there on purpose.
    if (existsSync(join(DIST, 'main.js'))) {
      if (existsSync(join(DIST, '.stamp')) && !isFresh(DIST, distStamp()))
        say(
          'dist was built of other sources than these, and is run as it is: npm ci && npm run build makes it anew',
          'warn',
        );
      return;
    }
    throw new Error(
      'dist is missing and the tools to build it are not installed: run npm ci (without --omit=dev) first',
    );
  }
  const unlock = await lock();
  try {
    // Once more: another process may have done it all meanwhile.
    if (client) generate(force);
    // Beside each other: a first start is waited for.
    const built = await Promise.allSettled([
      build(force),
      serverOnly ? undefined : buildPackage(force),
      page ? buildPage(force) : undefined,
    ]);
    for (const { reason } of built) if (reason !== undefined) throw reason;
  } finally {
    unlock();
  }
}

function generate(force) {
  const stamp = clientStamp();
  if (!force && isFresh(CLIENT, stamp)) return;
  report('generating the Prisma client');
  rmSync(CLIENT, { recursive: true, force: true });
  run('prisma', 'build/index.js', ['generate', '--no-hints'], 'pipe');
  writeStamp(CLIENT, stamp);
}

async function build(force) {
  // Taken before the build: what is edited meanwhile makes the next run build again.
  const stamp = distStamp();
  if (!force && isFresh(DIST, stamp)) return;
  report('building dist');
  // The stamp goes first and comes last, so a build that was interrupted never passes for a whole one.
  rmSync(join(DIST, '.stamp'), { force: true });
  rmSync(DIST, { recursive: true, force: true });
  await runBeside('@nestjs/cli', installed('@nestjs/cli', 'bin/nest.js'), ['build'], ROOT);
  await runBeside('rolldown', join(ROOT, 'scripts', 'bundle.mjs'), [], ROOT);
  // Others are of a newer release, which the compiled server does not know.
  writeFileSync(join(DIST, 'migrations.json'), JSON.stringify(readdirSync(join(ROOT, 'prisma', 'migrations'))));
  writeStamp(DIST, stamp);
}

/** What the examples import. Not what is published: `npm run build -w client` checks the types as well, and writes them. */
async function buildPackage(force) {
  const stamp = packageStamp();
  if (!force && isFresh(PACKAGE, stamp)) return;
  report('building the client package');
  rmSync(join(PACKAGE, '.stamp'), { force: true });
  await runBeside('the client package', join(ROOT, 'client', 'scripts', 'build.mjs'), ['--modules'], ROOT);
  writeStamp(PACKAGE, stamp);
}

async function buildPage(force) {
  const stamp = pageStamp();
  if (!force && isFresh(PAGE, stamp)) return;
  report('building the page');
  rmSync(join(PAGE, '.stamp'), { force: true });
  await runBeside('vite', installed('vite', 'bin/vite.js'), ['build', '--logLevel', 'warn'], join(ROOT, 'web'));
  writeStamp(PAGE, stamp);
}

function clientStamp() {
  const version = isInstalled('prisma/package.json')
    ? readFileSync(join(ROOT, 'node_modules/prisma/package.json'))
    : '';
  return hash([join(ROOT, 'prisma', 'schema.prisma')], version);
}

function distStamp() {
  const settings = readdirSync(ROOT).filter((name) =>
    /^(tsconfig.*\.json|nest-cli\.json|package-lock\.json)$/.test(name),
  );
  return hash([
    ...filesBelow(join(ROOT, 'src')).filter((path) => !path.endsWith('.spec.ts')),
    ...filesBelow(join(ROOT, 'prisma')),
    ...settings.map((name) => join(ROOT, name)),
    join(ROOT, 'scripts', 'bundle.mjs'),
  ]);
}

function packageStamp() {
  return hash([
    ...filesBelow(join(ROOT, 'client', 'src')),
    ...['tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'].map((name) => join(ROOT, 'client', name)),
    join(ROOT, 'package-lock.json'),
  ]);
}

function pageStamp() {
  return hash([
    ...filesBelow(join(ROOT, 'web', 'src')),
    ...filesBelow(join(ROOT, 'web', 'public')),
    ...filesBelow(join(ROOT, 'client', 'src')),
    ...['index.html', 'package.json', 'tsconfig.json', 'vite.config.ts'].map((name) => join(ROOT, 'web', name)),
    join(ROOT, 'package-lock.json'),
  ]);
}

function filesBelow(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function hash(paths, salt = '') {
  const sum = createHash('sha256').update(salt);
  for (const path of paths.sort()) {
    const content = readFileSync(path);
    sum.update(`${path.slice(ROOT.length)}\0${content.length}\0`).update(content);
  }
  return sum.digest('hex');
}

function isFresh(directory, stamp) {
  const path = join(directory, '.stamp');
  return existsSync(path) && readFileSync(path, 'utf8') === stamp;
}

function writeStamp(directory, stamp) {
  const draft = join(directory, `.stamp.${randomUUID()}`);
  writeFileSync(draft, stamp);
  renameSync(draft, join(directory, '.stamp'));
}

function isInstalled(path) {
  return existsSync(join(ROOT, 'node_modules', path));
}

function installed(packageName, program) {
  return join(ROOT, 'node_modules', packageName, program);
}

function run(packageName, program, parameters, stdio) {
  const path = installed(packageName, program);
  // Prisma's look for a newer release would be a request to the Internet at every start.
  const env = { ...process.env, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' };
  const { status, signal, stderr } = spawnSync(process.execPath, [path, ...parameters], {
    cwd: ROOT,
    env,
    stdio: ['ignore', stdio, stdio],
  });
  if (status === 0) return;
  if (stderr) say(String(stderr).trimEnd(), 'error');
  throw new Error(`${packageName} ${parameters[0]} failed (${signal ?? `status ${status}`})`);
}

/** As `run`, while something else runs as well. */
function runBeside(name, path, parameters, cwd) {
  const stdio = isProduction ? 'pipe' : 'inherit';
  const child = spawn(process.execPath, [path, ...parameters], { cwd, stdio: ['ignore', stdio, stdio] });
  let errors = '';
  child.stdout?.resume();
  child.stderr?.on('data', (chunk) => (errors += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      if (status === 0) return resolve();
      if (errors !== '') say(errors.trimEnd(), 'error');
      reject(new Error(`${[name, ...parameters.slice(0, 1)].join(' ')} failed (${signal ?? `status ${status}`})`));
    });
  });
}

/** Waits for another process that prepares this checkout; takes over from one that died. Returns the way to unlock. */
async function lock() {
  mkdirSync(join(LOCK, '..'), { recursive: true });
  const mine = lockOf(process.pid);
  for (let waiting = false; ; ) {
    try {
      writeFileSync(LOCK, mine, { flag: 'wx' });
      return () => {
        if (read(LOCK) === mine) unlinkSync(LOCK);
      };
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const theirs = read(LOCK);
    const age = Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (theirs !== undefined && isAbandoned(theirs, age)) removeLock(theirs);
    else {
      if (!waiting) report('waiting for another process that builds this checkout');
      waiting = true;
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }
}

/** What is written into the lock of a process: its id and its start, and what no other lock says. */
export function lockOf(pid) {
  return `${pid} ${randomUUID()} ${startOf(pid)}`;
}

export function isAbandoned(content, age) {
  const pid = Number.parseInt(content, 10);
  // Created a moment ago and not written yet.
  if (Number.isNaN(pid)) return age > 5_000;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is another user's, which may have the id by now of one that ended.
    if (error.code !== 'EPERM') return true;
  }
  // A container that is started again gives the same ids again: its former lock may name this very process.
  const [, , written] = content.split(' ');
  const start = startOf(pid);
  // Of another user's process a system may show no start.
  return age > BUILD_TIMEOUT_MS || (written !== undefined && start !== '' && written !== start);
}

/** When a process started, as Linux counts; elsewhere ''. */
function startOf(pid) {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name, in parentheses, may hold blanks. What follows it begins with the third field; this is the 22nd.
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return '';
  }
}

/** Between looking and removing, a third process may have taken over: its lock goes back. */
function removeLock(judged) {
  const aside = `${LOCK}.${randomUUID()}`;
  try {
    renameSync(LOCK, aside);
    if (read(aside) !== judged) linkSync(aside, LOCK);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await prepare({ force: process.argv.includes('--force'), client: process.argv.includes('--client') });
  } catch (error) {
    say(error.message, 'error');
    process.exitCode = 1;
  }
}
