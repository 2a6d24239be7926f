import { describe, expect, it } from '@jest/globals';
import { Chance } from '../sync/model-server.js';
import { BrowserModel, type Tab } from './browser-model.js';
import { closed, TAKEOVER_MS } from './open-tabs.js';

/** How many runs; hundreds by hand: CLIENT_TABS_RUNS=300. */
const RUNS = Number(process.env.CLIENT_TABS_RUNS ?? 20);

describe('the server', () => {
  const known = (model: BrowserModel): [isActive: boolean | undefined, rooms: string[]] => {
    const [socket, ...others] = model.connected;
    expect(others).toEqual([]);
    return [socket?.isActive, [...(socket?.rooms ?? [])].sort()];
  };

  it('knows that somebody looks at the app while any of its tabs is active, in one word for each change', async () => {
    const model = new BrowserModel(new Chance(1));
    await model.logIn();
    const first = model.open();
    await model.clock.advance(1_000);
    first.client.setActive(false);
    await model.clock.advance(1_000);
    expect(model.activities.splice(0)).toEqual([false]);
    const second = model.open();
    second.client.setActive(true);
    await model.clock.advance(1_000);
    expect(model.activities.splice(0)).toEqual([true]);
    // Back to the first one, and to the second.
    for (const [to, from] of [
      [first, second],
      [second, first],
    ] as const) {
      to.client.setActive(true);
      await model.clock.advance(100);
      from.client.setActive(false);
      await model.clock.advance(1_000);
    }
    expect(model.activities.splice(0)).toEqual([]);
    // Each connection counts as active until its tabs say otherwise.
    model.cut();
    await model.clock.advance(60_000);
    expect([known(model)[0], model.activities.splice(0)]).toEqual([true, []]);
    second.life.kill();
    await model.clock.advance(1_000);
    expect(model.activities.splice(0)).toEqual([false]);
    model.cut();
    await model.clock.advance(60_000);
    expect([known(model)[0], model.activities.splice(0)]).toEqual([false, [false]]);
    await closed(model, [first]);
  });

  it('knows of tabs that do not say whether somebody looks at them by whether they are hidden', async () => {
    const model = new BrowserModel(new Chance(1));
    await model.logIn();
    const first = model.open();
    first.lifecycle.set('inactive');
    await model.clock.advance(1_000);
    expect(model.activities.splice(0)).toEqual([false]);
    const second = model.open();
    await model.clock.advance(1_000);
    expect(model.activities.splice(0)).toEqual([true]);
    for (const [tab, state, isActive] of [
      [second, 'inactive', false],
      [first, 'active', true],
      [first, 'inactive', false],
      [second, 'active', true],
    ] as const) {
      tab.lifecycle.set(state);
      await model.clock.advance(1_000);
      expect(model.activities.splice(0)).toEqual([isActive]);
    }
    // What the app says counts.
    second.client.setActive(false);
    first.lifecycle.set('active');
    first.client.setActive(false);
    await model.clock.advance(1_000);
    expect(model.activities.at(-1)).toBe(false);
    await closed(model, [first, second]);
  });

  it('is sent nothing by a hidden tab that begins to lead while another one is looked at', async () => {
    const model = new BrowserModel(new Chance(1));
    model.handshakeMs = 50;
    await model.logIn();
    const tabs: Tab[] = [];
    for (const isActive of [true, false, true]) {
      const tab = model.open();
      tab.client.setActive(isActive);
      tabs.push(tab);
      await model.clock.advance(1_000);
    }
    tabs[0]?.life.kill();
    await model.clock.advance(TAKEOVER_MS);
    expect(model.connected.map(({ life }) => tabs.findIndex((tab) => tab.life === life))).toEqual([1]);
    expect([known(model)[0], model.activities]).toEqual([true, []]);
    await closed(model, tabs);
  });

  it.each([
    ['the one that leads', 0],
    ['one that follows', 1],
  ])('has a conversation open while any tab shows it: also when it goes from the screen of %s', async (_, index) => {
    const model = new BrowserModel(new Chance(1));
    await model.logIn();
    const tabs: Tab[] = [];
    for (let count = 0; count < 2; count += 1) {
      tabs.push(model.open());
      await model.clock.advance(1_000);
    }
    const ends = tabs.map(({ client }) => client.messages('c0').open());
    await model.clock.advance(1_000);
    expect(known(model)[1]).toEqual(['c0']);
    ends[index]?.();
    await model.clock.advance(1_000);
    expect(known(model)[1]).toEqual(['c0']);
    ends[1 - index]?.();
    await model.clock.advance(1_000);
    expect(known(model)[1]).toEqual([]);
    await closed(model, tabs);
  });

  it('has no conversation open of a tab that nobody looks at, while another one is looked at', async () => {
    const model = new BrowserModel(new Chance(1));
    await model.logIn();
    const [leader, follower] = [model.open(), model.open()];
    await model.clock.advance(1_000);
    leader.client.messages('c0').open();
    follower.client.messages('c1').open();
    const look = async (...looked: Tab[]): Promise<string[]> => {
      for (const tab of [leader, follower]) tab.client.setActive(looked.includes(tab));
      await model.clock.advance(1_000);
      return known(model)[1];
    };
    expect(await look(leader, follower)).toEqual(['c0', 'c1']);
    expect(await look(follower)).toEqual(['c1']);
    expect(await look(leader)).toEqual(['c0']);
    // Opened where nobody looks, and looked at later.
    for (const { client } of [leader, follower]) client.messages('c2').open();
    follower.client.messages('c3').open();
    await model.clock.advance(1_000);
    expect(known(model)[1]).toEqual(['c0', 'c2']);
    expect(await look(follower)).toEqual(['c1', 'c2', 'c3']);
    leader.client.messages('c4').open();
    model.cut();
    await model.clock.advance(60_000);
    expect(known(model)[1]).toEqual(['c1', 'c2', 'c3']);
    expect(await look(leader)).toEqual(['c0', 'c2', 'c4']);
    await closed(model, [leader, follower]);
  });

  it('knows what the tabs show that are there, whichever is opened, closed, killed, put away or leads', async () => {
    for (let seed = 0; seed < RUNS; seed += 1) {
      const chance = new Chance(seed);
      const model = new BrowserModel(chance);
      await model.logIn();
      type Shown = { tab: Tab; isActive: boolean; isAway: boolean; ends: Map<string, () => void> };
      let shown: Shown[] = [];
      const steps: string[] = [];
      for (let count = 0; count < 30; count += 1) {
        const one = shown.length === 0 ? undefined : chance.pick(shown);
        const all = ['open', 'active', 'active', 'show', 'show', 'show', 'close', 'kill', 'away', 'cut'];
        // Nobody does anything in a page that is frozen.
        const step = chance.pick(one?.isAway === true ? ['open', 'kill', 'away', 'away', 'cut'] : all);
        if (step === 'open' || one === undefined) {
          if (shown.length === 4) continue;
          shown.push({ tab: model.open(), isActive: true, isAway: false, ends: new Map() });
          await model.clock.advance(100);
        } else if (step === 'active') {
          one.isActive = !one.isActive;
          one.tab.client.setActive(one.isActive);
        } else if (step === 'show') {
          const id = chance.pick(['c0', 'c1']);
          const end = one.ends.get(id);
          end?.();
          if (end !== undefined) one.ends.delete(id);
          else one.ends.set(id, one.tab.client.messages(id).open());
        } else if (step === 'cut') model.cut();
        else if (step === 'away') {
          one.isAway = !one.isAway;
          if (!one.isAway) one.tab.life.thaw();
          one.tab.lifecycle.set(one.isAway ? 'background' : 'active');
          one.tab.life.isFrozen = one.isAway;
        } else {
          shown = shown.filter((other) => other !== one);
          if (step === 'kill') one.tab.life.kill();
          else void one.tab.client.close();
        }
        steps.push(`${step} ${one === undefined ? '' : shown.indexOf(one)}`);
        if (chance.is(40)) continue;
        await model.clock.advance(60_000);
        const there = shown.filter(({ isAway }) => !isAway);
        if (there.length === 0) continue;
        const active = there.filter((other) => other.isActive);
        const isActive = active.length > 0;
        const [leader] = model.connected;
        const looked = isActive ? active : there.filter(({ tab }) => tab.life === leader?.life);
        const rooms = [...new Set(looked.flatMap(({ ends }) => [...ends.keys()]))].sort();
        expect([seed, steps, ...known(model)]).toEqual([seed, steps, isActive, rooms]);
      }
      for (const { tab } of shown) tab.life.thaw();
      await closed(
        model,
        shown.map(({ tab }) => tab),
      );
    }
  }, 300_000);
});
