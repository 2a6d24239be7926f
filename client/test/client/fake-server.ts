import { type ChatClient, createClient } from '../../src/index.js';
import type { Fetch } from '../../src/ports/network.js';
import type { Conversation } from '../../src/protocol/protocol.generated.js';
import { memoryTokens } from '../../src/ports/platform.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { FakeSockets } from '../support/fake-ports.js';
import { settled, VirtualClock } from '../support/virtual-clock.js';
import { Chance, ME, ModelServer, noChanges } from '../sync/model-server.js';

export const CONVERSATION = 'c0';
export const OTHER = 'u1';

/** A client that has logged in at a server which answers requests; on its connection only what a test answers. */
export async function loggedIn(): Promise<{
  client: ChatClient;
  sockets: FakeSockets;
  clock: VirtualClock;
  ports: ReturnType<typeof made>['ports'];
  asked: string[];
  /** The server answers the first sync, and the one that follows since there is a conversation from before it. */
  catchUp: () => Promise<void>;
}> {
  const server = new ModelServer(new Chance(1));
  for (let count = 0; count < 3; count += 1) server.send(CONVERSATION, OTHER);
  const view = (): Conversation => {
    const conversation = server.conversation(CONVERSATION);
    const members = conversation.members.filter(({ user }) => user.id === ME || user.id === OTHER);
    return { ...conversation, type: 'DIRECT', title: null, members };
  };
  const asked: string[] = [];
  const fetch: Fetch = (url, { method }) => {
    const path = url.replace('https://chat.example', '').split('?', 1)[0] ?? '';
    asked.push(`${method} ${path}`);
    const answer = (): object => {
      if (path.startsWith('/auth/'))
        return { accessToken: 'access', refreshToken: 'refresh', expiresIn: 900, user: { id: ME } };
      if (path === '/blocks') return { createdAt: '2026-11-26T12:00:00.000Z' };
      if (path.endsWith('/messages')) return server.page(CONVERSATION, {}, 50) ?? {};
      return view();
    };
    const text = () => Promise.resolve(JSON.stringify(answer()));
    return Promise.resolve({ status: 200, ok: true, headers: { get: () => null }, text });
  };
  const { client, sockets, clock, ports } = made(fetch);
  await client.login({ username: 'me', password: 'a long password' });
  await settled();
  sockets.last.welcome(ME);
  await client.conversations.openDirect(OTHER);
  await settled();
  const catchUp = async (): Promise<void> => {
    for (const conversations of [[view()], []]) {
      sockets.last.answer('sync', { ok: true, data: { ...noChanges(), conversations } });
      await settled();
    }
  };
  return { client, sockets, clock, ports, asked, catchUp };
}

export function made(fetch: Fetch = () => Promise.reject(new TypeError('fetch failed'))) {
  const [sockets, clock] = [new FakeSockets(), new VirtualClock()];
  const [storage, tokens] = [memoryStorage({ strict: true }), memoryTokens()];
  const ports = { url: 'https://chat.example', storage, tokens, socket: sockets.factory, clock, fetch };
  return { client: createClient(ports), sockets, clock, ports };
}

/** A server that answers these paths. */
export function answering(answers: Record<string, object>): Fetch {
  return (url) => {
    const answer = answers[url.replace('https://chat.example', '')] ?? {};
    return Promise.resolve({
      status: 200,
      ok: true,
      headers: { get: () => null },
      text: () => Promise.resolve(JSON.stringify(answer)),
    });
  };
}
