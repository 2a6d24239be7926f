import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { existsSync } from 'node:fs';
import { isAbandoned, lockOf } from '../../scripts/prepare.mjs';

const onLinux = existsSync('/proc/self/stat') ? it : it.skip;

describe('the lock of what builds this checkout', () => {
  const NOW = 0;
  const LONG_AGO = 24 * 60 * 60_000;
  afterEach(() => void jest.restoreAllMocks());

  it('is held by a process that lives, for as long as a build may take', () => {
    expect(isAbandoned(lockOf(process.pid), NOW)).toBe(false);
    expect(isAbandoned(lockOf(process.pid), LONG_AGO)).toBe(true);
  });

  it('is held where an earlier release wrote it, without the start of its process', () => {
    expect(isAbandoned(`${process.pid} 00000000-0000-4000-8000-000000000000`, NOW)).toBe(false);
  });

  onLinux('is abandoned where another process has the id by now, as after a restart of a container', () => {
    const [pid = '', id = '', start = ''] = lockOf(process.pid).split(' ');
    expect(start).toMatch(/^\d+$/);
    expect(isAbandoned(`${pid} ${id} ${Number(start) - 1}`, NOW)).toBe(true);
  });

  onLinux("is no more for ever that of another user's process", () => {
    const [pid = '', id = '', start = ''] = lockOf(process.pid).split(' ');
    jest.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    });
    expect(isAbandoned(`${pid} ${id} ${start}`, NOW)).toBe(false);
    expect(isAbandoned(`${pid} ${id} ${start}`, LONG_AGO)).toBe(true);
    expect(isAbandoned(`${pid} ${id} ${Number(start) - 1}`, NOW)).toBe(true);
  });
});
