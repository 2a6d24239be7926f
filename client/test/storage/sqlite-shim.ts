import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExpoSqlite, ExpoSqliteDatabase } from '../../src/storage/expo-sqlite.js';
import type { SqliteDatabase } from '../support/better-sqlite3.js';

/** Faults that a test asks for: each call of a connection passes through here before it reaches SQLite. */
export type Fault = (sql: string) => void | Promise<void>;

export type Sqlite = new (path: string, options?: object) => SqliteDatabase;

/** expo-sqlite's asynchronous calls over better-sqlite3, in a folder; as there, nothing happens in the tick of the call. */
export class SqliteShim implements ExpoSqlite {
  opened = 0;
  fault: Fault = () => undefined;
  readonly connections = new Set<SqliteDatabase>();

  constructor(
    private readonly Native: Sqlite,
    readonly folder: string,
  ) {}

  async openDatabaseAsync(name: string): Promise<ExpoSqliteDatabase> {
    await tick();
    await this.fault('open');
    this.opened += 1;
    const native = new this.Native(join(this.folder, name), { timeout: 0 });
    this.connections.add(native);
    const call = async <Result>(sql: string, work: () => Result): Promise<Result> => {
      await tick();
      await this.fault(sql);
      return work();
    };
    return {
      execAsync: (sql) => call(sql, () => native.exec(sql)),
      runAsync: (sql, parameters) => call(sql, () => native.prepare(sql).run(...parameters)),
      getAllAsync: <Row>(sql: string, parameters: unknown[]) =>
        call(
          sql,
          () =>
            native
              .prepare(sql)
              .all(...parameters)
              .map(asExpoGives) as Row[],
        ),
      closeAsync: () =>
        call('close', () => {
          this.connections.delete(native);
          native.close();
        }),
    };
  }

  async deleteDatabaseAsync(name: string): Promise<void> {
    await tick();
    const path = join(this.folder, name);
    if (!existsSync(path)) throw new Error(`Database '${name}' not found`);
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  }
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Blobs as plain Uint8Array. */
function asExpoGives(row: unknown): unknown {
  return Object.fromEntries(
    Object.entries(row as Record<string, unknown>).map(([column, value]) => [
      column,
      value instanceof Uint8Array ? new Uint8Array(value) : value,
    ]),
  );
}
