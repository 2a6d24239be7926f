import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStory, type Story } from '../../support/story.js';

describe('what somebody does about a friend request', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());

  it('is known on their other devices at once, by sync', async () => {
    const [ada, bob] = [await story.person('ada'), await story.person('bob')];
    const [phone, bobs] = [await ada.device(), await bob.device()];
    let { cursor } = (await phone.ask('sync', {})).data;
    const synced = async (): Promise<unknown[]> => {
      await phone.next('sync:needed');
      const { data } = await phone.ask('sync', { cursor });
      ({ cursor } = data);
      return data.friendRequests.map(({ status }: { status: string }) => status);
    };
    const request = async (sender: typeof ada, receiver: typeof ada): Promise<string> =>
      (await sender.call('POST', '/friends/requests', { userId: receiver.id })).body.id;

    const sent = await request(ada, bob);
    expect(await synced()).toEqual(['PENDING']);
    await ada.call('DELETE', `/friends/requests/${sent}`);
    expect(await synced()).toEqual(['CANCELLED']);
    const rejected = await request(bob, ada);
    await phone.next('friend:request_sent');
    await ada.call('POST', `/friends/requests/${rejected}/reject`);
    expect(await synced()).toEqual(['REJECTED']);
    await request(bob, ada);
    await ada.call('POST', '/blocks', { userId: bob.id });
    expect(await synced()).toEqual(['REJECTED']);
    await bobs.ask('sync', {});
    // Its own requests are all that the other side was asked to sync for.
    expect(bobs.all('sync:needed')).toHaveLength(2);
  });
});
