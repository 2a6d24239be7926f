import { afterEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { misplacedStatements } from '../../scripts/check-statements.mjs';

const SCRIPT = join(process.cwd(), 'scripts', 'check-statements.mjs');

describe('the order of statements', () => {
  let sources: string;
  afterEach(() => rmSync(sources, { recursive: true, force: true }));

  /** What the rule says of one file of these lines. */
  const check = (room: string, ...lines: string[]): string => {
    sources = mkdtempSync(join(tmpdir(), 'parley-statements-'));
    mkdirSync(join(sources, room));
    writeFileSync(join(sources, room, 'some.repository.ts'), lines.join('\n'));
    return misplacedStatements(sources).join('\n');
  };

  it('holds for the sources of this checkout', () => {
    sources = '';
    expect(spawnSync(process.execPath, [SCRIPT], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  it('lets a room name its own tables, those of rooms below it, and its views', () => {
    expect(check('messages', 'query(`SELECT 1 FROM messages m JOIN conversations c USING (id)`);')).toBe('');
    expect(check('users', "query('SELECT 1 FROM users WHERE EXISTS (SELECT 1 FROM online_users)');")).toBe('');
    expect(check('conversations', 'query(`SELECT seq FROM uncounted_messages`);')).toBe('');
  });

  it('shows a table of a room above, with the line, and fails', () => {
    const shown = check('users', '', "query('SELECT 1 FROM users JOIN blocks ON true');");
    expect(shown).toMatch(/some\.repository\.ts:2: blocks is of friends, which users may not name/);
    expect(spawnSync(process.execPath, [SCRIPT, sources], { encoding: 'utf8' })).toMatchObject({
      status: 1,
      stderr: `${shown}\n`,
    });
  });

  it('looks into every piece of a template, also where the piece alone is no statement', () => {
    const text = 'query(`SELECT 1 FROM ${one} AS a, messages m WHERE ${two}`);';
    expect(check('friends', text)).toMatch(/:1: messages is of messages, which friends may not name/);
    expect(check('friends', 'query(`select 1, messages`);')).toMatch(/messages is of messages/);
  });

  it('takes a quoted name for a table, and neither a text nor a column for one', () => {
    expect(check('users', `query('DELETE FROM "sessions"');`)).toMatch(/sessions is of auth/);
    expect(check('users', `query("SELECT 'messages', u.messages FROM users u");`)).toBe('');
  });

  it('holds for the calls of Prisma and for functions of the database', () => {
    expect(check('users', 'database.prisma.friendRequest.findMany({});')).toMatch(/friend_requests is of friends/);
    expect(check('conversations', "query('SELECT * FROM store_message($1)');")).toMatch(/store_message is of messages/);
  });

  it.each(['sync', 'cluster'])('lets %s read the rooms below it and write nothing', (room) => {
    expect(check(room, "query('SELECT 1 FROM messages, blocks, users');")).toBe('');
    expect(check(room, "query('UPDATE messages SET seq = 1');")).toMatch(/only reads .*, and here it writes/);
    expect(check(room, "query('SELECT 1 FROM push_devices');")).toMatch(/push_devices is of push/);
  });

  it('lets moderation count the devices of push, and change none', () => {
    expect(check('moderation', "query('SELECT count(*) FROM push_devices');")).toBe('');
    expect(check('moderation', "query('DELETE FROM push_devices');")).toMatch(/moderation only reads what is of push/);
    expect(check('push', "query('SELECT 1 FROM reports');")).toMatch(
      /reports is of moderation, which push may not name/,
    );
  });

  it('asks for a place for a new room', () => {
    expect(check('gadgets', "query('SELECT 1 FROM users');")).toMatch(/gadgets has no place in the order of rooms/);
  });
});
