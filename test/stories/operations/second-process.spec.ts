import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { TIMINGS } from '../../../src/config/timings.js';
import { startStory, until } from '../../support/story.js';

/** Long enough for a busy machine to renew it, and short enough to wait for. */
const timings = { ...TIMINGS, presenceLeaseMs: 3_000 };

describe('a second process at the same database without what joins them', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is warned of in its log, and in that of the first', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn');
    const first = await startStory({ timings });
    try {
      const second = await startStory({ timings, databaseUrl: first.databaseUrl });
      try {
        const warnings = (): unknown[] =>
          warn.mock.calls.map(([text]) => text).filter((text) => String(text).includes('another process'));
        await until('both warn', () => warnings().length === 2);
        expect(warnings()[0]).toContain('REDIS_URL');
      } finally {
        await second.close();
      }
    } finally {
      await first.close();
    }
  });
});
