import { describe, expect, it } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import { startupProgress } from './startup-progress.js';

describe('the progress of a start', () => {
  const written: string[] = [];
  const logged: string[] = [];
  const logger = { log: (line: string) => logged.push(line) } as unknown as LoggerService;
  const progressIn = (environment: { production?: boolean; isTTY?: boolean; logLevel?: 'info' | 'error' }) => {
    written.length = logged.length = 0;
    const { production = false, isTTY = false, logLevel = 'info' } = environment;
    return startupProgress({ production, logLevel }, logger, {
      isTTY,
      write: (text) => written.push(String(text)) > 0,
    });
  };

  it('takes one line of a terminal, and leaves nothing of it', () => {
    const progress = progressIn({ isTTY: true });
    progress.report('first', 'Server');
    progress.report('second', 'Server');
    progress.end();
    expect(written).toEqual(['\r\u001b[2Kfirst …', '\r\u001b[2Ksecond …', '\r\u001b[2K']);
    progress.report('later', 'Server');
    expect(written).toHaveLength(3);
    expect(logged).toEqual(['later']);
  });

  it('is lines on standard error where nobody watches, and none where the log shows no more than errors', () => {
    progressIn({}).report('first', 'Server');
    expect(written).toEqual(['first\n']);
    progressIn({ logLevel: 'error' }).report('first', 'Server');
    expect(written).toEqual([]);
    expect(logged).toEqual([]);
  });

  it('is entries of the log in production', () => {
    const progress = progressIn({ production: true, isTTY: true });
    progress.report('first', 'Server');
    progress.end();
    expect(logged).toEqual(['first']);
    expect(written).toEqual([]);
  });
});
