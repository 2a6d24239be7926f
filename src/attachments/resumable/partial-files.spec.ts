import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Clock } from '../../common/clock.js';
import { newId } from '../../common/identifier.js';
import { Configuration } from '../../config/configuration.js';
import { Spool } from '../uploads/receiving/spool.js';
import { PartialFiles } from './partial-files.js';

describe('what came in of an unfinished upload', () => {
  let directory: string;
  let configuration: Configuration;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-partial-files-'));
    configuration = Configuration.fromEnvironment({
      DATABASE_URL: 'postgresql://nowhere/parley',
      DATA_DIR: directory,
      JWT_SECRET: 'a secret for the tests of partial files alone',
    });
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('fails whoever reads it where it cannot be opened, however late they begin, and ends no process', async () => {
    const bytes = new PartialFiles(configuration).read(newId());
    // An error without a listener would be an uncaught exception, which ends this test, too.
    while (!bytes.closed) await setImmediate();
    await expect(new Spool(new Clock(), configuration).take(bytes)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
