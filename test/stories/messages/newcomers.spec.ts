import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeliveryTurns } from '../../../src/realtime/delivery/delivery-turns.js';
import { startStory, type Story } from '../../support/story.js';

describe('a message that waits for its turn', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory();
  });
  afterAll(() => story.close());

  it('is not sent to who joins behind it, and connects before it was its turn', async () => {
    const [ada, grace, eve] = await Promise.all([story.person(), story.person(), story.person()]);
    const group = await ada.group('Not from its beginning', grace);
    const graces = await grace.device();
    let release = (): void => undefined;
    const mayGo = new Promise<void>((resolve) => (release = resolve));
    story.app.get(DeliveryTurns, { strict: false }).sequencer.inTurn(group, () => mayGo);
    await ada.say(group, 'not for eve');
    await ada.must('POST', `/conversations/${group}/members`, { memberIds: [eve.id] });
    const eves = await eve.device();
    release();
    await graces.next('message:new', ({ message }) => message.content === 'not for eve');
    await ada.say(group, 'for all');
    await eves.next('message:new', ({ message }) => message.content === 'for all');
    const texts = eves
      .all('message:new')
      .flatMap(({ message }) => (message.kind === 'SYSTEM' ? [] : [message.content]));
    expect(texts).toEqual(['for all']);
    for (const device of [graces, eves]) device.socket.close();
  });
});
