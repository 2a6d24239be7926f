import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FreshReads } from '../../../src/realtime/delivery/fresh-reads.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { type Device, startStory, type Story, until } from '../../support/story.js';

const EVENTS = ['friend:request_accepted', 'friend:removed'];

describe('what happens between two users', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());

  const friendEvents = (device: Device): string[] =>
    device.received.map(({ event }) => event).filter((event) => EVENTS.includes(event));

  it('reaches both in its order, also where the users of the first event are read slowly', async () => {
    const [ada, bob] = [await story.person('ada'), await story.person('bob')];
    const { id } = await ada.must('POST', '/friends/requests', { userId: bob.id });
    const [adas, bobs] = [await ada.device(), await bob.device()];
    const held = holdCalls(story.app, FreshReads, 'read');
    try {
      await bob.must('POST', `/friends/requests/${id}/accept`);
      await until('the acceptance is being read', () => held.count > 0);
      await bob.must('DELETE', `/friends/${ada.id}`);
    } finally {
      held.release();
    }
    for (const device of [adas, bobs]) {
      await device.next('friend:removed');
      await device.next('friend:request_accepted');
      expect(friendEvents(device)).toEqual(EVENTS);
    }
  });
});
