import { expect, it } from '@jest/globals';
import { betterSqlite3 } from './better-sqlite3.js';

it('has a SQLite to run the statements of the expo-sqlite adapter on', async () => {
  const Database = await betterSqlite3();
  const database = new Database(':memory:');
  expect(database.prepare('SELECT 1 AS one').get()).toEqual({ one: 1 });
  database.close();
}, 900_000);
