import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { S3Settings } from '../../config/configuration.js';
import { DiskBlobStore } from './disk-blob-store.js';
import { S3BlobStore } from './s3-blob-store.js';

describe('bytes that fail while nobody listens', () => {
  let directory: string;
  let silent: Server;
  let settings: S3Settings;
  let s3: S3BlobStore;
  let removals: ServerResponse[];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'parley-blobs-'));
    removals = [];
    // Takes everything, says how large a file is, and answers a read with its beginning alone.
    silent = createServer((request, response) => {
      request.resume();
      const file = { 'Content-Length': 1_000, ETag: '"one"' };
      if (request.method === 'GET') response.writeHead(200, file).write('begins');
      if (request.method === 'HEAD') response.writeHead(200, file).end();
      if (request.method === 'DELETE') removals.push(response);
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    settings = {
      bucket: 'files',
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
      forcePathStyle: true,
    };
    s3 = new S3BlobStore(settings);
  });
  afterAll(() => {
    silent.closeAllConnections();
    silent.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('fail the upload to S3 whose file cannot be read', async () => {
    // A directory can be opened and not be read, as a file on a broken disk.
    await expect(s3.put('key', directory, 'text/plain')).rejects.toThrow(/EISDIR|abort/i);
  });

  it('of S3 end nothing but themselves', async () => {
    const bytes = await s3.read('key');
    const failed = new Promise((resolve) => bytes?.once('close', resolve));
    silent.closeAllConnections();
    await failed;
    expect(bytes?.destroyed).toBe(true);
  });

  it('of S3 keep nothing else waiting, however many readers there are that do not come to their end', async () => {
    const store = new S3BlobStore(settings, { storeSilenceMs: 600_000, storeCallMs: 600_000 });
    // The client has 50 connections by itself.
    const reads = await Promise.all(Array.from({ length: 51 }, () => store.read('key')));
    expect(await store.sizeOf('key')).toBe(1_000);
    for (const bytes of reads) bytes?.destroy();
  });

  it('of S3 are removed with all that there is of a file at once', async () => {
    const store = new S3BlobStore(settings, { storeSilenceMs: 600_000, storeCallMs: 600_000 });
    const removed = store.remove(['one/original', 'one/320', 'one/1280']);
    while (removals.length < 3) await setImmediate();
    for (const response of removals.splice(0)) response.writeHead(204).end();
    expect(await removed).toBeUndefined();
  });

  it('of S3 are no failure where it is the reader that pauses, and are one where the store is silent', async () => {
    let bytes = Buffer.alloc(20_000_000, 'x');
    let isSilent = false;
    const server = createServer((_, response) => {
      response.writeHead(200, { 'Content-Length': bytes.length, ETag: '"one"' });
      if (isSilent) response.write('begins');
      else response.end(bytes);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const store = new S3BlobStore(
      { ...settings, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
      { storeSilenceMs: 200, storeCallMs: 5_000 },
    );
    const read = async (): Promise<number> => {
      const paused = await store.read('key');
      // Five times as long as the store may be silent.
      await setTimeout(1_000);
      let received = 0;
      for await (const chunk of paused ?? []) received += chunk.length;
      return received;
    };
    try {
      expect(await read()).toBe(bytes.length);
      // All that is left of it has come, and waits for its reader.
      bytes = bytes.subarray(0, 10_000);
      expect(await read()).toBe(bytes.length);
      isSilent = true;
      const silent = await store.read('key');
      silent?.resume();
      const closed = new Promise((resolve) => silent?.once('close', resolve));
      await closed;
      expect(silent?.errored?.message).toMatch(/nothing came/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('of the disk end nothing but themselves', async () => {
    const store = new DiskBlobStore(directory);
    writeFileSync(join(directory, 'source'), 'bytes');
    await store.put('01900000-0000-7000-8000-000000000001/original', join(directory, 'source'));
    const bytes = await store.read('01900000-0000-7000-8000-000000000001/original');
    const failed = new Promise((resolve) => bytes?.once('close', resolve));
    bytes?.destroy(new Error('the disk is broken'));
    await failed;
    expect(bytes?.errored?.message).toBe('the disk is broken');
  });
});
