import { burstScene } from './c7-event-burst.mjs';

export const scene = burstScene(
  'C7-join',
  '900 join_conversation on one connection, again and again',
  (facts, _, number) => ({
    event: 'join_conversation',
    payload: { conversationId: facts.conversationIds[number % facts.conversationIds.length] },
  }),
);
