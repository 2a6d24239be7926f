import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { migrate } from '../../src/database/migrations/migrator.js';
import { applyHistory, release } from '../support/histories.js';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.js';
import { type Anything, Person, startStory, type Story } from '../support/story.js';

const PASSWORD = 'correct horse';
const id = (number: number): string => `01900000-0000-7000-8000-${number.toString().padStart(12, '0')}`;
const [ADA, BOB, CY, GONE] = [id(1), id(2), id(3), id(4)];
const [GROUP, DIRECT] = [id(10), id(11)];

/** What release 0.2.0 left behind: rows of every kind, also such as no release of today would write. */
async function leaveBehind(client: pg.Client): Promise<void> {
  await client.query(
    `INSERT INTO users (id, email, username, display_name, deleted_at) VALUES
       ($1, 'ada@example.com', 'ada', 'Ada', NULL), ($2, 'bob@example.com', 'bob', 'Bob created "x', NULL),
       ($3, 'cy@example.com', 'cy', 'Cy', NULL), ($4, NULL, 'deleted-4', 'Deleted user', now())`,
    [ADA, BOB, CY, GONE],
  );
  await client.query(`INSERT INTO conversations (id, type, title, last_seq) VALUES ($1, 'GROUP', 'Chess', 0)`, [GROUP]);
  await client.query(
    `INSERT INTO conversation_members (conversation_id, user_id, role)
     VALUES ($1, $2, 'OWNER'), ($1, $3, 'MEMBER'), ($1, $4, 'MEMBER')`,
    [GROUP, ADA, BOB, CY],
  );
  await client.query(`INSERT INTO conversations (id, type, low_id, high_id) VALUES ($1, 'DIRECT', $2, $3)`, [
    DIRECT,
    ADA,
    BOB,
  ]);
  await client.query(`INSERT INTO conversation_members (conversation_id, user_id) VALUES ($1, $2), ($1, $3)`, [
    DIRECT,
    ADA,
    BOB,
  ]);
}

/** Sentences as 0.2.0 stored them: who said it, what, the data beside it; and what is to become of both. */
const sentences: [string, string, Anything, Anything, string][] = [
  [ADA, 'Ada created "Chess"', { type: 'GROUP_CREATED', userIds: [BOB] }, { title: 'Chess' }, 'Ada created "Chess"'],
  // The name of then held the words between name and title: it is still the same, and tells where the title begins.
  [
    BOB,
    'Bob created "x created "Go"',
    { type: 'GROUP_CREATED', userIds: [] },
    { title: 'Go' },
    'Bob created "x created "Go"',
  ],
  // Nobody can say any more which part of this was the name: told as it was.
  [ADA, 'A created "B" created "C"', { type: 'GROUP_CREATED', userIds: [] }, {}, 'A created "B" created "C"'],
  [
    ADA,
    'Old name named the group "A "B""',
    { type: 'GROUP_CHANGED', userIds: [] },
    { title: 'A "B"' },
    'Ada named the group "A "B""',
  ],
  [ADA, 'Old name changed the group', { type: 'GROUP_CHANGED', userIds: [] }, {}, 'Ada changed the group'],
  [ADA, 'Ada made Cy admin', { type: 'ROLE_CHANGED', userIds: [CY] }, { role: 'ADMIN' }, 'Ada made Cy admin'],
  [ADA, 'Ada made Cy king', { type: 'ROLE_CHANGED', userIds: [CY] }, {}, 'Ada made Cy king'],
  [ADA, 'Ada added Cy', { type: 'MEMBERS_ADDED', userIds: [CY] }, {}, 'Ada added Cy'],
  [
    ADA,
    'Ada added Cy, Bob, Cy and 198 more',
    { type: 'MEMBERS_ADDED', userIds: [CY, BOB, CY, ...Array.from({ length: 97 }, () => BOB)] },
    { userCount: 201 },
    'Ada added Cy, Bob created "x, Cy and 198 more',
  ],
  [ADA, 'Ada removed Deleted user', { type: 'MEMBER_REMOVED', userIds: [GONE] }, {}, 'Ada removed Deleted user'],
  [CY, 'Cy left', { type: 'MEMBER_LEFT', userIds: [CY] }, {}, 'Cy left'],
  // Data that says nothing: its sentence is all there is.
  [
    ADA,
    'Ada did something',
    { type: 'DANCED', userIds: 'nobody' },
    { type: 'GROUP_CHANGED', userIds: [] },
    'Ada did something',
  ],
  [
    ADA,
    'Ada removed somebody',
    { type: 'MEMBER_REMOVED', userIds: ['no id'] },
    { userIds: [] },
    'Ada removed somebody',
  ],
];

async function tellInSentences(client: pg.Client): Promise<void> {
  for (const [index, [sender, content, system]] of sentences.entries())
    await client.query('SELECT append_system_message($1, $2, $3, $4, $5)', [
      id(100 + index),
      GROUP,
      sender,
      content,
      JSON.stringify(system),
    ]);
  await client.query(`SELECT store_message($1, $2, $3, $1, 'an answer', $4, 'TEXT', NULL, NULL, false)`, [
    id(200),
    GROUP,
    BOB,
    id(100),
  ]);
}

describe('a database of release 0.2.0', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let story: Story;
  let ada: Person;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    const steps = release('0.2.0');
    await applyHistory(database.url, steps, async (applying, index) => {
      if (index !== steps.length - 1) return;
      await leaveBehind(applying);
      await tellInSentences(applying);
    });
    await migrate(database.url);
    story = await startStory({ databaseUrl: database.url });
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    // The password of another account that was made today.
    const other = await story.person('other');
    await client.query(
      'UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE id = $1) WHERE id = ANY ($2)',
      [other.id, [ADA, BOB, CY]],
    );
    ada = await Person.login(story.url, 'ada');
  });
  afterAll(async () => {
    await client.end();
    await story.close();
    await database.drop();
  });

  it('tells what happened in its groups as data, and in sentences', async () => {
    const history = await ada.history(GROUP);
    const told = history.slice(0, sentences.length).map(({ system, content }: Anything) => ({ system, content }));
    expect(told).toEqual(
      sentences.map(([actorId, , before, becomes, content]) => ({
        system: { type: before.type, actorId, userIds: before.userIds, ...becomes },
        content,
      })),
    );
  });

  it('keeps no sentence that its data can tell', async () => {
    const { rows } = await client.query(
      `SELECT content FROM messages WHERE kind = 'SYSTEM' AND content IS NOT NULL ORDER BY seq`,
    );
    expect(rows.map(({ content }) => content)).toEqual([
      'A created "B" created "C"',
      'Ada made Cy king',
      'Ada did something',
      'Ada removed somebody',
    ]);
  });

  it('sends nothing anew because of it', async () => {
    const { rows } = await client.query('SELECT max(version) AS version FROM messages');
    expect(rows).toEqual([{ version: 1 }]);
  });

  it('quotes what happened, and shows it as the last message', async () => {
    expect((await ada.history(GROUP)).at(-1).replyTo).toMatchObject({ kind: 'SYSTEM', content: 'Ada created "Chess"' });
    const cy = await Person.login(story.url, 'cy');
    await ada.must('PATCH', `/conversations/${GROUP}/members/${CY}`, { role: 'ADMIN' });
    await cy.must('PATCH', `/conversations/${GROUP}`, { title: 'Draughts' });
    await cy.must('PATCH', '/users/me', { displayName: 'Cyrus' });
    expect((await ada.must('GET', `/conversations/${GROUP}`)).lastMessage).toBe('Cyrus named the group "Draughts"');
  });

  it('knows who made a group', async () => {
    const { rows } = await client.query('SELECT created_by FROM conversations WHERE id = $1', [GROUP]);
    expect(rows).toEqual([{ created_by: ADA }]);
  });

  it('names nobody any more who is forgotten, also where a sentence could not be read', async () => {
    await ada.must('DELETE', '/users/me', { password: PASSWORD });
    const cy = await Person.login(story.url, 'cy');
    const told = (await cy.history(GROUP)).map(({ content }: Anything) => content);
    expect(told.filter((content: string) => /\bAda\b|created "B"/.test(content))).toEqual([]);
    expect(told).toContain('Deleted user created the group');
    expect(told).toContain('Deleted user changed the role of Cyrus');
  });
});
