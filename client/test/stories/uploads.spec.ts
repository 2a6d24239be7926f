import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStory, type Story } from '../../../test/support/story.js';
import type { Fetch } from '../../src/ports/network.js';
import { startTcpProxy, type TcpProxy } from '../../../test/support/servers/tcp-proxy.js';
import { Clients, firstConversationOf, live, until } from '../support/clients.js';

const SIZE = 7_000_000;

describe('a large file over a connection that breaks', () => {
  let directory: string;
  let story: Story;
  let proxy: TcpProxy;
  let clients: Clients;
  /** Whose connection is well. */
  let others: Clients;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-client-uploads-'));
    story = await startStory({ rateLimits: false }, { DATA_DIR: directory });
    const { hostname, port } = new URL(story.url);
    proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    others = new Clients(story.url);
    clients = new Clients(`http://127.0.0.1:${proxy.port}`);
  }, 120_000);
  afterAll(async () => {
    await clients.close();
    await others.close();
    await proxy.close();
    await story.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('arrives once and whole, and no byte that the server had is sent again', async () => {
    const [ada, grace] = [await clients.registered(), await others.registered()];
    const bytes = randomBytes(7_000_000);
    // What no kind of file begins with: it is kept as it is.
    bytes.fill('x', 0, 64);
    const before = proxy.bytesFromClients;
    let broken = proxy.breakAfter(2_500_000);
    ada.send({
      receiverId: grace.userId as string,
      content: 'The whole film.',
      attachments: [
        {
          name: 'film.bin',
          mimeType: 'application/octet-stream',
          size: bytes.length,
          read: (start: number, end: number) => Promise.resolve(new Uint8Array(bytes.subarray(start, end))),
        },
      ],
    });
    for (const next of [1_500_000, 1_500_000, undefined]) {
      await broken;
      if (next !== undefined) broken = proxy.breakAfter(next);
      ada.outbox.retry();
    }
    await live(ada);
    await until('it is sent', () => ada.outbox.items.length === 0);
    const conversationId = await firstConversationOf(grace);
    await until('it is there', () => grace.messages(conversationId).items.length === 1);
    const [message] = grace.messages(conversationId).items;
    expect(message?.attachments).toMatchObject([{ kind: 'FILE', name: 'film.bin', size: bytes.length }]);
    const answer = await fetch(new URL(message?.attachments[0]?.url as string, story.url));
    const stored = Buffer.from(await answer.arrayBuffer());
    const digest = (of: Buffer): string => createHash('sha256').update(of).digest('hex');
    expect(digest(stored)).toBe(digest(bytes));
    // Three breaks: with each of them less than one part was on the wire. Begun anew each time it were 12 MB.
    expect(proxy.bytesFromClients - before).toBeLessThan(bytes.length + 3 * 1_100_000);
  }, 120_000);

  const film = (bytes: Buffer) => ({
    name: 'film.bin',
    mimeType: 'application/octet-stream',
    size: bytes.length,
    read: (start: number, end: number) => Promise.resolve(new Uint8Array(bytes.subarray(start, end))),
  });

  it('is uploaded once more where the server has removed it before its message was sent', async () => {
    let removed = 0;
    /** As the server does a day after the upload. */
    const remove: Fetch = async (url, init) => {
      const answer = await fetch(url, init);
      const isWhole = init.method === 'PATCH' && answer.headers.get('upload-offset') === String(SIZE);
      if (isWhole && (removed += 1) === 1)
        await fetch(url, {
          method: 'DELETE',
          headers: { 'tus-resumable': '1.0.0', authorization: init.headers['authorization'] as string },
        });
      return answer;
    };
    const [ada, grace] = [await others.registered({ fetch: remove }), await others.registered()];
    const receiverId = grace.userId as string;
    ada.send({ receiverId, content: 'the film', attachments: [film(randomBytes(SIZE).fill('x', 0, 64))] });
    ada.send({ receiverId, content: 'after it' });
    await until('it is sent', () => ada.outbox.items.length === 0);
    expect(removed).toBe(2);
    const conversationId = await firstConversationOf(grace);
    await until('it is there', () => grace.messages(conversationId).items.length === 2);
    const items = grace.messages(conversationId).items.map(({ content, attachments }) => [content, attachments.length]);
    expect(items).toEqual([
      ['the film', 1],
      ['after it', 0],
    ]);
  }, 120_000);

  it('that is dropped is no unfinished upload on the server', async () => {
    let begun = (_: string): void => undefined;
    const location = new Promise<string>((resolve) => (begun = resolve));
    const watch: Fetch = (url, init) => {
      if (init.method === 'PATCH') begun(url);
      return fetch(url, init);
    };
    const [ada, grace] = [await others.registered({ fetch: watch }), await others.registered()];
    const attachments = [film(randomBytes(SIZE).fill('x', 0, 64))];
    const { clientId } = ada.send({ receiverId: grace.userId as string, content: 'the film', attachments });
    const path = new URL(await location).pathname;
    expect(await ada.outbox.drop(clientId)).toBe(true);
    const statusOf = () =>
      ada.http.request(path, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } }).then(
        ({ status }) => status,
        ({ status }: { status: number }) => status,
      );
    let status = await statusOf();
    for (const end = Date.now() + 60_000; status < 400 && Date.now() < end; status = await statusOf())
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect([404, 410]).toContain(status);
    expect(ada.outbox.items).toEqual([]);
  }, 120_000);
});
