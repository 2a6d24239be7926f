import http from 'node:http';
import { sleep } from '../client.mjs';

const UPLOADS = 40;
const MEGABYTE = 1024 * 1024;
const SIZE = 60 * MEGABYTE;
const MAX_SPOOL_MB = 1_024;

/** Uploads of 60 MB that stop a little before their end, and stay. */
export const scene = {
  id: 'C9',
  title: `${UPLOADS} uploads of 60 MB that are never finished`,
  seconds: 15,
  async prepare(stage) {
    const [attacker] = await stage.users(1);
    return { attacker };
  },
  watch: async (stage) => stage.sizeOf('spool'),
  async attack({ url, facts: { attacker }, got, isOver }) {
    // As a film begins, so that it may be large.
    const beginning = Buffer.concat([
      Buffer.from([0, 0, 0, 0x20]),
      Buffer.from('ftypisom\0\0\x02\0isomiso2avc1mp41', 'latin1'),
      Buffer.from([0, 0, 0x10, 0]),
    ]);
    const chunk = Buffer.alloc(MEGABYTE, 7);
    await Promise.all(
      Array.from({ length: UPLOADS }, async () => {
        const asked = http.request(`${url}/attachments`, {
          method: 'POST',
          agent: false,
          headers: {
            authorization: `Bearer ${attacker.token}`,
            'content-type': 'multipart/form-data; boundary=b',
            'content-length': SIZE,
          },
        });
        let isOpen = true;
        let wrote = 0;
        asked.on('error', (error) => {
          if (isOpen) got.add(error.code ?? error.message);
          isOpen = false;
        });
        asked.on('response', (response) => {
          const parts = [];
          response.on('data', (part) => parts.push(part));
          response.on('error', () => {});
          response.on('end', () => {
            let code = '';
            try {
              ({ code } = JSON.parse(Buffer.concat(parts).toString()));
            } catch {
              // The status says it.
            }
            got.add(`${response.statusCode} ${code}`);
          });
          isOpen = false;
        });
        asked.write('--b\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n');
        asked.write(beginning);
        while (isOpen && !isOver() && wrote < SIZE - 2 * MEGABYTE) {
          wrote += chunk.length;
          asked.write(chunk);
          while (asked.writableLength > 4 * MEGABYTE && isOpen && !isOver()) await sleep(10);
        }
        while (isOpen && !isOver()) await sleep(100);
        if (isOpen) got.add('still open at the end');
        isOpen = false;
        asked.destroy();
      }),
    );
    return {};
  },
  async after(stage) {
    await sleep(3_000);
    return stage.sizeOf('spool');
  },
  judge: ({ watched, atLast }) => [
    {
      what: 'largest spool',
      value: `${Math.round(watched / MEGABYTE)} MB`,
      bar: `${MAX_SPOOL_MB} MB`,
      isHeld: watched <= MAX_SPOOL_MB * MEGABYTE,
    },
    {
      what: 'in the spool 3 s later',
      value: `${Math.round(atLast / MEGABYTE)} MB`,
      bar: 'nothing',
      isHeld: atLast < MEGABYTE,
    },
  ],
};
