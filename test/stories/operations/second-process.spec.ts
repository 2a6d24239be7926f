import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Logger } from '@nestjs/common';
import { listen } from '../../../src/application.js';
import { Configuration } from '../../../src/config/configuration.js';
import { TIMINGS } from '../../../src/config/timings.js';
import { PresenceTracker } from '../../../src/realtime/ephemeral/presence-tracker.js';
import { startServer } from '../../../src/server.js';
import { startStory, until } from '../../support/story.js';

/** Long enough for a busy machine to renew it, and short enough to wait for. */
const timings = { ...TIMINGS, presenceLeaseMs: 3_000 };

describe('a second process at the same database without what joins them', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('does not begin where it cannot listen', async () => {
    const first = await startStory();
    try {
      const swept = jest.spyOn(PresenceTracker.prototype, 'onApplicationBootstrap');
      const configuration = new Configuration({
        ...first.app.get(Configuration),
        port: Number(new URL(first.url).port),
        host: '127.0.0.1',
      });
      await expect(listen(configuration)).rejects.toThrow('EADDRINUSE');
      expect(swept).not.toHaveBeenCalled();
    } finally {
      await first.close();
    }
  });

  it.each([1, 2])('does not touch the database before it could listen, with %i workers', async (workers) => {
    const taken = createServer().listen(0, '127.0.0.1');
    try {
      await once(taken, 'listening');
      const configuration = Configuration.fromEnvironment({
        // Nobody answers there.
        DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
        HOST: '127.0.0.1',
        PORT: String((taken.address() as AddressInfo).port),
        WORKERS: String(workers),
        LOG_LEVEL: 'error',
      });
      await expect(startServer(configuration, undefined, 'no-program.mjs')).rejects.toThrow('EADDRINUSE');
    } finally {
      taken.close();
    }
  });

  it('is warned of in its log, and in that of the first', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn');
    const first = await startStory({ timings });
    try {
      const second = await startStory({ timings, databaseUrl: first.databaseUrl });
      try {
        const isOfAnother = ([text]: unknown[]): boolean => String(text).includes('another process');
        // Each has a log of its own; where one renewed its lease late, the other may warn again.
        const logs = (): Set<unknown> =>
          new Set(warn.mock.contexts.filter((_, call) => isOfAnother(warn.mock.calls[call] ?? [])));
        await until('both warn', () => logs().size === 2);
        expect(warn.mock.calls.find(isOfAnother)?.[0]).toContain('REDIS_URL');
      } finally {
        await second.close();
      }
    } finally {
      await first.close();
    }
  });
});
