import { describe, expect, it } from '@jest/globals';
import type { Response } from 'express';
import type { FreeSpace } from '../common/free-space.js';
import type { Lifecycle } from '../common/stopping/lifecycle.js';
import type { Database } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import { Degradation } from './degradation.js';
import { HealthController } from './health.controller.js';
import { Metrics } from './metrics.js';

describe('readiness', () => {
  it('asks the database once for all who ask within a moment', async () => {
    let questions = 0;
    const database = {
      query: () => {
        questions += 1;
        return Promise.resolve([]);
      },
      takesConnections: () => Promise.resolve(true),
    } as unknown as Database;
    const controller = new HealthController(
      database,
      { isLeaving: false } as Lifecycle,
      { isLow: false } as FreeSpace,
      { isUp: () => undefined } as unknown as Degradation,
      new Metrics(new EventBus()),
    );
    const response = { status: () => response } as unknown as Response;
    const answers = await Promise.all(Array.from({ length: 100 }, () => controller.ready(response)));
    expect([new Set(answers.map(({ status }) => status)), questions]).toEqual([new Set(['ok']), 1]);
  });

  it('says that limits are not counted together, and serves', async () => {
    const degradation = new Degradation();
    degradation.set('redis', true);
    degradation.set('limits', false);
    const controller = new HealthController(
      { query: () => Promise.resolve([]), takesConnections: () => Promise.resolve(true) } as unknown as Database,
      { isLeaving: false } as Lifecycle,
      { isLow: false } as FreeSpace,
      degradation,
      new Metrics(new EventBus()),
    );
    const response = { status: () => response } as unknown as Response;
    expect(await controller.ready(response)).toMatchObject({ status: 'ok', checks: { redis: 'up', limits: 'down' } });
  });

  it('is a number among the metrics, without a statement, which an ending process does not change', async () => {
    const metrics = new Metrics(new EventBus());
    const [database, freeSpace] = [{ takesConnections: true, lacksResources: false }, { isLow: false }];
    const given = {
      takesConnections: () => Promise.resolve(database.takesConnections),
      get lacksResources() {
        return database.lacksResources;
      },
    };
    const controller = new HealthController(
      given as Database,
      { isLeaving: true } as Lifecycle,
      freeSpace as FreeSpace,
      { isUp: () => undefined } as unknown as Degradation,
      metrics,
    );
    const ready = async (): Promise<unknown> => /^parley_ready (\d)$/m.exec(await metrics.text())?.[1];
    expect([controller.live().status, await ready()]).toEqual(['ok', '1']);
    database.takesConnections = false;
    expect(await ready()).toBe('0');
    Object.assign(database, { takesConnections: true, lacksResources: true });
    expect(await ready()).toBe('0');
    database.lacksResources = false;
    freeSpace.isLow = true;
    expect(await ready()).toBe('0');
    freeSpace.isLow = false;
    expect(await ready()).toBe('1');
  });
});
