import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Clock } from '../../../common/clock.js';
import { newId } from '../../../common/identifier.js';
import { Configuration } from '../../../config/configuration.js';
import { Spool } from './spool.js';

describe('what lies in the spool', () => {
  let directory: string;
  let spool: Spool;
  let endedPid: number;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-spool-'));
    const configuration = Configuration.fromEnvironment({
      DATABASE_URL: 'postgresql://nowhere/parley',
      DATA_DIR: directory,
      JWT_SECRET: 'a secret for the tests of the spool alone',
    });
    spool = new Spool(new Clock(), configuration);
    const ended = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(ended, 'exit');
    endedPid = ended.pid as number;
  });
  afterAll(async () => {
    await spool.close();
    await rm(directory, { recursive: true, force: true });
  });

  const isSwept = async (pid: number, silentSeconds: number, host = hostname()): Promise<boolean> => {
    const path = join(directory, 'spool', `${newId()}.${pid}.${host}`);
    await mkdir(path, { recursive: true });
    const renewed = new Date(Date.now() - silentSeconds * 1_000);
    await utimes(path, renewed, renewed);
    await spool.sweep();
    return !existsSync(path);
  };

  it('stays while its process says that it lives, also where that has the number of this one or of none here', async () => {
    expect(await isSwept(process.pid, 30)).toBe(false);
    expect(await isSwept(endedPid, 30)).toBe(false);
  });

  it('is removed after a minute of silence where no process has its number, and after five in any case', async () => {
    expect(await isSwept(process.pid, 90)).toBe(true);
    expect(await isSwept(endedPid, 90)).toBe(true);
    expect([await isSwept(process.ppid, 90), await isSwept(process.ppid, 310)]).toEqual([false, true]);
    expect([await isSwept(endedPid, 90, 'elsewhere'), await isSwept(endedPid, 310, 'elsewhere')]).toEqual([
      false,
      true,
    ]);
  });
});
