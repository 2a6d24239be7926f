import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CatchUp } from '../../src/cluster/catch-up/catch-up.js';
import { CatchUpRepository } from '../../src/cluster/catch-up/catch-up.repository.js';
import { TIMINGS } from '../../src/config/timings.js';
import { EventBus } from '../../src/events/event-bus.js';
import { Standstill } from '../../src/realtime/connections/standstill.js';
import { SyncService } from '../../src/sync/sync.service.js';
import { content, deviceAt } from '../support/processes/cluster.js';
import { holdCalls } from '../support/clients/held-calls.js';
import { NetworkLink } from '../support/servers/network-link.js';
import { createTestDatabase } from '../support/databases/postgres.js';
import { onlyWith } from '../support/processes/programs.js';
import { RedisServer } from '../support/servers/redis.js';
import { type Anything, Device, Person, request, startStory, type Story, until } from '../support/story.js';

onlyWith(describe, 'redis-server')('what a process missed of the others', () => {
  let redis: RedisServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  /** Between the west and Redis. */
  let link: NetworkLink;
  let east: Story;
  let west: Story;
  /** In the east. */
  let ada: Person;
  /** In the west. */
  let grace: Person;
  let graces: Device;
  let direct: string;
  const devices: Device[] = [];

  const connect = async (story: Story, person: Person): Promise<Device> => {
    const device = await deviceAt(story, person);
    devices.push(device);
    return device;
  };
  const isReady = async (wanted: string): Promise<boolean> =>
    (await request(west.url, 'GET', '/health/ready')).body.status === wanted;
  const cutOff = async (): Promise<void> => {
    link.refuse();
    await until('the west has noticed', () => isReady('degraded'));
  };
  const bringBack = async (): Promise<void> => {
    link.heal();
    await until('the west is back', () => isReady('ok'));
  };

  beforeAll(async () => {
    [redis, database] = await Promise.all([RedisServer.start(), createTestDatabase()]);
    link = await NetworkLink.start({ host: '127.0.0.1', port: redis.port });
    // What is waited for here are silences, and the looks that follow them.
    expect(TIMINGS).toMatchObject({ clusterHeartbeatMs: 1_000, clusterCatchUpMs: 2_000 });
    const timings = { ...TIMINGS, clusterHeartbeatMs: 500, clusterCatchUpMs: 500, presenceGraceMs: 200 };
    const shared = { databaseUrl: database.url, rateLimits: false, timings };
    east = await startStory({ ...shared, redisUrl: redis.url });
    west = await startStory({ ...shared, redisUrl: `redis://127.0.0.1:${link.port}` });
    [ada, grace] = [await east.person('ada'), await east.person('grace')];
    direct = await ada.befriend(grace);
    graces = await connect(west, grace);
  });
  afterEach(async () => {
    await bringBack();
    for (const device of devices.splice(0)) if (device !== graces) device.socket.close();
  });
  afterAll(async () => {
    graces.socket.close();
    await Promise.all([east.close(), west.close()]);
    await link.close();
    await Promise.all([redis.kill(), database.drop()]);
  });

  it('is delivered of who came and went, once each', async () => {
    const mia = await east.person('mia');
    await mia.befriend(grace);
    const updates = (): boolean[] =>
      graces
        .all('presence:update')
        .filter(({ userId }) => userId === mia.id)
        .map(({ isOnline }) => isOnline);
    await cutOff();
    const mias = await connect(east, mia);
    await until('grace sees her', () => updates().length > 0);
    mias.socket.close();
    await until('grace sees that she has gone', () => updates().length > 1);
    await bringBack();
    const again = await connect(east, mia);
    await until('grace sees her again', () => updates().length > 2);
    again.socket.close();
    expect(updates()).toEqual([true, false, true]);
  });

  it('is delivered with what a client of an older dialect says beside its words', async () => {
    const [lin, max] = [await east.person('lin'), await east.person('max')];
    const options = { query: { dialect: 'namespaced-events' } };
    const sender = new Device(east.url, { token: lin.accessToken }, options);
    const older = new Device(west.url, { token: max.accessToken }, options);
    devices.push(sender, older);
    await Promise.all([sender.next('connect'), older.next('connect')]);
    sender.socket.emit('message:send', { content: 'in a session', recipientId: max.id, sessionId: 'session-1' });
    expect(await older.next('message:receive', ({ content: text }) => text === 'in a session')).toMatchObject({
      sessionId: 'session-1',
    });
  });

  it('is not sent to who was let in behind it', async () => {
    const [ida, tom] = [await east.person('ida'), await east.person('tom')];
    const conversation = await ida.befriend(tom);
    await cutOff();
    const repository = west.app.get(CatchUpRepository);
    const changes = repository.changes.bind(repository);
    let release = (): void => undefined;
    const areThere = new Promise<void>((resolve) => (release = resolve));
    let asks = (): void => undefined;
    const isAsking = new Promise<void>((resolve) => (asks = resolve));
    repository.changes = (...parameters) => {
      asks();
      return areThere.then(() => changes(...parameters));
    };
    let toms: Device;
    let older: Device;
    try {
      await isAsking;
      for (let index = 0; index < 5; index += 1) await ida.send(conversation, `before ${index}`);
      toms = await connect(west, tom);
      older = new Device(west.url, { token: tom.accessToken, dialect: 'direct-events' });
      devices.push(older);
      await older.next('connect');
    } finally {
      repository.changes = changes;
      release();
    }
    await ida.send(conversation, 'behind');
    await toms.next('message:new', content('behind'));
    await older.next('receiveMessage', (message) => message.text === 'behind');
    expect(toms.all('message:new').map(({ message }) => message.content)).toEqual(['behind']);
    expect(older.all('receiveMessage').map(({ text }) => text)).toEqual(['behind']);
  });

  it('reaches clients of older dialects: messages and presence, and where it was much they come back for it', async () => {
    const older = new Device(
      west.url,
      { token: grace.accessToken, dialect: 'direct-events' },
      { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 100 },
    );
    devices.push(older);
    await older.next('connect');
    await ada.send(direct, 'live');
    await older.next('receiveMessage', (message) => message.text === 'live');
    const adas = await connect(east, ada);
    await older.next('userOnline', ({ userId, isOnline }) => userId === ada.id && isOnline);
    await cutOff();
    await ada.send(direct, 'not live');
    await graces.next('message:new', content('not live'));
    await older.next('receiveMessage', (message) => message.text === 'not live');
    adas.socket.close();
    await older.next('userOnline', ({ userId, isOnline }) => userId === ada.id && !isOnline);
    expect(older.all('disconnect')).toEqual([]);

    // More at once than is delivered one by one: the database is asked behind all of them.
    const repository = west.app.get(CatchUpRepository);
    const changes = repository.changes.bind(repository);
    const sender = await connect(east, ada);
    let release = (): void => undefined;
    const areSent = new Promise<void>((resolve) => (release = resolve));
    repository.changes = (...parameters) => areSent.then(() => changes(...parameters));
    try {
      const sending = Array.from({ length: 250 }, (_, index) =>
        sender.must('send_message', { conversationId: direct, content: `one of many ${index}` }),
      );
      await Promise.all(sending);
    } finally {
      repository.changes = changes;
      release();
    }
    await older.next('disconnect');
    await older.next('connect');
    await bringBack();
    await ada.send(direct, 'live again');
    await older.next('receiveMessage', (message) => message.text === 'live again');
  });

  it('has clients of older dialects come back that are let in behind what was delivered already', async () => {
    const tom = await east.person('tom');
    const group = await ada.group('Let in late', grace);
    await graces.next('conversation:new', ({ conversation }) => conversation.id === group);
    const older = new Device(west.url, { token: tom.accessToken, dialect: 'namespaced-events' });
    devices.push(older);
    await older.next('users:online');
    await cutOff();
    const held = holdCalls(west.app, CatchUpRepository, 'changes');
    try {
      await until('it is asked what the others changed', () => held.count > 0);
      await ada.must('POST', `/conversations/${group}/members`, { memberIds: [tom.id] });
      await graces.must('send_message', { conversationId: group, content: 'before he is let in' });
    } finally {
      held.release();
    }
    await older.next('disconnect');
    expect(graces.all('disconnect')).toEqual([]);
  });

  it('is asked for by who sees it otherwise than others: a message that was reacted to before it was found', async () => {
    await cutOff();
    const repository = west.app.get(CatchUpRepository);
    const changes = repository.changes.bind(repository);
    let release = (): void => undefined;
    const isReacted = new Promise<void>((resolve) => (release = resolve));
    repository.changes = (...parameters) => isReacted.then(() => changes(...parameters));
    const before = graces.all('sync:needed').length;
    const { id } = await ada.send(direct, 'reacted to at once');
    try {
      // Over the other process: nobody in the west knows of it.
      const { status } = await request(east.url, 'PUT', `/messages/${id}/reactions/+1`, undefined, grace.accessToken);
      expect(status).toBe(200);
    } finally {
      repository.changes = changes;
      release();
    }
    await until('grace is asked to sync', () => graces.all('sync:needed').length > before);
    expect(graces.all('message:new').filter(content('reacted to at once'))).toEqual([]);
    const [message] = (await grace.history(direct)).filter((one) => one.id === id);
    expect(message.reactions).toEqual([{ emoji: '+1', count: 1, mine: true }]);
  });

  it('is not shown to who had deleted it for itself before it was found', async () => {
    await cutOff();
    const reads = holdCalls(west.app, CatchUpRepository, 'changes');
    const before = graces.all('sync:needed').length;
    const { id } = await ada.send(direct, 'not to be seen again');
    try {
      const path = `/messages/${id}?for=me`;
      expect((await request(east.url, 'DELETE', path, undefined, grace.accessToken)).status).toBe(200);
    } finally {
      reads.release();
    }
    await until('grace is asked to sync', () => graces.all('sync:needed').length > before);
    await ada.send(direct, 'behind what was deleted');
    await graces.next('message:new', content('behind what was deleted'));
    expect(graces.all('message:new').filter(content('not to be seen again'))).toEqual([]);
  });

  it('comes back to a connection that was lost, once, and nothing that it had read when it was let in', async () => {
    const lin = await east.person('linda');
    const conversation = await ada.befriend(lin);
    await cutOff();
    // What is read from here on is from after that, which would be a reason to start over.
    await ada.send(direct, 'behind the friendship');
    await graces.next('message:new', content('behind the friendship'));
    const reads = holdCalls(west.app, CatchUpRepository, 'changes');
    let lost: Device;
    try {
      await ada.send(conversation, 'before it came');
      lost = await connect(west, lin);
      // Something to come back to.
      await request(west.url, 'PATCH', '/users/me', { displayName: 'Lin' }, lin.accessToken);
      await lost.next('user:updated');
      lost.drop();
      await lost.next('disconnect');
      await ada.send(conversation, 'while it was lost');
    } finally {
      reads.release();
    }
    await ada.send(direct, 'behind it');
    await graces.next('message:new', content('behind it'));
    lost.socket.connect();
    expect(await lost.next('session:ready')).toMatchObject({ recovered: true });
    await lost.next('message:new', content('while it was lost'));
    await ada.send(conversation, 'once it is back');
    await lost.next('message:new', content('once it is back'));
    await bringBack();
    expect(lost.all('message:new').map(({ message }) => message.content)).toEqual([
      'while it was lost',
      'once it is back',
    ]);
  });

  it('is no way back into a group for a lost connection that its user was removed from meanwhile', async () => {
    const group = await ada.group('Not for long', grace);
    const lost = await connect(west, grace);
    await ada.send(group, 'for all');
    await lost.next('message:new', content('for all'));
    await cutOff();
    lost.drop();
    await lost.next('disconnect');
    await ada.must('DELETE', `/conversations/${group}/members/${grace.id}`);
    await ada.send(group, 'not for her');
    await graces.next('conversation:removed', ({ conversationId }) => conversationId === group);
    await ada.must('POST', `/conversations/${group}/members`, { memberIds: [grace.id] });
    await graces.next('conversation:new', ({ conversation }) => conversation.id === group);
    lost.socket.connect();
    expect(await lost.next('session:ready')).toMatchObject({ recovered: false });
    await ada.send(group, 'for all again');
    await lost.next('message:new', content('for all again'));
    for (const device of [lost, graces]) expect(device.all('message:new').filter(content('not for her'))).toEqual([]);
  });

  it('is no way for who was removed to what is sent on the first socket that a process reads after it stood still', async () => {
    const max = await east.person('max');
    const group = await ada.group('Stood still', grace, max);
    const maxs = await connect(west, max);
    await graces.next('conversation:new', ({ conversation }) => conversation.id === group);
    const catchUp = west.app.get(CatchUp);
    const run = catchUp.run.bind(catchUp);
    // The frame with it is lost, and the look at everything comes later.
    catchUp.run = () => Promise.reject(new Error('it comes later'));
    try {
      await cutOff();
      await ada.must('DELETE', `/conversations/${group}/members/${grace.id}`);
      Object.assign(west.app.get(Standstill), { ranAt: Number.NEGATIVE_INFINITY });
      await maxs.must('send_message', { conversationId: group, content: 'behind her back' });
      await maxs.must('send_message', { conversationId: group, content: 'and once more' });
      await maxs.next('message:new', content('and once more'));
      await graces.next('conversation:removed', ({ conversationId }) => conversationId === group);
      expect(graces.all('message:new').filter(({ message }) => message.content === 'behind her back')).toEqual([]);
    } finally {
      catchUp.run = run;
    }
  });

  it('is not guessed at from frames of another version, which are read from the database instead', async () => {
    const channel = `parley:${await west.app.get(CatchUpRepository).databaseName()}`;
    const texts = Array.from({ length: 10 }, (_, index) => `of two versions ${index}`);
    for (const text of texts) {
      for (const frame of ['parley2 0190 1 - x', 'parley2', '', 'parley1 x y z', '\u0000'])
        await redis.command('PUBLISH', channel, frame);
      await ada.send(direct, text);
    }
    for (const text of texts) await graces.next('message:new', content(text));
    const known = graces.all('message:new').filter(({ message }) => texts.includes(message.content));
    // Once each; the first may have come behind the others, since the west had just been cut off.
    expect(known.map(({ message }) => message.content).toSorted()).toEqual(texts.toSorted());
    await until('both are certain of what there is', async () => {
      const answers = await Promise.all([east, west].map(({ url }) => request(url, 'GET', '/health/ready')));
      return answers.every(({ body }) => body.status === 'ok');
    });
  });

  it('ends a session, and a membership, that is being let in there at the moment', async () => {
    const group = await ada.group('In a race', grace);
    const other = await Person.login(east.url, grace.username);
    const { items } = await other.must('GET', '/auth/sessions');
    const { id: sessionId } = items.find(({ isCurrent, current }: Anything) => isCurrent ?? current);
    const service = west.app.get(SyncService, { strict: false });
    const present = service.present.bind(service);
    let letIn = (): void => undefined;
    const isLetIn = new Promise<void>((resolve) => (letIn = resolve));
    let arrivals = 0;
    service.present = async (userId) => {
      const read = await present(userId);
      arrivals += 1;
      await isLetIn;
      return read;
    };
    try {
      const [ending, staying] = [other, grace].map((person) => new Device(west.url, { token: person.accessToken }));
      if (ending === undefined || staying === undefined) throw new Error('two were made');
      devices.push(ending, staying);
      await until('both have read what they are let into', () => arrivals === 2);
      const ended = new Promise<void>((resolve) =>
        west.app.get(EventBus).subscribeToAll('session.ended', ({ sessionIds }) => {
          if (sessionIds.includes(sessionId)) resolve();
        }),
      );
      await grace.must('DELETE', `/auth/sessions/${sessionId}`);
      await ada.must('DELETE', `/conversations/${group}/members/${grace.id}`);
      await ended;
      await graces.next('conversation:removed', ({ conversationId }) => conversationId === group);
      letIn();
      await staying.next('session:ready');
      await ending.nextOf(['session:ended', 'connect_error']);
      await until('it is gone', () => !ending.socket.connected);
      expect(ending.all('session:ready')).toEqual([]);
      await ada.send(group, 'without her');
      await ada.send(direct, 'with her');
      await staying.next('message:new', content('with her'));
      expect(staying.all('message:new').filter(content('without her'))).toEqual([]);
    } finally {
      service.present = present;
      letIn();
    }
  });

  it('leaves no socket of a session that was ended while its connections came', async () => {
    const racing = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const person = await Person.login(east.url, grace.username);
        const { items } = await person.must('GET', '/auth/sessions');
        return { person, id: items.find(({ isCurrent, current }: Anything) => isCurrent ?? current).id };
      }),
    );
    const connections = racing.flatMap(({ person, id }, index) => {
      const device = new Device(west.url, { token: person.accessToken });
      devices.push(device);
      const ended = new Promise((resolve) => setTimeout(resolve, index * 3)).then(() =>
        grace.must('DELETE', `/auth/sessions/${id}`),
      );
      return [{ device, ended }];
    });
    await Promise.all(connections.map(({ ended }) => ended));
    for (const { device } of connections) {
      await device.nextOf(['session:ended', 'connect_error', 'disconnect']);
      await until('it is gone', () => !device.socket.connected);
      expect(device.socket.connected).toBe(false);
    }
  });

  it('is delivered also where nothing was ever received of them, as by another Redis', async () => {
    const other = await RedisServer.start();
    const north = await startStory({ databaseUrl: database.url, rateLimits: false, redisUrl: other.url });
    try {
      const device = await deviceAt(north, grace);
      await ada.send(direct, 'to another Redis');
      await device.next('message:new', content('to another Redis'));
      device.socket.close();
    } finally {
      await north.close();
      await other.kill();
    }
    expect(graces.all('message:new').filter(content('to another Redis'))).toHaveLength(1);
  });
});
