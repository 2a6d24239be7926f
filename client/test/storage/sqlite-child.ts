import { expoSqliteStorage } from '../../src/storage/expo-sqlite.js';
import { betterSqlite3 } from '../support/better-sqlite3.js';
import { SqliteShim } from './sqlite-shim.js';

/** A process that writes, one transaction of two stores after the other, until somebody kills it. */
const shim = new SqliteShim(await betterSqlite3(), process.argv[2] ?? '');
const database = await expoSqliteStorage(shim).open('account');
for (let number = 0; ; number += 1) {
  await database.transaction('readwrite', ['outbox', 'messages'], async (transaction) => {
    await transaction.put('outbox', 'last', number);
    await transaction.range('outbox');
    await transaction.put('messages', 'last', number);
    await transaction.range('messages');
  });
  process.stdout.write(`${number}\n`);
}
