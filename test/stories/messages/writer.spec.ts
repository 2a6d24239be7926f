import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Clock } from '../../../src/common/clock.js';
import { DomainError } from '../../../src/common/errors.js';
import { Database } from '../../../src/database/database.js';
import { MessageWriter } from '../../../src/messages/sending/message-writer.js';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { type Anything, request, startStory, type Story, until } from '../../support/story.js';
import { Line } from '../connections/line.js';

describe('the writer', () => {
  let database: TestDatabase;
  let line: Line;
  let story: Story;

  beforeAll(async () => {
    database = await createTestDatabase();
    line = await Line.to(database.url);
    story = await startStory({ databaseUrl: line.url, rateLimits: false });
  });
  afterAll(async () => {
    await story.close();
    await line.cut();
    await database.drop();
  });

  // Batches and single messages are stored by two functions of the database, which must agree.
  it.each(['together', 'one by one'])('judges each of several messages by itself, sent %s', async (how) => {
    const [ada, bob, cy] = await Promise.all([story.person(), story.person(), story.person()]);
    const [blocked, left, fine] = [
      await ada.directConversation(bob),
      await cy.group('Left', ada),
      await ada.group('Fine', cy),
    ];
    const first = await ada.send(fine, 'first', { clientId: randomUUID() });
    await bob.must('POST', '/blocks', { userId: ada.id });
    await ada.must('POST', `/conversations/${left}/leave`);
    const device = await ada.device();
    const send = (conversationId: string, more = {}): Promise<Anything> =>
      device.ask('send_message', { conversationId, content: 'x', ...more });
    const sends = [
      () => send(fine),
      () => send(blocked),
      () => send(fine),
      () => send(left),
      () => send(fine, { replyToId: randomUUID() }),
      () => send(randomUUID()),
      () => send(fine, { clientId: first.clientId }),
      () => send(fine, { replyToId: first.id }),
    ];
    const answers: Anything[] = [];
    if (how === 'together') answers.push(...(await Promise.all(sends.map((begin) => begin()))));
    else for (const begin of sends) answers.push(await begin());
    expect(answers.map(({ data, error }) => error?.code ?? data.message.seq)).toEqual([
      ...[3, 'CANNOT_MESSAGE', 4, 'NOT_FOUND', 'VALIDATION_FAILED', 'NOT_FOUND', first.seq, 5],
    ]);
  });

  it('keeps what is sent while the database is away, and stores it once it is back', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const [adas, bobs] = [await ada.device(), await bob.device()];
    const clock = story.app.get(Clock);
    const begun = clock.now();
    // However long the database is away here, it is no longer than a message may wait.
    clock.now = () => begun;
    await line.cut();
    const sends = Array.from({ length: 50 }, (_, index) =>
      adas.ask('send_message', { conversationId, content: `${index}`, clientId: randomUUID() }),
    );
    await until('it says that it is not ready', async () => (await ready()) === 503);
    expect((await request(story.url, 'GET', '/health/live')).status).toBe(200);
    await line.mend();
    const answers = await Promise.all(sends);
    expect(answers.map(({ data, error }) => error?.code ?? data.message.content)).toEqual(
      answers.map((_, index) => `${index}`),
    );
    expect(answers.map(({ data }) => data.message.seq)).toEqual(answers.map((_, index) => index + 1));
    await bobs.next('message:new', ({ message }) => message.seq === 50);
    expect(bobs.all('message:new').map(({ message }) => message.seq)).toEqual(answers.map((_, index) => index + 1));
    expect(adas.socket.connected).toBe(true);
    await until('it is ready again', async () => (await ready()) === 200);
    clock.now = Clock.prototype.now;
  });

  it('says so once the database has been away for too long, and recovers by itself', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const adas = await ada.device();
    const clock = story.app.get(Clock);
    await line.cut();
    const clientId = randomUUID();
    const message = { conversationId, content: 'once', clientId };
    const waiting = adas.ask('send_message', message);
    const others = Array.from({ length: 20 }, () => adas.ask('send_message', { conversationId, content: 'other' }));
    const isEarly = await Promise.race([waiting.then(() => false), ready().then(() => true)]);
    expect(isEarly).toBe(true);
    // The ten seconds it may take are over.
    clock.now = () => Date.now() + 10_000;
    for (const answer of await Promise.all([waiting, ...others]))
      expect(answer.error).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) });
    clock.now = () => Date.now();
    await line.mend();
    expect((await adas.must('send_message', message)).message).toMatchObject({ seq: 1, clientId });
    expect((await adas.must('send_message', message)).message).toMatchObject({ seq: 1, clientId });
    expect((await ada.must('GET', `/conversations/${conversationId}`)).lastSeq).toBe(1);
  });

  it('answers all whose time is over after the one attempt that the database did not answer', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const adas = await ada.device();
    const clock = story.app.get(Clock);
    let giveUp: (error: Error) => void = () => undefined;
    const silence = new Promise<never>((_, reject) => (giveUp = reject));
    const storing = replaceStoring(() => silence);
    // More than a batch takes.
    const sends = Array.from({ length: 300 }, (_, index) =>
      adas.ask('send_message', { conversationId, content: `${index}` }),
    );
    await until('all wait', () => story.app.get(MessageWriter).depth === sends.length);
    clock.now = () => Date.now() + 10_000;
    giveUp(new Error('Query read timeout'));
    for (const answer of await Promise.all(sends)) expect(answer.error.code).toBe('UNAVAILABLE');
    expect(storing.attempts).toBe(1);
    clock.now = () => Date.now();
    storing.restore();
    await adas.must('send_message', { conversationId, content: 'after' });
  });

  it('keeps what is sent while too many statements wait for a connection', async () => {
    const [ada, bob] = await Promise.all([story.person(), story.person()]);
    const conversationId = await ada.directConversation(bob);
    const adas = await ada.device();
    const storing = replaceStoring(async () => {
      if (storing.attempts === 3) storing.restore();
      throw new DomainError('OVERLOADED', { retryAfterMs: 1_000 });
    });
    const sends = Array.from({ length: 10 }, () => adas.ask('send_message', { conversationId, content: 'x' }));
    const answers = await Promise.all(sends);
    expect(answers.map(({ data, error }) => error?.code ?? data.message.seq)).toEqual(answers.map((_, n) => n + 1));
    expect(storing.attempts).toBe(3);
  });

  /** Has the statements that store messages answered by a test, and no longer by the database. */
  function replaceStoring(answer: () => Promise<never>): { readonly attempts: number; restore(): void } {
    const database = story.app.get(Database);
    const query = database.query.bind(database);
    let attempts = 0;
    Object.assign(database, {
      query: (...given: Parameters<Database['query']>) => {
        if (given[2]?.startsWith('store_message') !== true) return query(...given);
        attempts += 1;
        return answer();
      },
    });
    return {
      get attempts() {
        return attempts;
      },
      restore: () => void Object.assign(database, { query }),
    };
  }

  async function ready(): Promise<number> {
    return (await request(story.url, 'GET', '/health/ready')).status;
  }
});
