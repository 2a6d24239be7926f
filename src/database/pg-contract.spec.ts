import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { connectionFailure } from './connection-failure.js';
import type { ClientWithConnection } from './database.js';

/** Holds what database.ts relies on in pg, and what its types do not promise, against the version installed. */
describe('what the pool relies on', () => {
  it('finds the socket of a client at connection.stream', () => {
    const client = new pg.Client() as pg.ClientBase as ClientWithConnection;
    expect(client.connection.stream).toBeInstanceOf(Socket);
  });

  it.each([
    ['verify-full', {}],
    ['no-verify', { rejectUnauthorized: false }],
  ])('asks for TLS by sslmode=%s as docs/operations/proxies.md has it', (mode, expected) => {
    const client = new pg.Client(`postgresql://ada@127.0.0.1/parley?sslmode=${mode}`) as pg.Client & { ssl: unknown };
    expect(client.ssl).toEqual(expected);
  });

  it('names sslmode=verify-full where the other side may want TLS: sslmode=require is not what it says', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    const { message } = connectionFailure(reset, 'postgresql://ada@127.0.0.1:5432/parley');
    expect(message).toMatch(/^DATABASE_URL: 127\.0\.0\.1:5432 closed the connection .*\(sslmode=verify-full\)$/);
  });
});
