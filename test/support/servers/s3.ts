import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TIMINGS, type Timings } from '../../../src/config/timings.js';
import { ended } from '../bounded.js';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

interface S3rver {
  readonly httpServer: Server;
  run(): Promise<{ port: number }>;
  close(): Promise<void>;
}

// It comes without types.
const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => S3rver;

export interface S3Server {
  /** The variables that point a server here. */
  environment: Record<string, string>;
  /** The keys of all that is in the bucket. */
  keys(): Promise<string[]>;
  /** Puts other bytes where some were. */
  overwrite(key: string, bytes: Buffer): Promise<void>;
  /** From now on something on the way answers every request with a page of its own, as the portal of a network does; or no more. */
  setPortal(isThere: boolean): void;
  close(): Promise<void>;
}

/** Timings for a store in the process of the test: it answers, however slow the machine is. */
export const SLOW_STORE_TIMINGS: Timings = { ...TIMINGS, storeSilenceMs: 60_000, storeCallMs: 100_000 };

/** A store that speaks the protocol of S3, with an empty bucket. */
export async function startS3(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-s3-'));
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name: 'parley', configs: [] }],
  });
  const endpoint = `http://127.0.0.1:${(await server.run()).port}`;
  const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
  let isPortal = false;
  const answers = server.httpServer.listeners('request');
  server.httpServer.removeAllListeners('request').on('request', (request, response) => {
    if (!isPortal) return answers.forEach((answer) => answer.call(server.httpServer, request, response));
    request.resume().once('end', () => response.end('<p>Please log in to this network.'));
  });
  const client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
  return {
    environment: {
      S3_BUCKET: 'parley',
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY_ID: credentials.accessKeyId,
      S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    keys: async () => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'parley' }));
      return Contents.map(({ Key = '' }) => Key);
    },
    overwrite: async (Key, Body) => {
      await client.send(new PutObjectCommand({ Bucket: 'parley', Key, Body }));
    },
    setPortal: (isThere) => {
      isPortal = isThere;
    },
    close: async () => {
      client.destroy();
      // An answer that nobody reads to its end would hold its connection, and that the server.
      server.httpServer.closeAllConnections();
      await ended('the S3 server', server.close());
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The files under a directory, by their paths in it; none where it is not there. */
export async function filesUnder(directory: string): Promise<string[]> {
  const look = () => readdir(directory, { recursive: true, withFileTypes: true });
  // A folder that the sweep removes meanwhile ends the listing of all: it is looked again where any is there.
  const entries = await look().catch(() => look().catch(() => []));
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
