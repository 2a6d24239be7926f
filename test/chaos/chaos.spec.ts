import { describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { runChaos } from './chaos.js';
import type { Mode } from './house.js';

/** The short form of `npm run chaos`. */
describe('chaos', () => {
  const SECONDS = 4;

  it.each<[Mode, number]>([
    ['embedded', 4],
    ['external', 9],
  ])(
    'loses, doubles and misplaces nothing while the server, its %s database and the networks between them fail',
    async (mode, seed) => {
      const lines: string[] = [];
      const { violations, faults, acknowledged, logs } = await runChaos({
        seed,
        mode,
        seconds: SECONDS,
        report: (line) => lines.push(line),
      });
      expect({ violations, logs, lines: violations.length === 0 ? [] : lines }).toEqual({
        violations: [],
        logs: undefined,
        lines: [],
      });
      expect(faults).toBeGreaterThanOrEqual(4);
      expect(acknowledged).toBeGreaterThan(20);
    },
    240_000,
  );

  it('finds what is wrong where something is', async () => {
    const { violations, logs } = await runChaos({
      seed: 3,
      mode: 'external',
      seconds: 3,
      report: () => undefined,
      sabotage: async (database) => {
        await database.query(
          `DELETE FROM messages WHERE id = (SELECT id FROM messages WHERE kind = 'TEXT' AND deleted_at IS NULL ORDER BY id LIMIT 1)`,
        );
        // Unnoticed by what stamps changes for sync.
        await database.query('SET session_replication_role = replica');
        await database.query(
          `UPDATE messages SET content = 'another' WHERE id = (SELECT id FROM messages WHERE kind = 'TEXT' AND deleted_at IS NULL ORDER BY id DESC LIMIT 1)`,
        );
        await database.query(
          `INSERT INTO message_reactions (message_id, conversation_id, user_id, emoji)
           SELECT gen_random_uuid(), conversation_id, user_id, '👍' FROM conversation_members LIMIT 1`,
        );
        await database.query(
          `UPDATE conversation_members SET last_read_seq = 1000000, last_delivered_seq = 1000000 WHERE user_id = (SELECT min(user_id::text)::uuid FROM conversation_members)`,
        );
      },
    });
    for (const kind of ['numbers are not dense', 'a reaction has no message', 'a cursor is out of bounds'])
      expect(violations.join('\n')).toContain(kind);
    expect(violations.join('\n')).toMatch(/^lost: message/m);
    expect(violations.join('\n')).toMatch(/^edit: /m);
    expect(violations.join('\n')).toMatch(/^sync: /m);
    rmSync(logs ?? '', { recursive: true });
  }, 240_000);
});
