import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { AttachmentsRepository } from '../../../src/attachments/attachments.repository.js';
import { Spool } from '../../../src/attachments/uploads/receiving/spool.js';
import { migrationStatus } from '../../../src/database/migrations/migrator.js';
import { WebhookQueueRepository } from '../../../src/integrations/webhooks/sending/webhook-queue.repository.js';
import { WebhookPlanningRepository } from '../../../src/integrations/webhooks/planning/webhook-planning.repository.js';
import { PresenceStore } from '../../../src/presence/presence-store.js';
import { PushQueueRepository } from '../../../src/push/sending/push-queue.repository.js';
import { film } from '../../support/files.js';
import { applyHistory, migrationNames, today } from '../../support/databases/histories.js';
import { createEmptyDatabase, createTestDatabase, query } from '../../support/databases/postgres.js';
import { filesUnder } from '../../support/servers/s3.js';
import { RetentionRepository } from '../../../src/retention/retention.repository.js';
import { type Anything, type Person, request, startStory, type Story, until } from '../../support/story.js';

const SECRET = 'a secret that is long enough for every test';
/** Each command is a process that starts the server’s services, on a machine that may have other things to do. */
const COMMAND_MS = 240_000;

describe('npm run admin', () => {
  let story: Story;
  let directory: string;
  let serverDirectory: string;
  let root: Person;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-admin-'));
    // Not the commands' own: a command knows the database, and perhaps not where the server keeps files.
    serverDirectory = join(directory, 'server');
    story = await startStory({ rateLimits: false }, { DATA_DIR: serverDirectory });
    root = await story.person('root');
  });
  afterAll(async () => {
    await story.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** What it printed; of one that failed, what it printed as its error. */
  const run = (...parameters: string[]): Promise<{ code: number; output: string }> => runWith({}, ...parameters);
  const runWith = async (
    environment: Record<string, string>,
    ...parameters: string[]
  ): Promise<{ code: number; output: string }> => {
    const usual = { DATABASE_URL: story.databaseUrl, DATA_DIR: directory, JWT_SECRET: SECRET, NODE_OPTIONS: '' };
    try {
      const { stdout } = await promisify(execFile)(process.execPath, ['scripts/admin.mjs', ...parameters], {
        env: { ...process.env, ...usual, ...environment },
      });
      return { code: 0, output: stdout };
    } catch (error) {
      const { code, stderr } = error as { code: number; stderr: string };
      return { code, output: stderr };
    }
  };
  const auditOf = async (query: string): Promise<Anything[]> => (await root.must('GET', `/admin/audit?${query}`)).items;
  const isLoggedIn = async (person: Person): Promise<boolean> => (await person.call('GET', '/users/me')).status === 200;
  const login = (person: Person, password = 'correct horse'): Promise<Anything> =>
    request(story.url, 'POST', '/auth/login', { username: person.username, password });

  it(
    'makes the first administrator, and suspends and restores beside a server that runs',
    async () => {
      expect(await run('grant-role', root.email.toUpperCase(), 'admin')).toMatchObject({ code: 0 });
      expect(await auditOf(`targetId=${root.id}`)).toMatchObject([
        { action: 'role.grant', actorId: null, ip: null, details: { role: 'ADMIN', before: 'USER' } },
      ]);
      const user = await story.person('user');
      const device = await user.device();
      const suspended = await run('suspend', user.username, '--days=2', '--reason=spam');
      expect(suspended).toEqual({ code: 0, output: expect.stringContaining('is suspended until') });
      // No event reached the server: it found it by itself.
      const ended = await device.next('session:ended');
      expect(ended).toMatchObject({ code: 'ACCOUNT_SUSPENDED', reason: 'spam', until: expect.any(String) });
      expect((await login(user)).body.code).toBe('ACCOUNT_SUSPENDED');
      expect(await run('restore', user.id)).toMatchObject({ code: 0 });
      expect((await login(user)).status).toBe(200);
      expect((await auditOf(`targetId=${user.id}`)).map(({ action }) => action)).toEqual([
        'user.restore',
        'user.suspend',
      ]);
    },
    COMMAND_MS,
  );

  it(
    'prints a code that sets a new password, lists accounts, and counts',
    async () => {
      const user = await story.person('forgetful');
      const { output } = await run('reset-password', user.email);
      const otp = /^\d{12}/.exec(output)?.[0];
      const newPassword = 'another horse';
      const reset = { email: user.email, otp, newPassword };
      expect((await request(story.url, 'POST', '/auth/reset-password', reset)).status).toBe(200);
      expect((await login(user, newPassword)).status).toBe(200);
      const listed = await run('list-users', '--search=forgetful');
      expect(listed.output.trim().split('\t')).toEqual([user.id, user.username, user.email, 'USER']);
      const present = await story.person('present');
      await root.befriend(present);
      await present.device();
      const { output: counts } = await run('stats');
      // What the server holds is not taken for what a dead one left.
      expect((await root.must('GET', `/users/${present.id}`)).isOnline).toBe(true);
      expect(counts).toMatch(/^users +\d+$/m);
      expect((await run('reset-password', 'nobody@example.com')).output).toContain('there is nobody called');
    },
    COMMAND_MS,
  );

  it(
    'exports and deletes an account, whose connections end',
    async () => {
      const [user, friend] = [await story.person('leaver'), await story.person('friend')];
      const conversationId = await user.befriend(friend);
      await user.send(conversationId, 'what I wrote');
      await user.mustUpload(film());
      const stored = (): Promise<string[]> => filesUnder(join(serverDirectory, 'attachments'));
      expect(await stored()).toHaveLength(1);
      const device = await user.device();
      const file = join(directory, 'export.json');
      // Others may read what was there before, and may not read this.
      await writeFile(file, 'an older one', { mode: 0o644 });
      expect(await run('export-user', user.email, `--out=${file}`)).toMatchObject({ code: 0 });
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const exported = JSON.parse(await readFile(file, 'utf8'));
      expect(exported.profile.email).toBe(user.email);
      expect(JSON.stringify(exported.messages)).toContain('what I wrote');
      expect(await run('delete-user', user.email)).toMatchObject({ code: 1, output: expect.stringContaining('--yes') });
      expect(await run('delete-user', user.email, '--yes')).toMatchObject({ code: 0 });
      expect(await device.next('session:ended')).toEqual({ code: 'ACCOUNT_DELETED', retry: false });
      await device.next('disconnect');
      await until('the server has removed its file', async () => (await stored()).length === 0);
      expect((await login(user)).status).toBe(401);
      expect((await auditOf(`targetId=${user.id}`)).map(({ action }) => action)).toEqual([
        'user.delete',
        'user.export',
      ]);
    },
    COMMAND_MS,
  );

  it(
    'ends the sessions of one account, or of all, and cleans up',
    async () => {
      const mayRefresh = async ({ refreshToken }: Person): Promise<boolean> =>
        (await request(story.url, 'POST', '/auth/refresh', { refreshToken })).status === 200;
      const [one, other] = [await story.person('one'), await story.person('other')];
      expect(await run('end-sessions', one.email.toUpperCase())).toEqual({
        code: 0,
        output: expect.stringMatching(/^1 sessions ended/),
      });
      expect([await isLoggedIn(one), await mayRefresh(one)]).toEqual([false, false]);
      expect(await isLoggedIn(other)).toBe(true);
      const device = await other.device();
      expect(await run('end-sessions', '--all')).toMatchObject({ code: 0 });
      expect(await device.next('session:ended')).toEqual({ code: 'SESSION_REVOKED', retry: false });
      expect((await other.call('GET', '/users/me')).status).toBe(401);
      expect(await mayRefresh(other)).toBe(false);
      expect(await run('vacuum')).toMatchObject({ code: 0 });
      root.accessToken = (await login(root)).body.accessToken;
      expect((await auditOf('targetType=server')).map(({ action }) => action)).toEqual([
        'server.vacuum',
        'server.end_sessions',
      ]);
    },
    COMMAND_MS,
  );

  it(
    'says what is wrong and how it is used, and does nothing',
    async () => {
      const expected: [parameters: string[], firstLine: string][] = [
        [[], 'npm run admin -- <command>'],
        [['toString'], 'there is no command toString'],
        [['no-such-command'], 'there is no command no-such-command'],
        [['grant-role', 'x'], 'grant-role takes 2 arguments, not 1'],
        [['suspend', 'x'], 'suspend takes one of --until, --days and --for-good'],
        [['suspend', root.username, '--until=yesterday'], '--until is no time: yesterday'],
        [['suspend', root.username, '--days=x'], '--days is no number of days: x'],
        [['end-sessions'], 'end-sessions takes either <who> or --all'],
        [['end-sessions', '--everybody'], "Unknown option '--everybody'"],
        [['restore', '--all'], "Unknown option '--all'"],
      ];
      for (const [parameters, firstLine] of expected) {
        const { code, output } = await run(...parameters);
        expect({ parameters, code, firstLine: output.split('\n')[0] }).toMatchObject({
          ...{ parameters, code: 1, firstLine: expect.stringContaining(firstLine) },
        });
        expect(output).toContain('npm run admin');
      }
      expect(await isLoggedIn(root)).toBe(true);
      expect(await run('--help')).toEqual({ code: 0, output: expect.stringContaining('export-user <who>') });
    },
    COMMAND_MS,
  );

  it(
    'ends quietly where nobody reads on',
    async () => {
      const [user, other] = [await story.person('much'), await story.person('other')];
      const direct = await user.directConversation(other);
      for (let count = 0; count < 100; count += 1) await user.send(direct, 'x'.repeat(4_000));
      const child = spawn(process.execPath, ['scripts/admin.mjs', 'export-user', user.username], {
        env: {
          ...process.env,
          DATABASE_URL: story.databaseUrl,
          DATA_DIR: directory,
          JWT_SECRET: SECRET,
          NODE_OPTIONS: '',
        },
      });
      let errors = '';
      child.stderr.on('data', (piece) => (errors += piece));
      child.stdout.once('data', () => child.stdout.destroy());
      const [code] = await once(child, 'close');
      expect({ code, errors }).toEqual({ code: 0, errors: '' });
    },
    COMMAND_MS,
  );

  it(
    'touches no database that another release has migrated',
    async () => {
      const newer = await createTestDatabase();
      const older = await createEmptyDatabase();
      try {
        await query(
          newer.url,
          `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('1', '', '29990101000000_later', now())`,
        );
        for (const command of ['stats', 'after-restore'])
          expect(await runWith({ DATABASE_URL: newer.url }, command)).toEqual({
            code: 1,
            output: 'the database was migrated by a newer release: run the command of that one\n',
          });
        await applyHistory(older.url, migrationNames.slice(0, -1).map(today), () => Promise.resolve());
        expect(await runWith({ DATABASE_URL: older.url }, 'stats')).toEqual({
          code: 1,
          output: expect.stringContaining('the database is of an earlier release'),
        });
        // A backup may be of one, and no server may start on it before.
        expect(await runWith({ DATABASE_URL: older.url }, 'after-restore')).toMatchObject({ code: 0 });
        expect((await migrationStatus(older.url)).pending).toEqual([]);
      } finally {
        await newer.drop();
        await older.drop();
      }
    },
    COMMAND_MS,
  );

  it(
    'makes no database where there is none',
    async () => {
      const mistyped = join(directory, 'mistyped');
      const { code, output } = await runWith({ DATABASE_URL: '', DATA_DIR: mistyped }, 'stats');
      expect({ code, lines: output.trim().split('\n') }).toEqual({
        code: 1,
        lines: [expect.stringContaining(`there is no database in ${mistyped}`)],
      });
      expect(existsSync(mistyped)).toBe(false);
    },
    COMMAND_MS,
  );
});

describe('the process of an operator’s command', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** What a process takes from the queues, what it looks for to remove, and what else it begins by itself. */
  const spies = () => [
    jest.spyOn(AttachmentsRepository.prototype, 'listPendingDeletion'),
    jest.spyOn(Spool.prototype, 'sweep'),
    jest.spyOn(RetentionRepository.prototype, 'isAnySet'),
    jest.spyOn(WebhookPlanningRepository.prototype, 'isAnyActive'),
    jest.spyOn(PresenceStore.prototype, 'renew'),
    jest.spyOn(WebhookQueueRepository.prototype, 'take'),
    jest.spyOn(WebhookQueueRepository.prototype, 'overfull'),
    jest.spyOn(WebhookQueueRepository.prototype, 'dueNotices'),
    jest.spyOn(PushQueueRepository.prototype, 'take'),
    jest.spyOn(PushQueueRepository.prototype, 'takeTickets'),
  ];

  it('takes nothing that waits for webhooks, administrators’ mailboxes, phones, Expo or the sweep of files, and looks like no server', async () => {
    const takes = spies();
    const story = await startStory({ isOperator: true });
    try {
      // What begins with a process has begun before it is called for the first time, and a deletion prompts a sweep.
      await (await story.person()).must('DELETE', '/users/me', { password: 'correct horse' });
      await story.person();
      for (const take of takes) expect(take).not.toHaveBeenCalled();
    } finally {
      await story.close();
    }
  });

  it('leaves that to servers, which take all of it', async () => {
    const takes = spies();
    const story = await startStory();
    try {
      await until('all of it is taken', () => takes.every(({ mock }) => mock.calls.length > 0));
    } finally {
      await story.close();
    }
  });
});
