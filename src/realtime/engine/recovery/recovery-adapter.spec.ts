import { describe, expect, it } from '@jest/globals';
import { Server } from 'socket.io';
import { RecoveryAdapter } from './recovery-adapter.js';

describe('the recovery of lost connections', () => {
  it.each(['/', '/made-by-somebody'])(
    'keeps nothing of a socket of %s that nobody was let in on',
    async (namespace) => {
      const server = new Server({ adapter: RecoveryAdapter, connectionStateRecovery: {} });
      const { adapter } = server.of(namespace) as unknown as { adapter: RecoveryAdapter };
      const session = { sid: 'sid', pid: 'pid', rooms: ['room'], data: {} };
      adapter.persistSession(session);
      expect(await adapter.restoreSession('pid', 'offset')).toBeNull();
    },
  );
});
