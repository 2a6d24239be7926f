import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Database } from '../../src/database/database.js';
import { AttentionRepository } from '../../src/presence/attention.repository.js';
import { PresenceTracker } from '../../src/realtime/ephemeral/presence-tracker.js';
import { startStory, type Story } from '../support/story.js';

let story: Story;
beforeAll(async () => {
  story = await startStory();
  // A process that is alone takes every other lease for a dead one's, once, when it starts.
  await story.app.get(PresenceTracker)['enqueue'](() => Promise.resolve());
});
afterAll(() => story.close());

it('what processes that died left is swept, of several at once, and what living ones hold stays', async () => {
  const database = story.app.get(Database);
  await database.query(
    `WITH node AS (
       INSERT INTO presence_nodes (node_id, expires_at)
       SELECT gen_random_uuid(), now() + interval '1 hour' FROM generate_series(1, 3) RETURNING node_id
     ) INSERT INTO attentions (user_id, node_id, conversation_ids)
       SELECT gen_random_uuid(), node_id, '{}' FROM node, generate_series(1, 4)`,
  );
  await database.query(
    `INSERT INTO attentions (user_id, node_id, conversation_ids)
     SELECT gen_random_uuid(), dead.node_id, '{}'
     FROM (SELECT gen_random_uuid() AS node_id FROM generate_series(1, 3) OFFSET 0) AS dead, generate_series(1, 5)`,
  );
  const count = `SELECT count(*)::integer AS rows, count(DISTINCT node_id)::integer AS nodes FROM attentions`;
  expect(await database.query(count)).toEqual([{ rows: 27, nodes: 6 }]);
  await story.app.get(AttentionRepository).sweep();
  expect(await database.query(count)).toEqual([{ rows: 12, nodes: 3 }]);
  await database.query('DELETE FROM presence_nodes');
  await story.app.get(AttentionRepository).sweep();
  expect(await database.query(count)).toEqual([{ rows: 0, nodes: 0 }]);
  await story.app.get(AttentionRepository).sweep();
});
