import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { ClientWithConnection } from './database.js';

/** Holds what database.ts relies on in pg, and what its types do not promise, against the version installed. */
describe('what the pool relies on', () => {
  it('finds the socket of a client at connection.stream', () => {
    const client = new pg.Client() as pg.ClientBase as ClientWithConnection;
    expect(client.connection.stream).toBeInstanceOf(Socket);
  });
});
