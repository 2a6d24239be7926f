import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStory, type Story, until } from '../../../test/support/story.js';
import { memoryTokens, systemClock } from '../../src/ports/platform.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { Clients, firstConversationOf, live } from '../support/clients.js';

const DAY_MS = 24 * 3_600_000;

describe('the URL of a file', () => {
  let story: Story;
  let clients: Clients;

  beforeAll(async () => {
    story = await startStory({ rateLimits: false }, { ATTACHMENT_URL_SECONDS: '6' });
    clients = new Clients(story.url);
  }, 120_000);
  afterAll(async () => {
    await clients.close();
    await story.close();
  });

  const statusOf = async (url: string | undefined): Promise<number | undefined> =>
    url === undefined ? undefined : (await fetch(new URL(url, story.url))).status;

  it('that is stored and has expired is renewed when its message is shown, though nothing has changed', async () => {
    const grace = await clients.registered();
    const stored = { storage: memoryStorage(), tokens: memoryTokens() };
    const ada = await clients.registered(stored);
    const receiverId = grace.userId as string;
    const bytes = new TextEncoder().encode('A note.');
    const read = (start: number, end: number) => Promise.resolve(bytes.slice(start, end));
    const note = { name: 'note.txt', mimeType: 'text/plain', size: bytes.length, read };
    await ada.send({ receiverId, content: 'See the note.', attachments: [note] }).stored;
    const conversationId = await firstConversationOf(ada);
    await until('it is sent', () => ada.outbox.items.length === 0);
    await ada.close();
    // Its sync brings what the connection before had brought, and no later one does.
    const second = clients.make(stored);
    second.messages(conversationId).subscribe(() => undefined);
    await live(second);
    const urlIn = (client: typeof ada): string | undefined =>
      client
        .messages(conversationId)
        .getSnapshot()
        .items.findLast(({ state }) => state === 'sent')?.attachments[0]?.url;
    await until('its URL has expired', async () => (await statusOf(urlIn(second))) === 403);
    const expired = urlIn(second);
    await second.close();
    // A device whose clock is a day behind.
    const clock = { ...systemClock, now: () => Date.now() - DAY_MS };
    const later = clients.make({ ...stored, clock });
    await later.ready;
    const close = later.messages(conversationId).subscribe(() => undefined);
    await live(later);
    await until('it has another', () => urlIn(later) !== undefined && urlIn(later) !== expired);
    // The new one ends as soon, and is renewed again.
    await until('it is served', async () => (await statusOf(urlIn(later))) === 200);
    expect(urlIn(later)).not.toBe(expired);
    close();
  });
});
