import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Server } from 'socket.io';
import { Device, type Person, startStory, type Story } from '../support/story.js';
import { LineProcess } from './line-process.js';

describe('the example bot', () => {
  let story: Story;
  let bot: LineProcess | undefined;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(async () => {
    await bot?.kill();
    await story.close();
  });

  it('answers who speaks to it, once, also after it was started again', async () => {
    const [root, ada]: [Person, Person] = [await story.person('root'), await story.person('ada')];
    await story.grant(root, 'ADMIN');
    const { id } = await root.must('POST', '/admin/bots', { username: 'echo-bot', displayName: 'Echo' });
    const { secret } = await root.must('POST', '/admin/api-keys', {
      name: 'Echo',
      scopes: ['conversations:read', 'messages:write'],
    });
    const start = async (): Promise<LineProcess> => {
      const started = new LineProcess(['examples/bot/bot.mjs', story.url], { PARLEY_KEY: secret, PARLEY_BOT: id });
      bot = started;
      await started.line('* connected');
      return started;
    };
    const first = await start();
    const device: Device = await ada.device();
    const said = await device.must('send_message', { receiverId: id, content: '/echo Hello!' });
    const { conversationId } = said.message;
    const answer = await device.next('message:new', ({ message }) => message.senderId === id);
    expect(answer.message).toMatchObject({ content: 'Hello!', replyTo: { id: said.message.id } });
    await ada.send(conversationId, 'nothing for a bot');
    await first.kill();
    await start();
    await ada.send(conversationId, '/echo again');
    await device.next('message:new', ({ message }) => message.senderId === id && message.content === 'again');
    expect((await ada.history(conversationId)).map(({ content }) => content)).toEqual([
      '/echo Hello!',
      'Hello!',
      'nothing for a bot',
      '/echo again',
      'again',
    ]);
  });

  it('asks again for what was refused for a while, and sends an answer again as the same message', async () => {
    const http = createServer();
    const server = new Server(http);
    const refusal = { ok: false, error: { code: 'RATE_LIMITED', retryAfterMs: 1 } };
    let synced = 0;
    const sent: { clientId: string }[] = [];
    const isStored = new Promise<void>((resolve) =>
      server.on('connection', (socket) => {
        const content = '/echo Hello!';
        const message = { id: randomUUID(), senderId: 'ada', conversationId: 'one', content, deletedAt: null };
        socket.on('sync', (_request, answer) => {
          synced += 1;
          answer(
            synced === 2 ? refusal : { ok: true, data: { messages: synced === 1 ? [] : [message], cursor: 'here' } },
          );
          if (synced === 1) socket.emit('sync:needed', {});
        });
        socket.on('send_message', (request, answer) => {
          sent.push(request);
          if (sent.length === 1) return answer(refusal);
          answer({ ok: true, data: {} });
          resolve();
        });
        socket.emit('session:ready', {});
      }),
    );
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    const other = new LineProcess(['examples/bot/bot.mjs', `http://127.0.0.1:${port}`], { PARLEY_KEY: 'key' });
    await isStored;
    expect(synced).toBe(3);
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
    await other.kill();
    await server.close();
  });

  it('goes on where its connection is lost before what it asked for is answered', async () => {
    const http = createServer();
    const server = new Server(http);
    let asked = 0;
    const isBack = new Promise<void>((resolve) =>
      server.on('connection', (socket) => {
        socket.on('sync', () => {
          asked += 1;
          if (asked === 1) socket.conn.close();
          else resolve();
        });
        socket.emit('session:ready', {});
      }),
    );
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    const other = new LineProcess(['examples/bot/bot.mjs', `http://127.0.0.1:${port}`], { PARLEY_KEY: 'key' });
    await isBack;
    expect(asked).toBe(2);
    await other.kill();
    await server.close();
  });
});
