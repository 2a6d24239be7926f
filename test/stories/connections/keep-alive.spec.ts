import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { type Story, startStory } from '../../support/story.js';

/** What Node does by itself, which is shorter than any proxy keeps its connections. */
const NODE_DEFAULT_MS = 5_000;

describe('an idle connection', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());

  it('is still there after as long as a proxy may keep it, and says for how long', async () => {
    const socket = connect(Number(new URL(story.url).port), '127.0.0.1');
    try {
      expect(await ask(socket)).toMatch(/^HTTP\/1\.1 200 [^]*\r\nkeep-alive: timeout=75\r\n/i);
      await new Promise((resolve) => setTimeout(resolve, NODE_DEFAULT_MS + 2_500));
      expect(await ask(socket)).toMatch(/^HTTP\/1\.1 200 /);
    } finally {
      socket.destroy();
    }
  });
});

function ask(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(new Error('the server closed the connection'));
    socket.once('close', end);
    socket.once('error', reject);
    let answer = '';
    const receive = (chunk: Buffer): void => {
      answer += chunk.toString();
      if (!answer.includes('"ok"')) return;
      socket.off('data', receive);
      socket.off('close', end);
      socket.off('error', reject);
      resolve(answer);
    };
    socket.on('data', receive);
    socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  });
}
