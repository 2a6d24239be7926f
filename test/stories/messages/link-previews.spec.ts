import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { LinkPreviewsRepository } from '../../../src/messages/links/link-previews.repository.js';
import { type Anything, type Device, type Person, startStory, type Story, until } from '../../support/story.js';

describe('the preview of a link', () => {
  let story: Story;
  let pages: Server;
  let site: string;
  /** The same by a name without a dot, which is allowed too. */
  let local: string;
  let [ada, bob]: [Person, Person] = [] as never;
  let bobs: Device;
  let conversationId: string;
  /** Paths that were asked for. */
  const asked: string[] = [];
  let release: (() => void) | undefined;

  beforeAll(async () => {
    const picture = await sharp({ create: { width: 64, height: 32, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    pages = createServer((request, response) => {
      const path = request.url ?? '';
      asked.push(path);
      if (path === '/picture.png') return void response.writeHead(200, { 'content-type': 'image/png' }).end(picture);
      if (path === '/missing') return void response.writeHead(404).end();
      const answer = (): void => {
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
        response.end(`<title>Page ${path}</title><meta property="og:description" content="About &lt;it&gt;">
          <meta property="og:site_name" content="Example"><meta property="og:image" content="/picture.png">`);
      };
      if (path === '/slow') release = answer;
      else answer();
    });
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    site = `127.0.0.1:${(pages.address() as AddressInfo).port}`;
    local = site.replace('127.0.0.1', 'localhost');
    story = await startStory({ linkPreviewAllowedHosts: [site, local] });
    [ada, bob] = await Promise.all([story.person('ada'), story.person('bob')]);
    conversationId = await ada.directConversation(bob);
    bobs = await bob.device();
  });
  afterAll(async () => {
    await story.close();
    pages.closeAllConnections();
    pages.close();
  });

  const send = async (content: string): Promise<Anything> =>
    (await ada.call('POST', `/conversations/${conversationId}/messages`, { content })).body;
  const updated = (id: string, is: (message: Anything) => boolean = () => true): Promise<Anything> =>
    bobs
      .next('message:updated', ({ message }: Anything) => message.id === id && is(message))
      .then(({ message }) => message);
  const stored = async (id: string): Promise<Anything> => (await bob.call('GET', `/messages/${id}`)).body;

  it('comes as a change of the message, with an image of our own, to everybody and to who asks later', async () => {
    const message = await send(`look: http://${site}/article, it is good`);
    expect(message).not.toHaveProperty('linkPreview');
    const { linkPreview, version } = await updated(message.id);
    expect(version).toBe(2);
    expect(linkPreview).toEqual({
      url: `http://${site}/article`,
      title: 'Page /article',
      description: 'About <it>',
      siteName: 'Example',
      imageUrl: expect.stringMatching(/^\/attachments\/[\w-]+\/1280\?/),
    });
    // Where its URL has expired, a fresh one is asked for as any attachment's is.
    const [, , imageId] = linkPreview.imageUrl.split('/');
    expect(await bob.must('GET', `/attachments/${imageId}`)).toMatchObject({ id: imageId, kind: 'IMAGE' });
    const stranger = await story.person();
    expect((await stranger.call('GET', `/attachments/${imageId}`)).status).toBe(404);
    expect(await stored(message.id)).toMatchObject({
      version: 2,
      editedAt: null,
      linkPreview: { title: 'Page /article' },
    });
    const image = await fetch(story.url + linkPreview.imageUrl);
    expect([image.status, image.headers.get('content-type')]).toEqual([200, 'image/webp']);
  });

  it('delays no message, and leaves alone one that is deleted before it comes', async () => {
    const repository = story.app.get(LinkPreviewsRepository);
    const add = repository.add.bind(repository);
    const added: Record<string, boolean> = {};
    repository.add = async (messageId, ...more) => (added[messageId] = await add(messageId, ...more));
    const message = await send(`http://${site}/slow`);
    await until('the page is asked for', () => release !== undefined);
    await ada.call('DELETE', `/messages/${message.id}`);
    release?.();
    const next = await send(`http://${site}/after`);
    await updated(next.id);
    await until('it has come', () => message.id in added);
    repository.add = LinkPreviewsRepository.prototype.add;
    expect(added).toEqual({ [message.id]: false, [next.id]: true });
    const tombstone = await stored(message.id);
    expect(tombstone).toMatchObject({ content: null, version: 2, linkPreview: null });
  });

  it('goes with the message, its image too', async () => {
    const message = await send(`http://${site}/deleted`);
    const { linkPreview } = await updated(message.id);
    await ada.call('DELETE', `/messages/${message.id}`);
    expect(await stored(message.id)).toMatchObject({ linkPreview: null });
    await until('the image is gone', async () => (await fetch(story.url + linkPreview.imageUrl)).status === 404);
  });

  it('is removed by its author alone, and does not come back by an edit', async () => {
    const message = await send(`http://${site}/removed`);
    await updated(message.id);
    expect((await bob.call('DELETE', `/messages/${message.id}/link-preview`)).status).toBe(403);
    const { status, body } = await ada.call('DELETE', `/messages/${message.id}/link-preview`);
    expect([status, body.version, body.linkPreview]).toEqual([200, 3, null]);
    expect((await ada.call('DELETE', `/messages/${message.id}/link-preview`)).body.version).toBe(3);
    await ada.call('PATCH', `/messages/${message.id}`, { content: `again http://${site}/instead` });
    await updated((await send(`http://${site}/later`)).id);
    expect(await stored(message.id)).toMatchObject({ linkPreview: null });
    // Nor is the page read, which would be for nothing.
    expect(asked).not.toContain('/instead');
  });

  it('follows an edit: another link, and none', async () => {
    const message = await send(`http://${site}/first`);
    await updated(message.id);
    const edit = async (content: string): Promise<Anything> =>
      (await ada.call('PATCH', `/messages/${message.id}`, { content })).body;
    // The former one goes with the edit itself, for its author and for everybody.
    const edited = await edit(`http://${site}/second`);
    expect(edited).toMatchObject({ version: 3, linkPreview: null });
    expect(await updated(message.id, ({ version }) => version === 3)).toMatchObject({ linkPreview: null });
    const changed = await updated(message.id, ({ linkPreview }) => linkPreview?.title === 'Page /second');
    expect(changed).toMatchObject({ content: `http://${site}/second`, version: 4 });
    // The same link in other words keeps it.
    expect(await edit(`see http://${site}/second`)).toMatchObject({ linkPreview: { title: 'Page /second' } });
    const image = changed.linkPreview.imageUrl;
    expect(await edit('no link')).toMatchObject({ linkPreview: null });
    expect((await fetch(story.url + image)).status).toBe(404);
  });

  it('is asked for once, however many link to it, and shows nothing where there is no page', async () => {
    const messages = await Promise.all([send(`http://${site}/shared`), send(`http://${site}/shared#part`)]);
    await Promise.all(messages.map(({ id }) => updated(id)));
    expect(asked.filter((path) => path === '/shared')).toHaveLength(1);
    const missing = await send(`http://${site}/missing http://${site}/never`);
    await updated((await send(`http://${site}/behind`)).id);
    await until('the missing page was asked for', () => asked.includes('/missing'));
    expect(asked).not.toContain('/never');
    expect((await stored(missing.id)).version).toBe(1);
  });

  it('is made of a name without a dot that is allowed, and follows an edit to it', async () => {
    const message = await send(`http://${local}/by-name`);
    expect((await updated(message.id)).linkPreview).toMatchObject({
      url: `http://${local}/by-name`,
      title: 'Page /by-name',
    });
    await ada.call('PATCH', `/messages/${message.id}`, { content: `http://${local}/by-name-too` });
    await updated(message.id, ({ linkPreview }) => linkPreview?.title === 'Page /by-name-too');
  });

  it('is not enough for a message without a text', async () => {
    const message = await send(`http://${site}/only`);
    await updated(message.id);
    expect((await ada.call('PATCH', `/messages/${message.id}`, { content: '' })).status).toBe(400);
  });

  it('is not made of addresses inside', async () => {
    const port = site.split(':')[1];
    const inside = await send(`http://localhost.localdomain:${port}/inside http://127.0.0.1.:${port}/inside`);
    await updated((await send(`http://${site}/outside`)).id);
    expect(asked).not.toContain('/inside');
    expect((await stored(inside.id)).version).toBe(1);
  });
});
