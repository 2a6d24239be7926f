import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { film, picture } from '../../support/files.js';
import { createTestDatabase, type TestDatabase } from '../../support/databases/postgres.js';
import { ServerProcess } from '../../support/processes/process.js';
import { filesUnder } from '../../support/servers/s3.js';
import { Person, request, until } from '../../support/story.js';

const MEGABYTE = 1024 * 1024;

describe('a process that takes uploads', () => {
  let database: TestDatabase;
  let directory: string;
  let server: ServerProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = await mkdtemp(join(tmpdir(), 'parley-uploads-'));
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  const start = (): Promise<ServerProcess> => ServerProcess.start({ DATABASE_URL: database.url, DATA_DIR: directory });

  /** A multipart request whose file is given piece by piece. */
  function slowUpload(person: Person, size: number): { write(bytes: Buffer): Promise<void>; answer: Promise<string> } {
    const { port, hostname } = new URL(person.url);
    const socket = connect(Number(port), hostname);
    const head = Buffer.concat([
      Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n'),
      film(0),
    ]);
    const tail = Buffer.from('\r\n--x--\r\n');
    let left = size - film(0).length;
    socket.write(
      `POST /attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${person.accessToken}\r\nConnection: close\r\n` +
        `Content-Type: multipart/form-data; boundary=x\r\nContent-Length: ${head.length + left + tail.length}\r\n\r\n`,
    );
    socket.write(head);
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
    });
    return {
      answer,
      write: async (bytes) => {
        left -= bytes.length;
        if (!socket.write(left === 0 ? Buffer.concat([bytes, tail]) : bytes)) await once(socket, 'drain');
      },
    };
  }

  it('takes 100 MB in without holding it', async () => {
    const ada = await Person.register(server.url, 'ada');
    const residentMegabytes = async (): Promise<number> => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      return Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1]) / MEGABYTE;
    };
    await ada.mustUpload(film(8 * MEGABYTE));
    const before = await residentMegabytes();
    const size = 100 * MEGABYTE;
    const upload = slowUpload(ada, size);
    let highest = 0;
    const piece = Buffer.alloc(MEGABYTE, 7);
    for (let sent = film(0).length; sent < size; sent += MEGABYTE) {
      await upload.write(piece.subarray(0, Math.min(MEGABYTE, size - sent)));
      if (sent % (10 * MEGABYTE) < MEGABYTE) highest = Math.max(highest, await residentMegabytes());
    }
    const answer = await upload.answer;
    expect(answer).toMatch(/^HTTP\/1.1 201/);
    highest = Math.max(highest, await residentMegabytes());
    const { url } = JSON.parse(
      answer.slice(answer.indexOf('\r\n\r\n') + 4).replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, ''),
    );
    const file = await fetch(new URL(url, server.url));
    let received = 0;
    for await (const chunk of file.body ?? []) received += (chunk as Uint8Array).length;
    expect(received).toBe(size);
    highest = Math.max(highest, await residentMegabytes());
    // Buffers that wait to be collected are there; a file that is held would be all of it, and more.
    expect(highest - before).toBeLessThan(60);
  });

  it('that is killed in the middle of one leaves nothing that counts, and nothing for ever', async () => {
    const ada = await Person.register(server.url, 'ada');
    const spool = join(directory, 'spool');
    const whole = await ada.mustUpload(film());
    const upload = slowUpload(ada, 5 * MEGABYTE);
    await upload.write(Buffer.alloc(MEGABYTE));
    await until('a part of it is there', async () => (await filesUnder(spool)).length === 1);
    await server.kill();
    await upload.answer;
    // A minute later: until then it may be of a process of another container.
    const died = new Date(Date.now() - 61_000);
    for (const name of await readdir(spool)) await utimes(join(spool, name), died, died);

    server = await start();
    const { body } = await request(server.url, 'GET', `/attachments/${whole.id}`, undefined, ada.accessToken);
    expect((await fetch(new URL(body.url, server.url))).status).toBe(200);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    expect((await client.query(`SELECT 1 FROM attachments WHERE state <> 'READY'`)).rows).toEqual([]);
    await client.end();
  });

  it('takes fifty at once', async () => {
    const ada = await Person.register(server.url, 'ada');
    const image = await picture(200, 200).jpeg().toBuffer();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => ada.upload(n % 2 === 0 ? image : film(200_000 + n), `${n}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 201));
    const files = await Promise.all(
      answers.map(async ({ body }) => (await (await fetch(new URL(body.url, server.url))).arrayBuffer()).byteLength),
    );
    expect(files).toEqual(answers.map(({ body }) => body.size));
    // What the killed one left is gone, too.
    expect(await filesUnder(join(directory, 'spool'))).toEqual([]);
  });
});
