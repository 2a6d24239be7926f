import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAbandonedDirectories } from './abandoned-directories.js';

describe('directories that killed servers left', () => {
  let parent: string;
  let servers: Server[];

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'abandoned-'));
    servers = [];
  });
  afterEach(() => {
    for (const server of servers) server.close();
    rmSync(parent, { recursive: true, force: true });
  });

  /** A directory with the socket of a process that lives, or of one that does not, an hour old unless it is to be new. */
  async function directory(
    name: string,
    { lives, isNew = false }: { lives: boolean; isNew?: boolean },
  ): Promise<string> {
    const path = join(parent, name);
    mkdirSync(path);
    const [made, socket] = [join(path, 'made.sock'), join(path, 'frames.sock')];
    const server = createServer().listen(lives ? socket : made);
    await once(server, 'listening');
    if (lives) servers.push(server);
    else {
      // Under this name Node does not know it, and leaves it there.
      renameSync(made, socket);
      server.close();
      await once(server, 'close');
    }
    const hourAgo = Date.now() / 1_000 - 3_600;
    if (!isNew) utimesSync(socket, hourAgo, hourAgo);
    return path;
  }

  it('are removed, and nothing else: not those of servers that live, begin, or have other names', async () => {
    const own = join(parent, 'parley-itself');
    mkdirSync(own);
    const abandoned = await directory('parley-aB3xYz', { lives: false });
    writeFileSync(join(abandoned, 'worker-2.sock'), '');
    const kept = [
      own,
      await directory('parley-Living', { lives: true }),
      await directory('parley-BegiNs', { lives: false, isNew: true }),
      await directory('parley-somebody-else', { lives: false }),
      await directory('others-aB3xYz', { lives: false }),
      join(parent, 'parley-Empty1'),
      join(parent, 'parley-NoSock'),
    ];
    mkdirSync(join(parent, 'parley-Empty1'));
    mkdirSync(join(parent, 'parley-NoSock'));
    writeFileSync(join(parent, 'parley-NoSock', 'frames.sock'), 'a file');
    await removeAbandonedDirectories(own);
    expect(existsSync(abandoned)).toBe(false);
    expect(kept.map((path) => [path, existsSync(path)])).toEqual(kept.map((path) => [path, true]));
  });

  it('may be gone, or in a place that cannot be read', async () => {
    await expect(removeAbandonedDirectories(join(parent, 'nowhere', 'parley-itself'))).resolves.toBeUndefined();
  });
});
