import { describe, expect, it } from '@jest/globals';
import type { OutboxItem, UploadSource } from '../../src/outbox/types.js';
import { file } from '../outbox/device.js';
import { Chance } from '../sync/model-server.js';
import { settled } from '../support/virtual-clock.js';
import { BrowserModel, type Tab } from './browser-model.js';
import { closed, TAKEOVER_MS } from './open-tabs.js';

/** How many runs of each kind; hundreds by hand: CLIENT_TABS_RUNS=300. */
const RUNS = Number(process.env.CLIENT_TABS_RUNS ?? 20);
const ONLY = process.env.CLIENT_TABS_SEED;

const shown = ({ client }: Tab, id = 'c0'): (string | null)[] =>
  client.messages(id).items.map(({ content }) => content);

/** Another turn, and nothing of it is awaited by time: promises alone. */
async function opened(model: BrowserModel, count: number): Promise<Tab[]> {
  await model.logIn();
  const tabs: Tab[] = [];
  for (let index = 0; index < count; index += 1) {
    tabs.push(model.open());
    await model.clock.advance(100);
  }
  for (const { client } of tabs) client.messages('c0').open();
  await model.clock.advance(1_000);
  expect(tabs.map(({ client }) => client.connection.getSnapshot().status)).toEqual(tabs.map(() => 'live'));
  return tabs;
}

describe('five tabs of one user', () => {
  it('show the same, in the order in which it was typed, whichever tabs it was typed in', async () => {
    for (let seed = 0; seed < RUNS; seed += 1) {
      const model = new BrowserModel(new Chance(seed));
      const tabs = await opened(model, 5);
      const texts: string[] = [];
      for (let count = 0; count < 20; count += 1) {
        const text = `text ${count}`;
        texts.push(text);
        await new Chance(seed * 100 + count).pick(tabs).client.send({ conversationId: 'c0', content: text }).stored;
      }
      await model.clock.advance(60_000);
      expect([seed, ...model.world.texts()]).toEqual([seed, ...texts]);
      for (const tab of tabs) {
        expect(tab.client.outbox.items).toEqual([]);
        expect([seed, ...shown(tab).slice(-20)]).toEqual([seed, ...texts]);
      }
      await closed(model, tabs);
    }
  }, 300_000);

  it('are connected also where the one that leads wants no connection, and it leads again where no other one does', async () => {
    const model = new BrowserModel(new Chance(1));
    const [first, second] = (await opened(model, 2)) as [Tab, Tab];
    const status = ({ client }: Tab): string => client.connection.getSnapshot().status;
    first.client.suspend();
    await model.clock.advance(TAKEOVER_MS);
    expect(status(second)).toBe('live');
    await second.client.send({ conversationId: 'c0', content: 'one' }).stored;
    await model.clock.advance(TAKEOVER_MS);
    const third = model.open();
    await model.clock.advance(TAKEOVER_MS);
    expect([model.world.texts(), status(third)]).toEqual([['one'], 'live']);
    // All of them: nobody is connected, and nobody takes the lead from another one.
    for (const { client } of [second, third]) client.suspend();
    await model.clock.advance(TAKEOVER_MS);
    expect([status(second), status(third)]).toEqual(['offline', 'offline']);
    await third.client.send({ conversationId: 'c0', content: 'two' }).stored;
    third.client.resume();
    await model.clock.advance(TAKEOVER_MS);
    expect([model.world.texts(), status(third)]).toEqual([['one', 'two'], 'live']);
    await closed(model, [first, second, third]);
  });

  it('show that they are not connected where they want no connection and the one that had it is gone, or frozen', async () => {
    const model = new BrowserModel(new Chance(1));
    const [first, second] = (await opened(model, 2)) as [Tab, Tab];
    const status = (): string => first.client.connection.getSnapshot().status;
    first.client.suspend();
    await model.clock.advance(3 * TAKEOVER_MS);
    expect([status(), model.connected.map(({ life }) => life)]).toEqual(['live', [second.life]]);
    second.life.isFrozen = true;
    await model.clock.advance(TAKEOVER_MS);
    expect(status()).toBe('offline');
    second.life.thaw();
    await model.clock.advance(TAKEOVER_MS);
    expect(status()).toBe('live');
    second.life.kill();
    await model.clock.advance(TAKEOVER_MS);
    expect(status()).toBe('offline');
    first.client.resume();
    await model.clock.advance(TAKEOVER_MS);
    expect(status()).toBe('live');
    await closed(model, [first]);
  });

  it('try to connect at once where the user wants it in one that follows', async () => {
    const model = new BrowserModel(new Chance(1));
    const [first, second] = (await opened(model, 2)) as [Tab, Tab];
    model.isServerAway = true;
    model.cut();
    // By now the next try is some seconds away.
    while (model.attempts < 6) await model.clock.advance(100);
    await model.clock.advance(1_000);
    const { attempts } = model;
    expect(second.client.connection.getSnapshot().status).toBe('waiting');
    second.client.resume();
    await model.clock.advance(1);
    expect(model.attempts).toBe(attempts + 1);
    await closed(model, [first, second]);
  });

  it.each([1, 2, 3, 4])(
    'are led by one where the locks of new tabs are others than those of the old ones: %d of them',
    async (count) => {
      for (let seed = 0; seed < RUNS / 4; seed += 1) {
        const model = new BrowserModel(new Chance(seed));
        const old = await opened(model, count);
        model.clearLocks();
        const [third, fourth] = [model.open(), model.open()];
        const tabs = [...old, third, fourth];
        await model.clock.advance(3 * TAKEOVER_MS);
        expect([seed, model.connected.length]).toEqual([seed, 1]);
        const statuses = (): string[] =>
          tabs.filter(({ life }) => !life.isOver).map(({ client }) => client.connection.getSnapshot().status);
        expect([seed, ...statuses()]).toEqual([seed, ...tabs.map(() => 'live')]);
        const texts: string[] = [];
        const send = async (tab: Tab): Promise<void> => {
          texts.push(`text ${texts.length}`);
          await tab.client.send({ conversationId: 'c0', content: `text ${texts.length - 1}` }).stored;
        };
        for (const tab of tabs) await send(tab);
        // Whichever leads is gone: one of the others does so in time.
        for (const { life } of tabs.filter(({ life: one }) => model.connected.some((socket) => socket.life === one)))
          life.kill();
        for (const tab of tabs) if (!tab.life.isOver) await send(tab);
        await model.clock.advance(4 * TAKEOVER_MS);
        expect([seed, model.connected.length]).toEqual([seed, 1]);
        expect([seed, ...statuses()]).toEqual([seed, ...statuses().map(() => 'live')]);
        expect([seed, ...model.world.texts()]).toEqual([seed, ...texts]);
        await closed(model, tabs);
      }
    },
  );

  it('that led at the same time store what comes, whichever goes on, and are connected where that one wants no connection', async () => {
    for (let seed = 0; seed < RUNS / 4; seed += 1) {
      const model = new BrowserModel(new Chance(seed));
      const [old] = (await opened(model, 1)) as [Tab];
      model.clearLocks();
      const next = model.open();
      const tabs = [old, next];
      await model.clock.advance(6 * TAKEOVER_MS);
      const leaders = (): Tab[] => tabs.filter(({ life }) => model.connected.some((socket) => socket.life === life));
      const [first] = leaders() as [Tab];
      expect([seed, leaders()]).toEqual([seed, [first]]);
      first.client.suspend();
      await model.clock.advance(3 * TAKEOVER_MS);
      const [second] = tabs.filter((tab) => tab !== first) as [Tab];
      expect([seed, leaders()]).toEqual([seed, [second]]);
      await second.client.send({ conversationId: 'c0', content: 'one' }).stored;
      await model.clock.advance(TAKEOVER_MS);
      first.client.resume();
      await first.client.send({ conversationId: 'c0', content: 'two' }).stored;
      await model.clock.advance(6 * TAKEOVER_MS);
      expect([seed, model.connected.length, ...model.world.texts()]).toEqual([seed, 1, 'one', 'two']);
      for (const { life } of tabs) life.kill();
      model.isServerAway = true;
      const later = model.open();
      await model.clock.advance(TAKEOVER_MS);
      later.client.messages('c0').open();
      await model.clock.advance(TAKEOVER_MS);
      expect([seed, ...shown(later).slice(-2)]).toEqual([seed, 'one', 'two']);
      await closed(model, [later]);
    }
  });

  it('go on where the storage did not answer while one was given the lead, with what was typed meanwhile', async () => {
    for (const silentMs of [5_000, 20_000, 45_000]) {
      const model = new BrowserModel(new Chance(1));
      const [first, second] = (await opened(model, 2)) as [Tab, Tab];
      let release = (): void => undefined;
      model.storageHold = new Promise((resolve) => (release = resolve));
      void second.client.send({ conversationId: 'c0', content: 'before' });
      await model.clock.advance(100);
      first.life.kill();
      await model.clock.advance(silentMs / 2);
      void second.client.send({ conversationId: 'c0', content: 'meanwhile' });
      await model.clock.advance(silentMs / 2);
      release();
      await model.clock.advance(60_000);
      expect([silentMs, ...model.world.texts()]).toEqual([silentMs, 'before', 'meanwhile']);
      expect(second.client.connection.getSnapshot().status).toBe('live');
      expect(second.client.outbox.items).toEqual([]);
      await closed(model, [second]);
    }
  });

  it('leave no timer behind once they are closed, which would keep a program from its end', async () => {
    const model = new BrowserModel(new Chance(1));
    const tabs = await opened(model, 3);
    // Asked of the leader, which remembers that for a while.
    await tabs[1]?.client.send({ conversationId: 'c0', content: 'asked' }).stored;
    await model.clock.advance(1_000);
    expect(model.world.texts()).toEqual(['asked']);
    await closed(model, tabs);
    expect(model.clock.waiting).toBe(0);
  });

  it('drop, from a tab that follows, what the leader has not sent, and nothing that it may have sent', async () => {
    const model = new BrowserModel(new Chance(1));
    const [, second] = (await opened(model, 2)) as [Tab, Tab];
    model.isServerAway = true;
    model.cut();
    const waiting = second.client.send({ conversationId: 'c0', content: 'thought better of it' });
    await waiting.stored;
    await model.clock.advance(100);
    const dropping = second.client.outbox.drop(waiting.clientId);
    await model.clock.advance(100);
    expect(await dropping).toBe(true);
    model.isServerAway = false;
    await model.clock.advance(60_000);
    const sent = second.client.send({ conversationId: 'c0', content: 'sent' });
    await sent.stored;
    await model.clock.advance(60_000);
    expect(await second.client.outbox.drop(sent.clientId)).toBe(false);
    expect(model.world.texts()).toEqual(['sent']);
    await closed(model, [second]);
  });

  it.each(['sends', 'refuses, after its tab was closed,'])(
    '%s a file that another tab takes longer than a minute to copy',
    async (outcome) => {
      const model = new BrowserModel(new Chance(1));
      const tabs = (await opened(model, 2)) as [Tab, Tab];
      const [first, second] = tabs;
      const slow: UploadSource = {
        ...file('a film'),
        read: (start, end) =>
          new Promise((resolve) => model.clock.setTimeout(() => resolve(new Uint8Array(end - start)), 50_000)),
        size: 400_000,
      };
      void second.client.send({ conversationId: 'c0', content: 'a film', attachments: [slow] });
      await model.clock.advance(60_000);
      expect(model.world.texts()).toEqual([]);
      expect(second.client.outbox.items.map(({ state }) => state)).toEqual(['queued']);
      if (outcome !== 'sends') second.life.kill();
      await model.clock.advance(60_000);
      const items = first.client.outbox.items.map(({ state, lastError }) => [state, lastError?.code]);
      expect([model.world.texts(), items]).toEqual(
        outcome === 'sends' ? [['a film file1'], []] : [[], [['rejected', 'UNREADABLE_FILE']]],
      );
      await closed(model, tabs);
    },
  );
});

describe('the tab that leads', () => {
  const waysToGo: Record<string, (tab: Tab) => unknown> = {
    'is closed': ({ client }) => client.close(),
    'is killed': ({ life }) => life.kill(),
    'is frozen without a word': ({ life }) => (life.isFrozen = true),
    'is notified that it will be frozen': ({ life, lifecycle }) => {
      lifecycle.set('background');
      life.isFrozen = true;
    },
  };
  it.each(Object.keys(waysToGo))(
    '%s, and the next one is connected within 2 s and sends what waited',
    async (way) => {
      for (let seed = 0; seed < RUNS / 2; seed += 1) {
        const model = new BrowserModel(new Chance(seed));
        const [first, ...others] = (await opened(model, 4)) as [Tab, Tab, Tab, Tab];
        await model.clock.advance((seed * 74) % 740);
        expect(model.connected.map(({ life }) => life)).toEqual([first.life]);
        void others[1]?.client.send({ conversationId: 'c0', content: 'before' });
        await settled();
        void waysToGo[way]?.(first);
        void others[0]?.client.send({ conversationId: 'c0', content: 'after' });
        await model.clock.advance(TAKEOVER_MS);
        expect([seed, model.connected.length]).toEqual([seed, 1]);
        expect([seed, ...model.world.texts()]).toEqual([seed, 'before', 'after']);
        for (const { client } of others) expect(client.connection.getSnapshot().status).toBe('live');
        // A frozen one that comes back follows: it sends nothing again, and shows what the others show.
        if (first.life.isFrozen) {
          first.life.thaw();
          first.lifecycle.set('active');
          await model.clock.advance(60_000);
          expect([seed, model.connected.length]).toEqual([seed, 1]);
          expect(shown(first)).toEqual(['before', 'after']);
          expect(first.client.outbox.items).toEqual([]);
        }
        expect(model.world.frames.map(({ payload }) => (payload as { content: string }).content).sort()).toEqual(
          model.world.texts().sort(),
        );
        await closed(model, [first, ...others]);
      }
    },
    300_000,
  );

  it('keeps leading while it answers, however long nothing happens', async () => {
    const model = new BrowserModel(new Chance(5));
    const tabs = await opened(model, 3);
    await model.clock.advance(600_000);
    expect(model.connected.map(({ life }) => life)).toEqual([tabs[0]?.life]);
    await closed(model, tabs);
  }, 60_000);
});

interface Typed {
  text: string;
  clientId: string;
  lane: string;
  tab: Tab;
  typedAt: number;
  storedAt: number;
  /** Texts that it was given later. */
  edits: { text: string; typedAt: number; storedAt: number }[];
}

const NEVER = Number.POSITIVE_INFINITY;

/** Tabs are opened, closed, killed at any step, frozen and thawed while their user types. Returns what is wrong in the end. */
async function live(seed: number): Promise<string[]> {
  const chance = new Chance(seed);
  const model = new BrowserModel(chance);
  model.lossPercent = 2;
  await model.logIn();
  const lanes = [...model.world.server.rooms.keys()];
  const typed: Typed[] = [];
  let tabs: Tab[] = [];
  let time = 0;
  const isRunning = ({ life }: Tab): boolean => !life.isOver && !life.isFrozen;
  const open = async (stepsToLive?: number): Promise<void> => {
    const tab = model.open(stepsToLive);
    for (const lane of lanes) tab.client.messages(lane).open();
    tabs.push(tab);
    await model.clock.advance(chance.below(200));
  };
  const stored = (promise: Promise<unknown>, entry: { storedAt: number }): void =>
    void promise.then(
      () => (entry.storedAt = time += 1),
      () => undefined,
    );
  const type = (tab: Tab): void => {
    const [text, lane] = [`t${typed.length}`, chance.pick(lanes)];
    if (tab.client.observe(`conversation:${lane}`).getSnapshot() === undefined) return;
    const attachments = chance.is(10) ? [file(text)] : [];
    const sent = tab.client.send({ conversationId: lane, content: text, attachments });
    const { clientId } = sent;
    const entry = { text, clientId, lane, tab, typedAt: (time += 1), storedAt: NEVER, edits: [] };
    typed.push(entry);
    stored(sent.stored, entry);
  };
  const edit = (tab: Tab): void => {
    const entry = typed.length === 0 ? undefined : chance.pick(typed);
    const shownItem = tab.client.messages(entry?.lane ?? '').items.find(({ clientId }) => clientId === entry?.clientId);
    if (entry === undefined || shownItem === undefined || shownItem.state === 'rejected') return;
    const text = `${entry.text} edited ${entry.edits.length}`;
    const change = { text, typedAt: (time += 1), storedAt: NEVER };
    entry.edits.push(change);
    stored(tab.client.edit(shownItem, text), change);
  };
  await open();
  await open();
  for (let deed = 0; deed < 60; deed += 1) {
    const tab = tabs.length === 0 ? undefined : chance.pick(tabs);
    const dice = chance.below(100);
    if (tab === undefined || (dice < 8 && tabs.length < 5))
      await open(chance.is(50) ? 1 + chance.below(300) : undefined);
    else if (dice < 44) {
      for (let count = 1 + chance.below(3); count > 0 && isRunning(tab); count -= 1) type(tab);
    } else if (dice < 50) {
      if (isRunning(tab)) edit(tab);
    } else if (dice < 56) tab.life.kill();
    else if (dice < 60) {
      tabs = tabs.filter((other) => other !== tab);
      void tab.client.close();
    } else if (dice < 70) {
      if (chance.is(50)) tab.lifecycle.set('background');
      tab.life.isFrozen = true;
    } else if (dice < 76) {
      tab.life.thaw();
      tab.lifecycle.set('active');
      // Before its user can click anything, it has received what happened.
      await settled();
    } else if (dice < 80) model.cut();
    else if (dice < 84) model.isServerAway = !model.isServerAway;
    else if (dice < 90) model.write(chance.pick(lanes), `from the other side ${deed}`);
    else await model.clock.advance(chance.below(4_000));
    if (chance.is(30)) await settled();
    tabs = tabs.filter(({ life }) => !life.isOver);
  }
  model.isServerAway = false;
  for (const { life, lifecycle } of tabs) {
    life.stepsToLive = NEVER;
    life.thaw();
    lifecycle.set('active');
  }
  await open();
  await model.clock.advance(180_000);

  const wrong: string[] = [];
  if (model.connected.length !== 1) wrong.push(`${model.connected.length} tabs are connected`);
  for (const lane of lanes) {
    const messages = model.world.server.rooms.get(lane)?.messages ?? [];
    const own = typed.filter((entry) => entry.lane === lane);
    const placeOf = ({ clientId }: Typed): number => messages.findIndex((message) => message.clientId === clientId);
    for (const entry of own) {
      const { text, clientId, storedAt, edits } = entry;
      const found = messages.filter((message) => message.clientId === clientId);
      if (found.length > 1) wrong.push(`${text} is there ${found.length} times`);
      if (found.length === 0 && storedAt !== NEVER) wrong.push(`${text} is lost`);
      const content = found[0]?.content ?? '';
      const holds = edits.find((change) => content.startsWith(change.text));
      const lost = edits.find((change) => change.storedAt !== NEVER && change.typedAt > (holds?.storedAt ?? 0));
      if (found.length === 1 && lost !== undefined && lost !== holds) wrong.push(`${lost.text} is lost: ${content}`);
    }
    for (const [index, before] of own.entries())
      for (const after of own.slice(index + 1)) {
        const [first, second] = [placeOf(before), placeOf(after)];
        if (first < 0 || second < 0 || first < second) continue;
        if (before.tab === after.tab || before.storedAt < after.typedAt)
          wrong.push(`${after.text} overtook ${before.text}`);
      }
    const all = messages.map(({ content }) => content);
    for (const tab of tabs) {
      const texts = tab.client
        .messages(lane)
        .items.flatMap(({ content, state }) => (state === 'sent' ? [content] : []));
      if (JSON.stringify(texts) !== JSON.stringify(all.slice(-texts.length)) || (texts.length === 0 && all.length > 0))
        wrong.push(`tab ${tabs.indexOf(tab)} shows ${texts.slice(-5).join()} of ${all.slice(-5).join()} in ${lane}`);
    }
  }
  const kept = new Set(typed.flatMap(({ clientId, storedAt }) => (storedAt === NEVER ? [] : [clientId])));
  for (const [number, { client }] of tabs.entries()) {
    const { status } = client.connection.getSnapshot();
    if (status !== 'live') wrong.push(`tab ${number} is ${status}`);
    // A file that was not copied yet when its tab was killed is gone; its message says so.
    const isGone = ({ clientId, lastError }: OutboxItem): boolean =>
      !kept.has(clientId) && lastError?.code === 'UNREADABLE_FILE';
    const gone = new Set(client.outbox.items.filter(isGone).map(({ clientId }) => clientId));
    const left = client.outbox.items.filter(({ clientId, command }) => {
      const target = 'target' in command && 'clientId' in command.target ? command.target.clientId : '';
      return !gone.has(clientId) && !gone.has(target);
    });
    if (left.length > 0) wrong.push(`tab ${number} has ${JSON.stringify(left.slice(0, 2))} in its outbox`);
  }
  await closed(model, tabs);
  return wrong;
}

describe('tabs that are opened, closed, frozen and killed at any step', () => {
  it('send once and in order what their user typed, and show what the server has', async () => {
    const seeds = ONLY === undefined ? Array.from({ length: RUNS }, (_, index) => index) : [Number(ONLY)];
    for (const seed of seeds) expect([seed, ...(await live(seed))]).toEqual([seed]);
  }, 600_000);
});
