import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Anything, Device, type Person, startStory, type Story } from '../support/story.js';

/** A generator of numbers that a seed decides, so that a failure can be seen again. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What a client keeps, and how it takes in what it is told: by version and sequence number, never by a clock. */
class Replica {
  readonly conversations = new Map<string, Anything>();
  readonly messages = new Map<string, Anything>();
  readonly friends = new Set<string>();

  conversation(conversation: Anything): void {
    this.conversations.set(conversation.id, conversation);
  }

  left(id: string): void {
    this.conversations.delete(id);
  }

  message(message: Anything): void {
    const known = this.messages.get(message.id);
    // Deleting a message for oneself makes no version of it.
    const isNewer = known === undefined || message.version > known.version;
    if (isNewer || (message.version === known.version && message.deletedAt !== null))
      this.messages.set(message.id, message);
  }

  take(page: Anything): void {
    for (const conversation of page.conversations) this.conversation(conversation);
    for (const id of page.leftConversationIds) this.left(id);
    for (const message of page.messages) this.message(message);
    for (const { user, removedAt } of page.friends) {
      if (removedAt === null) this.friends.add(user.id);
      else this.friends.delete(user.id);
    }
  }
}

describe('convergence', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  afterAll(() => story.close());

  it('leaves whoever syncs, and whoever listens and syncs after each drop, with what a full fetch shows', async () => {
    const seed = Date.now() % 1_000_000;
    const random = seeded(seed);
    const people = await Promise.all(Array.from({ length: 6 }, () => story.person()));
    const watcher = people[0] as Person;
    const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
    const groups = await Promise.all(
      people.slice(0, 3).map((owner) => owner.group('Group', ...people.filter((person) => person !== owner))),
    );
    const owners = new Map(groups.map((id, index) => [id, people[index] as Person]));
    const direct = await watcher.directConversation(people[1] as Person);
    const sent: string[] = [];

    const syncing = new Replica();
    const listening = new Replica();
    const begin = await watcher.must('GET', '/sync?limit=100');
    for (const replica of [syncing, listening]) {
      replica.take(begin);
      // The past is fetched; the cursor, which is older than the fetch, brings what follows.
      for (const { id } of begin.conversations)
        for (const message of await watcher.history(id)) replica.message(message);
    }
    let syncCursor = begin.cursor;
    let listenCursor = begin.cursor;
    let device: Device | undefined;
    let isDone = false;

    /** Anything may be refused: who was just removed may not speak. Only a fault of the server counts. */
    const act = async (person: Person, method: string, path: string, body?: unknown): Promise<Anything> => {
      const answer = await person.call(method, path, body);
      if (answer.status >= 500) throw new Error(`seed ${seed}: ${method} ${path} answered ${answer.status}`);
      return answer.status < 300 ? answer.body : undefined;
    };
    const actor = async (person: Person): Promise<void> => {
      for (let step = 0; step < 350; step += 1) {
        const group = pick(groups);
        const other = pick(people.filter((candidate) => candidate !== person));
        const kind = random(100);
        if (kind < 50) {
          const message = await act(person, 'POST', `/conversations/${random(5) === 0 ? direct : group}/messages`, {
            content: `${step}`,
          });
          if (message?.id !== undefined) sent.push(message.id);
        } else if (kind < 60) await act(person, 'PATCH', `/messages/${pick(sent)}`, { content: `edited ${step}` });
        else if (kind < 66) await act(person, 'DELETE', `/messages/${pick(sent)}`);
        else if (kind < 70) await act(person, 'DELETE', `/messages/${pick(sent)}?for=me`);
        else if (kind < 80) await act(person, 'PUT', `/messages/${pick(sent)}/reactions/${pick(['like', '+1'])}`);
        else if (kind < 83) await act(person, 'DELETE', `/messages/${pick(sent)}/reactions/like`);
        else if (kind < 90) await act(person, 'POST', `/conversations/${group}/read`, { seq: random(2_000) });
        else if (kind < 92)
          await act(owners.get(group) as Person, 'PATCH', `/conversations/${group}`, { title: `Title ${step}` });
        else if (kind < 94 && other !== owners.get(group)) {
          await act(owners.get(group) as Person, 'DELETE', `/conversations/${group}/members/${other.id}`);
          await act(owners.get(group) as Person, 'POST', `/conversations/${group}/members`, { memberIds: [other.id] });
        } else if (kind < 97) {
          const request = await act(person, 'POST', '/friends/requests', { userId: other.id });
          if (request?.status === 'PENDING') await act(other, 'POST', `/friends/requests/${request.id}/accept`);
        } else if (kind < 99) await act(person, 'DELETE', `/friends/${other.id}`);
        else await act(person, 'PATCH', `/conversations/${group}/me`, { archived: random(2) === 0 });
      }
    };
    const syncs = async (): Promise<void> => {
      while (!isDone) {
        const round = await watcher.sync(syncCursor, 1 + random(100));
        for (const page of round.pages) syncing.take(page);
        syncCursor = round.cursor;
      }
    };
    const listens = async (): Promise<void> => {
      while (!isDone) {
        device = new Device(story.url, { token: watcher.accessToken });
        const ready = await device.next('session:ready');
        const round = await watcher.sync(listenCursor, 1 + random(100));
        for (const page of round.pages) listening.take(page);
        listenCursor = ready.syncCursor;
        await new Promise((resolve) => setTimeout(resolve, random(300)));
        device.socket.close();
        for (const { event, payload } of device.heard) {
          if (event.startsWith('message:')) listening.message(payload.message);
        }
      }
    };
    const following = [syncs(), listens()];
    await Promise.all(people.map(actor));
    isDone = true;
    await Promise.all(following);
    for (const page of (await watcher.sync(syncCursor)).pages) syncing.take(page);
    for (const page of (await watcher.sync(listenCursor)).pages) listening.take(page);

    const shown = (await watcher.must('GET', '/conversations?limit=100')).items;
    const friends = (await watcher.must('GET', '/friends?limit=100')).items.map(({ id }: Anything) => id);
    for (const replica of [syncing, listening]) {
      const name = replica === syncing ? 'who syncs' : 'who listens';
      expect([seed, name, [...replica.conversations.keys()].sort()]).toEqual([
        seed,
        name,
        shown.map(({ id }: Anything) => id).sort(),
      ]);
      expect([seed, name, [...replica.friends].sort()]).toEqual([seed, name, friends.sort()]);
      for (const conversation of shown) {
        const kept = replica.conversations.get(conversation.id);
        for (const field of [
          'title',
          'lastSeq',
          'lastMessage',
          'lastMessageAt',
          'lastMessageBy',
          'historyVisibility',
        ]) {
          expect([seed, name, field, kept[field]]).toEqual([seed, name, field, conversation[field]]);
        }
        const ids = (members: Anything[]): string[] => members.map(({ user, role }) => `${user.id} ${role}`).sort();
        expect([seed, name, ids(kept.members)]).toEqual([seed, name, ids(conversation.members)]);
        for (let after = 0; ; ) {
          const page = await watcher.must('GET', `/conversations/${conversation.id}/messages?limit=100&after=${after}`);
          for (const message of page.items) {
            expect([seed, name, withoutReply(replica.messages.get(message.id))]).toEqual([
              seed,
              name,
              withoutReply(message),
            ]);
          }
          after = page.items.at(-1)?.seq ?? after;
          if (!page.hasAfter) break;
        }
      }
    }
  }, 120_000);
});

/** The preview within an answer is the other message's business, which is told by itself. */
function withoutReply(message: Anything): Anything {
  return message === undefined
    ? undefined
    : { ...message, replyTo: null, deletedAt: message.deletedAt === null ? null : 'deleted' };
}
