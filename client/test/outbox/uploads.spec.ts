import { describe, expect, it, jest } from '@jest/globals';
import type { Http, HttpAnswer, HttpRequest } from '../../src/http/types.js';
import { StoredUploads } from '../../src/outbox/uploads.js';
import { ChatError } from '../../src/protocol/errors.js';
import { memoryStorage } from '../../src/storage/memory.js';
import { rejection, settled, VirtualClock } from '../support/virtual-clock.js';

const SIZE = 6_000_000;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => index % 251);
const source = (size = SIZE) => ({
  name: 'Ärger.bin',
  mimeType: 'application/octet-stream',
  size,
  read: (start: number, end: number) => Promise.resolve(BYTES.slice(start, end)),
});

/** A server that takes uploads, in one piece or by tus, and breaks off where the test wants it to. */
class UploadServer implements Http {
  received = new Uint8Array(0);
  readonly requests: string[] = [];
  /** Of all requests, in bytes. */
  largest = 0;
  knowsTus = true;
  requestsUntilBreak = Number.POSITIVE_INFINITY;
  isLocked = false;

  async request<Body>(
    path: string,
    { method = 'GET', headers = {}, content }: HttpRequest = {},
  ): Promise<HttpAnswer<Body>> {
    this.requests.push(`${method} ${path}`);
    this.largest = Math.max(this.largest, (content as Uint8Array | undefined)?.length ?? 0);
    this.requestsUntilBreak -= 1;
    if (this.requestsUntilBreak < 0) throw new ChatError('NETWORK', 'The connection broke.');
    const answer = (status: number, fields: Record<string, string>, body?: unknown) => ({
      status,
      header: (name: string) => fields[name] ?? null,
      body: body as Body,
    });
    if (path === '/attachments') {
      // As the platform reads forms.
      const form = await new Response(content as Uint8Array<ArrayBuffer>, { headers }).formData();
      const file = form.get('file') as File;
      expect([file.name, file.type]).toEqual(['Ärger.bin', 'application/octet-stream']);
      this.received = new Uint8Array(await file.arrayBuffer());
      return answer(201, {}, { id: 'whole' });
    }
    if (!this.knowsTus) throw new ChatError('NOT_FOUND', 'Not found.', { status: 404 });
    if (method === 'POST') {
      this.received = new Uint8Array(0);
      return answer(201, { location: 'https://elsewhere.example/attachments/tus/abc' });
    }
    if (method === 'DELETE') {
      if (this.isLocked) throw new ChatError('UPLOAD_LOCKED', 'Locked.', { status: 423 });
      return answer(204, {});
    }
    if (method === 'HEAD') return answer(200, { 'upload-offset': String(this.received.length) });
    expect(Number(headers['upload-offset'])).toBe(this.received.length);
    this.received = Buffer.concat([this.received, content as Uint8Array]);
    return answer(204, { 'upload-offset': String(this.received.length) });
  }
}

async function uploader(server: Http, storage = memoryStorage({ strict: true }), clock = new VirtualClock()) {
  return new StoredUploads({ database: await storage.open('phone'), http: server, clock });
}

describe('an upload', () => {
  it('goes on after a kill where it was, from the copy in storage', async () => {
    const [server, storage] = [new UploadServer(), memoryStorage({ strict: true })];
    await (await uploader(server, storage)).keep('f', source());
    server.requestsUntilBreak = 3;
    const first = await uploader(server, storage);
    await expect(first.upload('f', () => undefined)).rejects.toMatchObject({ code: 'NETWORK' });
    const before = server.received.length;
    expect(before).toBeGreaterThan(0);
    server.requestsUntilBreak = Number.POSITIVE_INFINITY;
    server.requests.length = 0;
    const done: number[] = [];
    const again = await uploader(server, storage);
    expect(await again.upload('f', (part) => done.push(part))).toBe('abc');
    expect(server.requests[0]).toBe('HEAD /attachments/tus/abc');
    expect(done[0]).toBeCloseTo(before / SIZE);
    expect(Buffer.from(server.received).equals(Buffer.from(BYTES))).toBe(true);
    // It is there: nothing is asked any more.
    server.requests.length = 0;
    expect(await again.upload('f', () => undefined)).toBe('abc');
    expect(server.requests).toEqual([]);
  });

  it('goes in one piece where it is small, or the server knows no other way', async () => {
    const server = new UploadServer();
    const small = await uploader(server);
    await small.keep('f', source(1_000));
    expect(await small.upload('f', () => undefined)).toBe('whole');
    expect(server.received).toHaveLength(1_000);
    server.knowsTus = false;
    await small.keep('g', source());
    expect(await small.upload('g', () => undefined)).toBe('whole');
    expect(Buffer.from(server.received).equals(Buffer.from(BYTES))).toBe(true);
  });

  it('that waits for an answer is broken off by a new connection, once, and goes on', async () => {
    const [server, hanging] = [new UploadServer(), [] as AbortSignal[]];
    const { request } = server;
    let isWell = false;
    server.request = (path, given) => {
      const { method, signal } = given ?? {};
      if (isWell || method !== 'PATCH' || signal === undefined) return request.call(server, path, given) as never;
      hanging.push(signal);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new ChatError('ABORTED', 'It was given up.')));
      });
    };
    const clock = new VirtualClock();
    const uploads = await uploader(server, undefined, clock);
    await uploads.keep('f', source(1_000_000));
    const first = rejection(uploads.upload('f', () => undefined));
    await clock.advance(9_000);
    uploads.reconnected();
    await settled();
    expect(hanging.map(({ aborted }) => aborted)).toEqual([false]);
    await clock.advance(1_000);
    uploads.reconnected();
    expect(await first).toMatchObject({ code: 'NOT_CONNECTED', isTransient: true });
    const again = uploads.upload('f', () => undefined).catch(() => undefined);
    await clock.advance(20_000);
    uploads.reconnected();
    await settled();
    expect(hanging.map(({ aborted }) => aborted)).toEqual([true, false]);
    // With a part that has arrived it is as at the beginning.
    isWell = true;
    expect(await uploads.upload('f', () => undefined)).toBe('abc');
    void again;
  });

  it('goes in one piece where something between lets no PATCH through', async () => {
    const server = new UploadServer();
    const { request } = server;
    server.request = (path, given) =>
      given?.method === 'PATCH'
        ? Promise.reject(new ChatError('UNEXPECTED_ANSWER', 'Not allowed.', { status: 405 }))
        : (request.call(server, path, given) as never);
    const uploads = await uploader(server);
    await uploads.keep('f', source(1_000_000));
    expect(await uploads.upload('f', () => undefined)).toBe('whole');
    expect(server.received).toHaveLength(1_000_000);
    await uploads.keep('g', source(1_000_000));
    expect(await uploads.upload('g', () => undefined)).toBe('whole');
    await uploads.discard('g');
    // What was begun is ended there, and with the next file nothing is begun.
    const whole = 'POST /attachments';
    expect(server.requests).toEqual(['POST /attachments/tus', 'DELETE /attachments/tus/abc', whole, whole]);
  });

  it('is broken off with its client, whatever it waits for, and those that wait do not begin', async () => {
    const server = new UploadServer();
    const { request } = server;
    let aborted = 0;
    server.request = (path, given) => {
      const { signal } = given ?? {};
      if (signal?.aborted === true) return Promise.reject(new ChatError('ABORTED', 'It was given up.'));
      void request.call(server, path, given);
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          aborted += 1;
          reject(new ChatError('ABORTED', 'It was given up.'));
        });
      });
    };
    const uploads = await uploader(server);
    const sizes = [1_000_000, 1_000, 1_000, 1_000, 1_000_000];
    for (const [index, size] of sizes.entries()) await uploads.keep(`f${index}`, source(size));
    const uploaded = sizes.map((_, index) => rejection(uploads.upload(`f${index}`, () => undefined)));
    await settled();
    expect(server.requests).toHaveLength(3);
    uploads.stop();
    for (const error of await Promise.all(uploaded)) expect(error).toMatchObject({ code: 'NOT_CONNECTED' });
    expect([aborted, server.requests.length]).toEqual([3, 3]);
  });

  it('waits where three are under way, and takes its turn when one of them has ended', async () => {
    const [server, waiting] = [new UploadServer(), [] as (() => void)[]];
    const { request } = server;
    server.request = async (path, given) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return request.call(server, path, given) as never;
    };
    const uploads = await uploader(server);
    for (let index = 0; index < 5; index += 1) await uploads.keep(`f${index}`, source(1_000));
    const uploaded = Array.from({ length: 5 }, (_, index) => uploads.upload(`f${index}`, () => undefined));
    await settled();
    expect(waiting).toHaveLength(3);
    waiting.shift()?.();
    await uploaded[0];
    await settled();
    expect(waiting).toHaveLength(3);
    for (let done = 1; done < 5; done += 1) {
      waiting.shift()?.();
      await settled();
    }
    expect(await Promise.all(uploaded)).toEqual(Array.from({ length: 5 }, () => 'whole'));
  });

  it.each(['POST', 'PATCH'])(
    'in parts goes on in parts where something refuses a %s once, and the whole file for its size',
    async (method) => {
      const server = new UploadServer();
      const { request } = server;
      let refusals = 1;
      server.request = (path, given = {}) => {
        const isTooLarge = ((given.content as Uint8Array | undefined)?.length ?? 0) > SIZE;
        if (isTooLarge) return Promise.reject(new ChatError('PAYLOAD_TOO_LARGE', 'Too large.', { status: 413 }));
        if (given.method !== method || refusals === 0) return request.call(server, path, given) as never;
        refusals -= 1;
        return Promise.reject(new ChatError('UNEXPECTED_ANSWER', 'Forbidden.', { status: 403 }));
      };
      const uploads = await uploader(server);
      await uploads.keep('f', source());
      expect(await rejection(uploads.upload('f', () => undefined))).toMatchObject({ isTransient: true });
      expect(await uploads.upload('f', () => undefined)).toBe('abc');
      // What refuses parts for good, and the whole as well, is not asked for ever.
      refusals = Number.POSITIVE_INFINITY;
      const files = ['g', 'h', 'i'];
      for (const id of files) await uploads.keep(id, source());
      const tries = () => Promise.all(files.map((id) => rejection(uploads.upload(id, () => undefined))));
      for (let round = 1; round < 10; round += 1)
        for (const error of await tries()) expect(error).toMatchObject({ isTransient: true });
      for (const error of await tries()) expect(error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
      // Nor is it given up at once where the user tries it again.
      for (const error of await tries()) expect(error).toMatchObject({ isTransient: true });
    },
  );

  it('goes on in parts after something has refused everything for a while, for however many files', async () => {
    const server = new UploadServer();
    const { request } = server;
    let isBanned = true;
    server.request = async (path, given = {}) => {
      const { length = 0 } = (given.content ?? {}) as Partial<Uint8Array>;
      await settled();
      if (isBanned) throw new ChatError('UNEXPECTED_ANSWER', 'Forbidden.', { status: 403 });
      if (length > 1_048_576) throw new ChatError('PAYLOAD_TOO_LARGE', 'Too large.', { status: 413 });
      if (given.method !== 'PATCH') return request.call(server, path, given) as never;
      const offset = Number(given.headers?.['upload-offset']) + length;
      return { status: 204, header: () => String(offset), body: undefined as never };
    };
    const uploads = await uploader(server);
    const files = ['f', 'g', 'h'];
    for (const id of files) await uploads.keep(id, source());
    const tries = () => Promise.allSettled(files.map((id) => uploads.upload(id, () => undefined)));
    for (let round = 0; round < 9; round += 1)
      for (const { reason } of (await tries()) as PromiseRejectedResult[])
        expect(reason).toMatchObject({ code: 'UNEXPECTED_ANSWER' });
    isBanned = false;
    expect(await tries()).toEqual(files.map(() => ({ status: 'fulfilled', value: 'abc' })));
  });

  it.each([
    [403, 1_000],
    [406, 1_000],
    [403, 300_000],
    [415, 300_000],
  ])('that something before the server refuses with %d is refused in the end, %d bytes long', async (status, size) => {
    const server = new UploadServer();
    const { request } = server;
    let isRefused = true;
    server.request = (path, given) => {
      if (isRefused) return Promise.reject(new ChatError('UNEXPECTED_ANSWER', 'Refused.', { status }));
      return request.call(server, path, given) as never;
    };
    const uploads = await uploader(server);
    await uploads.keep('f', source(size));
    const failure = () => rejection(uploads.upload('f', () => undefined));
    for (let count = 1; count < 10; count += 1) expect(await failure()).toMatchObject({ isTransient: true });
    expect(await failure()).toMatchObject({ code: 'FORBIDDEN', status, isTransient: false });
    // Tried again by its user it may be refused as often.
    expect(await failure()).toMatchObject({ isTransient: true });
    isRefused = false;
    expect(await uploads.upload('f', () => undefined)).toBe(size > 1_000 ? 'abc' : 'whole');
  });

  it.each([
    ['says so itself', { status: 403, requestId: 'r' }],
    ['got it too slowly', { status: 408 }],
    ['fails', { status: 500 }],
  ])('is tried for ever where what answers %s', async (_, details) => {
    const server = new UploadServer();
    server.request = () => Promise.reject(new ChatError('UNEXPECTED_ANSWER', 'Not now.', details));
    const uploads = await uploader(server);
    await uploads.keep('f', source(1_000));
    for (let count = 0; count < 11; count += 1)
      expect(await rejection(uploads.upload('f', () => undefined))).toMatchObject({ isTransient: true });
  });

  it('is refused at once where the server itself says that it is too large', async () => {
    const server = new UploadServer();
    const { request } = server;
    server.knowsTus = false;
    const error = new ChatError('PAYLOAD_TOO_LARGE', 'Too large.', { status: 413, requestId: 'r' });
    server.request = (path, given) =>
      path === '/attachments' ? Promise.reject(error) : (request.call(server, path, given) as never);
    const uploads = await uploader(server);
    await uploads.keep('f', source());
    expect(await rejection(uploads.upload('f', () => undefined))).toBe(error);
  });

  it('whose parts take too long goes on in smaller ones', async () => {
    const [server, sizes] = [new UploadServer(), [] as number[]];
    const { request } = server;
    server.request = (path, given) => {
      const { length = 0 } = (given?.content ?? {}) as Partial<Uint8Array>;
      if (length > 300_000) return Promise.reject(new ChatError('TIMEOUT', 'No answer in time.'));
      if (length > 0) sizes.push(length);
      return request.call(server, path, given) as never;
    };
    const uploads = await uploader(server);
    await uploads.keep('f', source(1_000_000));
    await expect(uploads.upload('f', () => undefined)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await uploads.upload('f', () => undefined)).toBe('abc');
    expect(sizes).toEqual([262_144, 262_144, 262_144, 213_568]);
    expect(Buffer.from(server.received).equals(Buffer.from(BYTES.subarray(0, 1_000_000)))).toBe(true);
  });

  it.each([262_144, 262_145, 1_000_000, 1_044_480, 1_044_481, 1_048_576, SIZE])(
    'of %i bytes makes no request that a proxy as it comes would refuse for its size',
    async (size) => {
      const server = new UploadServer();
      const uploads = await uploader(server);
      await uploads.keep('f', source(size));
      await uploads.upload('f', () => undefined);
      expect(server.received).toHaveLength(size);
      expect(server.largest).toBeGreaterThan(0);
      expect(server.largest).toBeLessThanOrEqual(1_048_576);
    },
  );

  it.each([
    ['fails with an error of its own', () => Promise.reject(new Error('EACCES'))],
    [
      'throws at once',
      () => {
        throw new TypeError('no such method');
      },
    ],
    ['gives fewer bytes than its size', () => Promise.resolve(new Uint8Array(9))],
    ['gives more bytes than its size', () => Promise.resolve(new Uint8Array(11))],
    ['gives no bytes', () => Promise.resolve(undefined as unknown as Uint8Array)],
  ])('of a source that %s is refused for good', async (_, read) => {
    const error = await rejection((await uploader(new UploadServer())).keep('f', { ...source(10), read }));
    expect(error).toMatchObject({ code: 'UNREADABLE_FILE', isTransient: false });
  });

  it('of a file that was not copied to its end is refused, and what is left of it goes', async () => {
    const storage = memoryStorage({ strict: true });
    const kept = await uploader(new UploadServer(), storage);
    let reads = 0;
    const torn = {
      ...source(),
      read: (start: number, end: number) =>
        (reads += 1) < 3
          ? Promise.resolve(BYTES.slice(start, end))
          : Promise.reject(new ChatError('UNREADABLE_FILE', 'Gone.')),
    };
    await expect(kept.keep('torn', torn)).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
    await expect(kept.upload('torn', () => undefined)).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
    await kept.keep('whole', source(300_000));
    const database = await storage.open('phone');
    await database.transaction('readwrite', ['outbox'], (transaction) =>
      transaction.put('outbox', 'uuid', { clientId: 'uuid', files: [{ id: 'whole' }] }),
    );
    await kept.discardOthers();
    const chunks = await database.transaction('readonly', ['uploadChunks'], (transaction) =>
      transaction.range('uploadChunks'),
    );
    expect(chunks.map(({ key }) => key.split('/')[0])).toEqual(['whole', 'whole']);
    await kept.discard('whole');
    const left = await database.transaction('readonly', ['uploads', 'uploadChunks'], async (transaction) => [
      ...(await transaction.range('uploads')),
      ...(await transaction.range('uploadChunks')),
    ]);
    expect(left).toEqual([]);
  });

  it('of a file that is discarded while it is copied leaves nothing', async () => {
    const storage = memoryStorage({ strict: true });
    const uploads = await uploader(new UploadServer(), storage);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const slow = {
      ...source(),
      read: (start: number, end: number) =>
        (start === 0 ? Promise.resolve() : released).then(() => BYTES.slice(start, end)),
    };
    const kept = uploads.keep('f', slow);
    await settled();
    await uploads.discard('f');
    release();
    await kept;
    const database = await storage.open('phone');
    const left = await database.transaction('readonly', ['uploads', 'uploadChunks'], async (transaction) => [
      ...(await transaction.range('uploads')),
      ...(await transaction.range('uploadChunks')),
    ]);
    expect(left).toEqual([]);
  });

  it('of a file of which a part is missing is refused, however small it is', async () => {
    const storage = memoryStorage({ strict: true });
    const uploads = await uploader(new UploadServer(), storage);
    await uploads.keep('f', source(600_000));
    const database = await storage.open('phone');
    await database.transaction('readwrite', ['uploadChunks'], async (transaction) => {
      const [first] = await transaction.range('uploadChunks');
      await transaction.delete('uploadChunks', first?.key ?? '');
    });
    await expect(uploads.upload('f', () => undefined)).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
  });

  it('asks a source again that does not answer', async () => {
    const clock = new VirtualClock();
    const uploads = await uploader(new UploadServer(), undefined, clock);
    const kept = rejection(uploads.keep('f', { ...source(10), read: () => new Promise(() => undefined) }));
    await clock.advance(60_000);
    expect(await kept).toMatchObject({ code: 'TIMEOUT', isTransient: true });
  });

  it('reads nothing for a storage that is closed', async () => {
    const database = await memoryStorage({ strict: true }).open('phone');
    const uploads = new StoredUploads({ database, http: new UploadServer(), clock: new VirtualClock() });
    await database.close();
    const read = jest.fn(source().read);
    expect(await rejection(uploads.keep('f', { ...source(10), read }))).toMatchObject({ code: 'CLOSED' });
    expect(read).not.toHaveBeenCalled();
  });

  it('that is dropped ends on the server, also where its last part is still on its way there', async () => {
    const [server, clock] = [new UploadServer(), new VirtualClock()];
    const uploads = await uploader(server, undefined, clock);
    await uploads.keep('f', source());
    server.requestsUntilBreak = 3;
    await expect(uploads.upload('f', () => undefined)).rejects.toMatchObject({ code: 'NETWORK' });
    server.requestsUntilBreak = Number.POSITIVE_INFINITY;
    server.requests.length = 0;
    server.isLocked = true;
    const discarded = uploads.discard('f');
    await settled();
    server.isLocked = false;
    await clock.advance(5_000);
    await discarded;
    expect(server.requests).toEqual(['DELETE /attachments/tus/abc', 'DELETE /attachments/tus/abc']);
    await expect(uploads.upload('f', () => undefined)).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
  });
});
