import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Person, request, startStory, type Story } from '../support/story.js';

/** In the order of a door's answers. The world: a conversation of `owner` and `member`, with a message by `member`. */
const CALLERS = ['anonymous', 'stranger', 'blocked', 'member', 'owner'] as const;

interface World {
  owner: Person;
  roomId: string;
  messageId: string;
}

interface Door {
  answers: readonly [string, string, string, string, string];
  body?(world: World): unknown;
}

const CLOSED = '401 UNAUTHORIZED';
const NOT_FOUND = '404 NOT_FOUND';
const open = (answer: string): Door => ({ answers: [answer, answer, answer, answer, answer] });
const own = (answer: string): Door => ({ answers: [CLOSED, answer, answer, answer, answer] });

/** Every route of every dialect. One that is new belongs here: say who may call it. */
const DOORS: Readonly<Record<string, Door>> = {
  'GET /api/chats/my-chats': own('200'),
  'GET /api/chats/conversations': own('200'),
  // With the owner; who is blocked by it does not see that there is one.
  'GET /api/chats/history/:userId': { answers: [CLOSED, '200', NOT_FOUND, '200', '200'] },
  'DELETE /api/chats/:messageId': { answers: [CLOSED, NOT_FOUND, NOT_FOUND, '200', '403 FORBIDDEN'] },
  'GET /msg/room': own('200'),
  'GET /msg/rooms': own('200'),
  'POST /msg/room': {
    answers: [CLOSED, '201', '403 CANNOT_MESSAGE', '200', '400 CANNOT_MESSAGE_SELF'],
    body: ({ owner }) => ({ otherUserId: owner.id }),
  },
  'GET /msg/room/:roomId/messages': { answers: [CLOSED, NOT_FOUND, NOT_FOUND, '200', '200'] },
  'GET /compat/direct-events.html': open('200'),
  'GET /compat/direct-events.js': open('200'),
  'GET /compat/direct-events.css': open('200'),
  'GET /compat/socket.io.min.js': open('200'),
};

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
}

describe('the doors of the older dialects', () => {
  let story: Story;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
  });
  afterAll(() => story.close());

  it('are written down, every one of them, and no other', () => {
    const { stack } = (story.app.getHttpAdapter().getInstance() as { router: { stack: Layer[] } }).router;
    const routes = stack.flatMap(({ route }) =>
      route === undefined || !/^\/(api|msg|compat)\//.test(`${route.path}/`)
        ? []
        : Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`),
    );
    expect(Object.keys(DOORS).toSorted()).toEqual(routes.toSorted());
  });

  const cells = Object.entries(DOORS).flatMap(([name, door]) =>
    CALLERS.map((caller, index) => ({ name, door, caller, expected: door.answers[index] ?? '' })),
  );
  it.each(cells)('answer $name by $caller with $expected', async ({ name, door, caller, expected }) => {
    const [owner, member, stranger, blocked] = await Promise.all([
      story.person('owner'),
      story.person('member'),
      story.person('stranger'),
      story.person('blocked'),
    ]);
    await owner.must('POST', '/blocks', { userId: blocked.id });
    const roomId = await owner.directConversation(member);
    const { id: messageId } = await member.send(roomId, 'a secret of two');
    const world = { owner, roomId, messageId };
    const values: Record<string, string> = { userId: owner.id, messageId, roomId };
    const [method = '', pattern = ''] = name.split(' ');
    const path = pattern.replace(/:(\w+)/g, (_, field: string) => values[field] ?? '');
    const token = { anonymous: undefined, stranger, blocked, member, owner }[caller]?.accessToken;
    const { status, body } = await request(story.url, method, path, door.body?.(world), token);
    const code: string | undefined = body?.code;
    expect(code === undefined ? `${status}` : `${status} ${code}`).toBe(expected);
    if (caller !== 'member' && caller !== 'owner') expect(JSON.stringify(body)).not.toContain('a secret of two');
  });
});
