import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('../sqlite/', import.meta.url));
const binary = `${folder}node_modules/better-sqlite3/build/Release/better_sqlite3.node`;
const lock = `${folder}.installing`;
const INSTALL_TIMEOUT_MS = 10 * 60_000;

/** The statement of better-sqlite3 as the tests use it. */
export interface Statement {
  readonly reader: boolean;
  run(...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint };
  get(...parameters: unknown[]): Record<string, unknown> | undefined;
  all(...parameters: unknown[]): Record<string, unknown>[];
}

export interface SqliteDatabase {
  prepare(sql: string): Statement;
  exec(sql: string): void;
  close(): void;
  readonly open: boolean;
  readonly inTransaction: boolean;
}

/**
 * The class of better-sqlite3, installed into its own folder by the first test that asks; that takes seconds where
 * there is a prebuilt binary, and somewhat longer where it must be compiled.
 */
export async function betterSqlite3(): Promise<new (path: string, options?: object) => SqliteDatabase> {
  await installed();
  return createRequire(`${folder}package.json`)('better-sqlite3') as never;
}

async function installed(): Promise<void> {
  while (!existsSync(binary)) {
    try {
      await mkdir(lock); // one process at a time
    } catch {
      const age = Date.now() - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? Date.now());
      if (age > INSTALL_TIMEOUT_MS) await rm(lock, { recursive: true, force: true });
      await delay(200);
      continue;
    }
    try {
      if (existsSync(binary)) return;
      const parameters = ['ci', '--workspaces=false', '--no-audit', '--no-fund', '--foreground-scripts'];
      // Compiled without optimisation, in a third of the time: the tests run few statements.
      const env = { ...process.env, CFLAGS: '-O0', CXXFLAGS: '-O0' };
      await promisify(execFile)('npm', parameters, { cwd: folder, env, timeout: INSTALL_TIMEOUT_MS });
    } finally {
      await rm(lock, { recursive: true, force: true });
    }
  }
}
