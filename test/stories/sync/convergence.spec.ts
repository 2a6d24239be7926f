import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';
import { type Anything, Device, type Person, startStory, type Story, until } from '../../support/story.js';
import { seeded } from '../../support/seeded.js';
import { profileOf, Replica, withoutSentences } from './replica.js';

/** Steps of each of six people, twice: first while connections drop, then while one listens. By hand more: SYNC_STEPS=1000. */
const STEPS_EACH = Number(process.env.SYNC_STEPS ?? 100);

describe('convergence', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  afterAll(() => story.close());

  it('leaves a client that only syncs, and one that listens and is dropped again and again, with what a full fetch shows', async () => {
    const seed = Number(process.env.SEED ?? 271_828);
    const random = seeded(seed);
    const people = await Promise.all(Array.from({ length: 6 }, () => story.person()));
    const [watcher, second] = people as [Person, Person, ...Person[]];
    const others = people.filter((person) => person !== watcher);
    const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;

    // Both clients know everything from the first day on.
    const begin = await watcher.must('GET', '/sync?limit=100');
    const syncing = new Replica(watcher.id);
    const listening = new Replica(watcher.id);
    let syncCursor = begin.cursor;
    let listenCursor = begin.cursor;

    const groups = await Promise.all(
      people.slice(0, 3).map((owner) => owner.group('Group', ...people.filter((person) => person !== owner))),
    );
    const conversations = [...groups, ...(await Promise.all(others.map((other) => watcher.directConversation(other))))];
    const sent: { id: string; conversationId: string }[] = [];

    /** Anything may be refused: who was just removed may not speak. Only a fault of the server counts. */
    const act = async (person: Person, method: string, path: string, body?: unknown): Promise<Anything> => {
      let answer = await person.call(method, path, body);
      // A server that is busy may say so, and when to come again.
      while (answer.status === 503) {
        await new Promise((resolve) => setTimeout(resolve, 1_000 * Number(answer.headers.get('retry-after'))));
        answer = await person.call(method, path, body);
      }
      if (answer.status >= 500) throw new Error(`seed ${seed}: ${method} ${path} answered ${answer.status}`);
      return answer.status < 300 ? answer.body : undefined;
    };
    const actor = async (person: Person): Promise<void> => {
      for (let step = 0; step < STEPS_EACH; step += 1) {
        const group = pick(groups);
        const other = pick(people.filter((candidate) => candidate !== person));
        const kind = random(100);
        const message =
          sent.length === 0 ? undefined : `/messages/${sent[Math.max(0, sent.length - 1 - random(40))]?.id}`;
        if (kind < 40 || message === undefined) {
          const conversationId = pick(conversations);
          const quoted = sent.slice(-60).filter((earlier) => earlier.conversationId === conversationId);
          const replyToId = quoted.length > 0 && random(3) === 0 ? pick(quoted).id : null;
          const content = `${person.username} ${step}`;
          const stored = await act(person, 'POST', `/conversations/${conversationId}/messages`, { content, replyToId });
          if (stored?.id !== undefined) sent.push({ id: stored.id, conversationId });
        } else if (kind < 48) await act(person, 'PATCH', message, { content: `edited ${step}` });
        else if (kind < 53) await act(person, 'DELETE', message);
        else if (kind < 57) await act(person, 'DELETE', `${message}?for=me`);
        else if (kind < 65) await act(person, 'PUT', `${message}/reactions/${pick(['like', '+1'])}`);
        else if (kind < 68) await act(person, 'DELETE', `${message}/reactions/like`);
        else if (kind < 76)
          await act(person, 'POST', `/conversations/${pick(conversations)}/read`, { seq: random(600) });
        else if (kind < 78) await act(person, 'PATCH', `/conversations/${group}`, { title: `Title ${step}` });
        else if (kind < 80)
          await act(person, 'PATCH', `/conversations/${group}/members/${other.id}`, {
            role: pick(['ADMIN', 'MEMBER']),
          });
        else if (kind < 83) await act(person, 'DELETE', `/conversations/${group}/members/${other.id}`);
        else if (kind < 84) await act(person, 'POST', `/conversations/${group}/leave`);
        else if (kind < 90)
          await act(person, 'POST', `/conversations/${group}/members`, { memberIds: [other.id, watcher.id] });
        else if (kind < 92 && person !== watcher) {
          // A user who asks or answers knows it by its own answer, and its other devices by sync: the watcher does neither.
          const request = await act(person, 'POST', '/friends/requests', { userId: pick([other, watcher]).id });
          if (request?.status === 'PENDING' && random(3) === 0)
            await act(person, 'DELETE', `/friends/requests/${request.id}`);
        } else if (kind < 95) {
          const { items } = await act(person, 'GET', '/friends/requests?direction=incoming&status=PENDING');
          if (items.length > 0) await act(person, 'POST', `/friends/requests/${pick<Anything>(items).id}/accept`);
        } else if (kind < 97) await act(person, 'DELETE', `/friends/${other.id}`);
        else if (kind < 98 && random(2) === 0)
          await act(person, 'PATCH', '/users/me', { displayName: `${person.username} ${step}` });
        else if (kind < 98)
          await act(person, 'PATCH', `/conversations/${group}/me`, { mutedUntil: '2099-01-01T00:00:00.000Z' });
        else await act(person, 'PATCH', `/conversations/${pick(conversations)}/me`, { archived: random(2) === 0 });
      }
    };

    let isDone = false;
    const syncs = async (): Promise<void> => {
      while (!isDone) {
        const { cursor, pages } = await watcher.sync(syncCursor, 5 + random(95));
        for (const page of pages) syncing.take(page);
        syncCursor = cursor;
        await new Promise((resolve) => setTimeout(resolve, random(100)));
      }
    };
    let drops = 0;
    /** Connects, syncs from its last cursor, then applies what it received meanwhile and receives from now on, in order. */
    const listens = async (): Promise<Device> => {
      for (;;) {
        const device = new Device(story.url, { token: watcher.accessToken });
        const ready = await device.next('session:ready');
        for (const page of (await watcher.sync(listenCursor, 20 + random(80))).pages) listening.take(page);
        listenCursor = ready.syncCursor;
        const received = device.received.splice(0);
        for (const { event, payload } of received) listening.receive(event, payload);
        device.socket.onAny((event: string, payload: unknown) => listening.receive(event, payload));
        if (isDone) return device;
        await new Promise((resolve) => setTimeout(resolve, random(60)));
        // In mid-sentence: what was sent and not read yet is lost.
        device.drop();
        device.socket.offAny();
        drops += 1;
      }
    };
    const following = [syncs(), listens()] as const;
    do await Promise.all(people.map(actor));
    while (drops <= 10);
    isDone = true;
    const [, device] = await Promise.all(following);
    // Not the sync above but the live events alone have to bring these.
    isDone = false;
    await Promise.all(people.map(actor));

    await second.must('POST', '/conversations', { type: 'GROUP', title: 'Marker', memberIds: [watcher.id] });
    await device.next('conversation:new', ({ conversation }) => conversation.title === 'Marker');
    await device.next('message:new', ({ message }) => message.content?.endsWith('created "Marker"'));
    for (const page of (await watcher.sync(syncCursor)).pages) syncing.take(page);

    const fetched = await fullFetch(watcher);
    // Each conversation is delivered in its own order: what was done last in another one may still be on its way.
    const hasAll = (): boolean => {
      const { requests, ...rest } = listening.shown();
      return isDeepStrictEqual(plain([rest, requests]), plain([fetched.shown, fetched.requests]));
    };
    await until('who listens has received everything', hasAll).catch(() => undefined);
    // Where it never came, what follows says what is missing.
    const expected = (name: string, replica: Replica): void => {
      const { requests, ...rest } = replica.shown();
      expect({ seed, name, ...rest }).toEqual({ seed, name, ...fetched.shown });
      // Requests between others than the watcher it never receives of; of its own it knows every one.
      expect({ seed, name, requests }).toEqual({ seed, name, requests: fetched.requests });
    };
    expected('who only syncs', syncing);
    expected('who listens', listening);
    expect(drops).toBeGreaterThan(10);
    device.socket.close();
  }, 600_000);
});

/** Without what is undefined, which is as good as absent. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** What a client shows that starts anew and fetches everything over REST. */
async function fullFetch(person: Person): Promise<Anything> {
  const all = async (path: string): Promise<Anything[]> => {
    const items: Anything[] = [];
    for (let cursor = ''; ; ) {
      const page = await person.must('GET', `${path}limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      items.push(...page.items);
      if (page.nextCursor === null) return items;
      cursor = page.nextCursor;
    }
  };
  const conversations: [string, Anything][] = [];
  const met: Anything[] = [];
  for (const { createdAt: _, members, ...conversation } of await all('/conversations?')) {
    met.push(...members.map(({ user }: Anything) => user));
    const messages: Anything[] = [];
    for (let after = 0; ; ) {
      const path = `/conversations/${conversation.id}/messages?limit=100&after=${after}`;
      const page = await person.must('GET', path);
      messages.push(...page.items.map(withoutSentences));
      if (!page.hasAfter) break;
      after = page.items.at(-1).seq;
    }
    const receipts = (await person.must('GET', `/conversations/${conversation.id}/receipts`)).items;
    conversations.push([
      conversation.id,
      {
        ...conversation,
        lastMessage: conversation.lastMessageKind === 'SYSTEM' ? null : conversation.lastMessage,
        members: Object.fromEntries(
          members.map(({ user, role }: Anything) => {
            const { lastReadSeq, lastDeliveredSeq } = receipts.find(({ userId }: Anything) => userId === user.id);
            return [user.id, { role, lastReadSeq, lastDeliveredSeq }];
          }),
        ),
        messages,
      },
    ]);
  }
  const friends = await all('/friends?');
  const requests = [
    ...(await all('/friends/requests?direction=incoming&')),
    ...(await all('/friends/requests?direction=outgoing&')),
  ];
  return {
    shown: {
      conversations: Object.fromEntries(conversations),
      friends: friends.map(({ id }) => id).sort(),
      users: Object.fromEntries([...friends, ...met].map((user) => [user.id, profileOf(user)])),
    },
    requests: Object.fromEntries(requests.map(({ id, status }) => [id, status])),
  };
}
