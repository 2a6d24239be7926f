import { afterEach, describe, expect, it } from '@jest/globals';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DiskBlobStore } from './disk-blob-store.js';

const KEY = '01900000-0000-7000-8000-000000000001/original';
const OTHER_DISKS = ['/dev/shm', process.cwd()].filter(
  (path) => existsSync(path) && statSync(path).dev !== statSync(tmpdir()).dev,
);

describe('files that are put into the store', () => {
  const directories: string[] = [];
  const directoryIn = (parent: string): string => {
    const directory = mkdtempSync(join(parent, '.parley-blobs-'));
    directories.push(directory);
    return directory;
  };
  afterEach(() => {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  });

  const putFrom = async (parent: string): Promise<{ store: DiskBlobStore; directory: string; source: string }> => {
    const directory = directoryIn(tmpdir());
    const store = new DiskBlobStore(directory);
    const source = join(directoryIn(parent), 'source');
    writeFileSync(source, 'bytes');
    await store.put(KEY, source);
    return { store, directory, source };
  };

  it.each([['the same disk', tmpdir()], ...OTHER_DISKS.map((path) => ['another disk', path] as const)])(
    'from %s are in it whole, and nowhere else',
    async (_, parent) => {
      const { store, directory, source } = await putFrom(parent);
      expect(await store.sizeOf(KEY)).toBe(5);
      expect(readFileSync(join(directory, '01', KEY), 'utf8')).toBe('bytes');
      expect(existsSync(source)).toBe(false);
      expect(readdirSync(join(directory, '01', KEY, '..'))).toEqual(['original']);
      await store.remove([KEY]);
      expect(readdirSync(join(directory, '01'))).toEqual([]);
    },
  );

  it('leave nothing that a process which was killed had of them', async () => {
    const { store, directory } = await putFrom(tmpdir());
    writeFileSync(join(directory, '01', `${KEY}.partial`), 'by');
    await store.remove([KEY]);
    expect(readdirSync(join(directory, '01'))).toEqual([]);
  });

  it('are refused where they cannot be read', async () => {
    const directory = directoryIn(tmpdir());
    const source = join(directory, 'source');
    symlinkSync(join(directory, 'nothing'), source);
    await expect(new DiskBlobStore(directory).put(KEY, source)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
