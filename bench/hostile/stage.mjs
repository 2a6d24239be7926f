// What a scene is played on: a server as its users start it, its database, and people who need no registration.
import { spawn } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { v7 } from 'uuid';
import { SERVER_NODE_OPTIONS } from '../measuring.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const TICKS = 100; // of /proc/<pid>/stat, a second
const SAMPLE_MS = 50;

export class Stage {
  secret = randomBytes(48).toString('base64');
  directory = mkdtempSync(join(tmpdir(), 'parley-hostile-'));
  peakRss = 0;
  /** How the process ended by itself, if it did. */
  died = undefined;

  constructor() {
    // Where this runs as root, PostgreSQL runs as another user and must reach its directory.
    chmodSync(this.directory, 0o755);
  }

  get logFile() {
    return join(this.directory, 'server.log');
  }

  /** Limits are on, and as they come, unless the scene's own environment says otherwise. */
  async start(environment = {}) {
    const child = spawn(process.execPath, [...SERVER_NODE_OPTIONS, MAIN], {
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        HOST: '127.0.0.1',
        DATA_DIR: this.directory,
        JWT_SECRET: this.secret,
        LOG_LEVEL: 'warn',
        ACCESS_TOKEN_SECONDS: '86400',
        METRICS_TOKEN: 'the token of the bench',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.died = undefined;
    const log = createWriteStream(this.logFile, { flags: 'a' });
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    let output = '';
    this.url = await new Promise((resolve, reject) => {
      child.stdout.on('data', (chunk) => {
        output += chunk;
        const match = /Parley listens on +(http\S+)/.exec(output);
        if (match !== null) resolve(match[1]);
      });
      child.once('exit', (code, signal) => reject(new Error(`the server ended with ${code ?? signal}: ${output}`)));
    });
    child.once('exit', (code, signal) => {
      if (this.child === child) this.died = code ?? signal;
    });
    this.peakRss = 0;
    this.sampler = setInterval(() => (this.peakRss = Math.max(this.peakRss, this.rss())), SAMPLE_MS);
    const [, , , port] = readFileSync(join(this.directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
    const password = readFileSync(join(this.directory, 'postgres-password'), 'utf8').trim();
    this.database = new pg.Client({
      connectionString: `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/parley`,
    });
    this.database.on('error', () => {});
    await this.database.connect();
  }

  async stop() {
    clearInterval(this.sampler);
    await this.database?.end().catch(() => {});
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  remove() {
    rmSync(this.directory, { recursive: true, force: true });
  }

  // -- what is spent --------------------------------------------------------------------------------------------------
  /** Bytes; 0 for a process that is gone. */
  rss() {
    try {
      return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))[1]) * 1024;
    } catch {
      return 0;
    }
  }

  /** CPU seconds of the server's process. */
  cpu() {
    try {
      const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1].split(' ').map(Number);
      return (fields[11] + fields[12]) / TICKS;
    } catch {
      return Number.NaN;
    }
  }

  /** Bytes of all files below a folder of DATA_DIR. */
  sizeOf(folder) {
    let bytes = 0;
    try {
      for (const entry of readdirSync(join(this.directory, folder), { recursive: true, withFileTypes: true })) {
        if (entry.isFile()) bytes += statSync(join(entry.parentPath ?? entry.path, entry.name)).size;
      }
    } catch {
      // Files come and go meanwhile.
    }
    return bytes;
  }

  // -- people and what they have ---------------------------------------------------------------------------------------
  /** Users with a session each, straight in the database. */
  async users(count) {
    const users = Array.from({ length: count }, () => ({ id: v7(), session: v7() }));
    await this.database.query(
      `INSERT INTO users (id, username, display_name) SELECT id, 'h' || right(replace(id::text, '-', ''), 24), 'Hostile bench' FROM unnest($1::uuid[]) AS id`,
      [users.map(({ id }) => id)],
    );
    await this.database.query(
      `INSERT INTO sessions (id, user_id, expires_at)
       SELECT s, u, now() + interval '1 day' FROM unnest($1::uuid[], $2::uuid[]) AS t(s, u)`,
      [users.map(({ session }) => session), users.map(({ id }) => id)],
    );
    for (const user of users) user.token = this.#token(user);
    return users;
  }

  #token({ id, session }) {
    const now = Math.floor(Date.now() / 1_000);
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: id, sid: session, iat: now, exp: now + 86_400, iss: 'parley', aud: 'parley' })}`;
    return `${text}.${createHmac('sha256', this.secret).update(text).digest('base64url')}`;
  }

  /** Two users and their direct conversation; they are friends. */
  async pair() {
    const [first, second] = await this.users(2);
    const conversationId = await this.direct(first, second);
    return { first, second, conversationId };
  }

  async pairs(count) {
    const made = [];
    while (made.length < count) made.push(await this.pair());
    return made;
  }

  async direct(first, second) {
    const [low, high] = [first.id, second.id].sort();
    await this.database.query('INSERT INTO friendships (low_id, high_id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      low,
      high,
    ]);
    return this.#conversation('DIRECT', [first, second], { low, high });
  }

  /** The first is its owner. */
  group(users) {
    return this.#conversation('GROUP', users);
  }

  async #conversation(type, users, { low = null, high = null } = {}) {
    const id = randomUUID();
    await this.database.query(
      'INSERT INTO conversations (id, type, title, low_id, high_id) VALUES ($1, $2, $3, $4, $5)',
      [id, type, type === 'GROUP' ? 'Hostile bench' : null, low, high],
    );
    await this.database.query(
      `INSERT INTO conversation_members (conversation_id, user_id, role)
       SELECT $1, u, (CASE WHEN n = 1 AND $3 = 'GROUP' THEN 'OWNER' ELSE 'MEMBER' END)::member_role
       FROM unnest($2::uuid[]) WITH ORDINALITY AS t(u, n)`,
      [id, users.map((user) => user.id), type],
    );
    return id;
  }

  /** Messages as if they had been sent long ago. `content` is SQL, of the number `g`. */
  async history(conversationId, sender, count, content) {
    await this.database.query(
      `INSERT INTO messages (id, conversation_id, seq, sender_id, client_id, kind, content, created_at)
       SELECT gen_random_uuid(), $1, g, $2, gen_random_uuid(), 'TEXT', ${content}, now() FROM generate_series(1, $3::integer) g`,
      [conversationId, sender.id, count],
    );
    await this.database.query('UPDATE conversations SET last_seq = $2, last_message_at = now() WHERE id = $1', [
      conversationId,
      count,
    ]);
  }

  async metrics() {
    const response = await fetch(`${this.url}/metrics`, {
      headers: { authorization: 'Bearer the token of the bench' },
    });
    return response.text();
  }
}
