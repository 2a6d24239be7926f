import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStory, type Story } from '../../../test/support/story.js';
import type { ChatClient } from '../../src/index.js';
import { ExpoPush } from '../../src/react-native/index.js';
import { Clients, live, until } from '../support/clients.js';
import { Phone } from '../support/expo-phone.js';

interface Devices {
  items: { id: string; platform: string; preview: string }[];
}

async function devicesOf(client: ChatClient): Promise<Devices['items']> {
  return (await client.http.request<Devices>('/devices')).body.items;
}

describe('push of a phone, with a real server', () => {
  let story: Story;
  let clients: Clients;

  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    clients = new Clients(story.url);
  });

  afterAll(async () => {
    await clients.close();
    await story.close();
  });

  it('registers it for who is logged in, and for nobody after the log-out', async () => {
    const [ada, other] = [await clients.registered(), await clients.registered()];
    const phone = new Phone();
    const push = new ExpoPush(ada, { notifications: phone, secureStore: phone.secureStore, preview: 'sender' });
    await push.enable();
    expect(push.getSnapshot()).toEqual({ status: 'on' });
    expect(await devicesOf(ada)).toMatchObject([{ platform: 'expo', preview: 'sender' }]);

    // The next user of the same phone.
    await ada.logout();
    await until('it takes nothing any more', () => !phone.isRegistered);
    const username = (await other.http.request<{ username: string }>('/users/me')).body.username;
    await ada.login({ username, password: 'a long password' });
    await live(ada);
    await until('it is registered again', () => push.getSnapshot().status === 'on' && phone.isRegistered);
    expect(await devicesOf(ada)).toHaveLength(1);
    push.close();
  });
});
