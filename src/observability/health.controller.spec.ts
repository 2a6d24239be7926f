import { describe, expect, it } from '@jest/globals';
import type { Response } from 'express';
import type { FreeSpace } from '../common/free-space.js';
import type { Lifecycle } from '../common/stopping/lifecycle.js';
import type { Database } from '../database/database.js';
import { Degradation } from './degradation.js';
import { HealthController } from './health.controller.js';

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
    );
    const response = { status: () => response } as unknown as Response;
    expect(await controller.ready(response)).toMatchObject({ status: 'ok', checks: { redis: 'up', limits: 'down' } });
  });
});
