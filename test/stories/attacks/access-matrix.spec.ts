import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Anything, type Person, startStory, type Story } from '../../support/story.js';
import { CALLERS, type Caller, MATRIX, type Operation, type Preparation, type World } from './access-table.js';

type Group = Pick<World, 'groupId' | 'messageId'>;

const SECRETS = ['what a member said', 'Secret group'];
const NOBODY = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';

const isJson = ({ headers }: Response): boolean => /json/.test(headers.get('content-type') ?? '');

describe('who may do what', () => {
  let story: Story;
  let owner: Person;
  let people: Record<Exclude<Caller, 'anonymous'>, Person>;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    const [ada, stranger, blocked, former, member, admin, moderator, administrator] = (await Promise.all(
      ['ada', 'stranger', 'blocked', 'former', 'member', 'admin', 'moderator', 'administrator'].map((name) =>
        story.person(name),
      ),
    )) as [Person, Person, Person, Person, Person, Person, Person, Person];
    owner = ada;
    people = { stranger, blocked, former, member, admin, moderator, administrator };
    await story.grant(moderator, 'MODERATOR');
    await story.grant(administrator, 'ADMIN');
    await owner.must('POST', '/blocks', { userId: blocked.id });
  });
  afterAll(() => story.close());

  /** The group that was asked about last, where the question left it as it was. */
  let unchangedGroup: Group | undefined;
  /** The same of what an operation needs beside it. */
  let unchangedPreparation: { operation: Operation; preparation: Preparation } | undefined;

  /** A group of its own for each question that changes it: what one caller does must not decide what the next one may. */
  async function newWorld(caller: Caller): Promise<World> {
    const { groupId, messageId } = unchangedGroup ?? (await newGroup());
    const self = caller === 'anonymous' ? undefined : people[caller];
    return { groupId, messageId, owner, member: people.member, self, newcomer: () => story.person('newcomer') };
  }

  /** Keeps for the next caller what this one left as it was: all of it where it was refused or only read. */
  function keep(name: string, operation: Operation, world: World, preparation: Preparation, isRefused: boolean): void {
    const isUnchanged = isRefused || name.startsWith('GET ');
    const isAboutGroup = / (\/admin)?\/(conversations|messages)\/\{/.test(name);
    unchangedGroup = isUnchanged || !isAboutGroup ? world : undefined;
    unchangedPreparation = isUnchanged ? { operation, preparation } : undefined;
  }

  async function newGroup(): Promise<Group> {
    const { former, member, admin } = people;
    const groupId = await owner.group('Secret group', former, member, admin);
    await owner.must('PATCH', `/conversations/${groupId}/members/${admin.id}`, { role: 'ADMIN' });
    const message = await member.send(groupId, 'what a member said');
    await owner.must('DELETE', `/conversations/${groupId}/members/${former.id}`);
    return { groupId, messageId: message.id };
  }

  const shown = ({ status, body }: { status: number; body: Anything }): string =>
    body?.code === undefined ? `${status}` : `${status} ${body.code}`;
  const ask = async (method: string, path: string, token: string | undefined, body: unknown): Promise<Anything> => {
    const response = await fetch(story.url + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      text,
      body: text === '' || !isJson(response) ? undefined : JSON.parse(text),
    };
  };

  it('is written down for every operation, and for no other', async () => {
    const { paths } = (await ask('GET', '/docs-json', undefined, undefined)).body;
    const operations = Object.entries<Anything>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(Object.keys(MATRIX).sort()).toEqual(operations.sort());
  });

  const cells = Object.entries(MATRIX).flatMap(([name, operation]) =>
    CALLERS.map((caller, index) => ({ name, operation, caller, expected: operation.answers[index] ?? '' })),
  );
  it.each(cells)('answers $name by $caller with $expected', async ({ name, operation, caller, expected }) => {
    const world = await newWorld(caller);
    const preparation = await prepared(operation, world);
    await operation.before?.(world);
    const { path, body } = called(name, operation, world, preparation);
    const token = caller === 'anonymous' ? undefined : (preparation.as ?? world.self)?.accessToken;
    const [method = ''] = name.split(' ');
    const answer = await ask(method, path, token, body);
    expect(shown(answer)).toBe(expected);
    if (answer.status >= 400) {
      // One older dialect has errors of its own.
      expect(answer.type).toContain(path.startsWith('/api/chats/') ? 'application/json' : 'application/problem+json');
      for (const secret of [...SECRETS, owner.email, people.member.email]) expect(answer.text).not.toContain(secret);
    }
    await operation.after?.(world);
    keep(name, operation, world, preparation, answer.status >= 400);
  });

  it('shows nobody who is kept out whether there is anything at all', async () => {
    for (const [name, operation] of Object.entries(MATRIX)) {
      if (!/\{id\}/.test(name) || !/^\S+ \/(conversations|messages)/.test(name)) continue;
      for (const caller of ['stranger', 'former', 'blocked'] as const) {
        const world = await newWorld(caller);
        const preparation = await prepared(operation, world);
        await operation.before?.(world);
        const there = called(name, operation, world, preparation);
        const nowhere = called(name, operation, { ...world, groupId: NOBODY, messageId: NOBODY }, preparation);
        const [method = ''] = name.split(' ');
        const { accessToken } = people[caller];
        const answers = [
          await ask(method, there.path, accessToken, there.body),
          await ask(method, nowhere.path, accessToken, nowhere.body),
        ].map(({ status, body }) => ({ status, ...body, requestId: null }));
        expect([name, caller, answers[0]]).toEqual([name, caller, answers[1]]);
        keep(name, operation, world, preparation, answers[0]?.status >= 400);
      }
    }
  });

  async function prepared(operation: Operation, world: World): Promise<Preparation> {
    return unchangedPreparation?.operation === operation
      ? unchangedPreparation.preparation
      : ((await operation.prepare?.(world)) ?? {});
  }

  function called(
    name: string,
    operation: Operation,
    world: World,
    preparation: Preparation,
  ): { path: string; body: unknown } {
    const [, pattern = ''] = name.split(' ');
    const values: Record<string, string> = {
      id: pattern.startsWith('/messages') ? world.messageId : world.groupId,
      userId: world.owner.id,
      emoji: '+1',
      ...preparation.parameters,
    };
    const path = pattern.replace(/\{(\w+)\}/g, (_, parameter: string) => values[parameter] ?? randomUUID());
    return { path: path + (operation.query ?? ''), body: preparation.body ?? operation.body?.(world) };
  }
});
