import { describe, expect, it } from '@jest/globals';
import { type ChaosOptions, runChaos } from './chaos.js';

const SECONDS = 4;

/**
 * The short form of `npm run chaos`. From these seeds come eight kinds of faults: the end of the server, of the postmaster and
 * of both, of a backend in both ways, a backend that stands still, and the networks to clients and to the database cut.
 */
describe('chaos', () => {
  it('loses, doubles and misplaces nothing while the server, its embedded database and the networks between them fail', async () => {
    await expectNothingWrong({ mode: 'embedded', seed: 389 });
  }, 240_000);

  it('loses, doubles and misplaces nothing while the server, its external database and the networks between them fail, and finds what is wrong where something is', async () => {
    const found = await expectNothingWrong({
      mode: 'external',
      seed: 9,
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
      expect(found.join('\n')).toContain(kind);
    expect(found.join('\n')).toMatch(/^lost: message/m);
    expect(found.join('\n')).toMatch(/^edit: /m);
    expect(found.join('\n')).toMatch(/^sync: /m);
  }, 240_000);
});

/** Returns what the sabotage broke. */
async function expectNothingWrong(
  options: Pick<ChaosOptions, 'mode' | 'seed' | 'sabotage'>,
): Promise<readonly string[]> {
  const lines: string[] = [];
  const { violations, sabotageFound, faults, acknowledged, logs } = await runChaos({
    ...options,
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
  return sabotageFound;
}
