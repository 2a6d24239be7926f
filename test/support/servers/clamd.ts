import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ended } from '../bounded.js';

/** What the fake scanner takes for infected, wherever in a file it is. */
export const INFECTION = 'THIS-FILE-IS-INFECTED';

export interface FakeClamd {
  readonly port: number;
  /** Sizes of the files that were scanned whole, in that order. */
  readonly scanned: number[];
  /** Answers so instead of scanning; `silence` answers nothing, `break` closes the connection in the middle. */
  answerWith(answer: string | undefined): void;
  /** Closes so many connections in the middle of a file, as a daemon that is being started anew; the next are served. */
  breakNext(connections: number): void;
  /** Its `StreamMaxLength`: says so in the middle of what is longer, and closes without reading the rest. */
  maxStreamBytes: number;
  /** Runs with each file that came in whole, before it is answered. */
  beforeAnswer: (() => void | Promise<void>) | undefined;
  /** Ends every connection without an answer. */
  hangUp(): void;
  close(): Promise<void>;
}

/**
 * Speaks clamd's INSTREAM as clamd 1.4 does, and nothing else.
 * @param at a port, or the path of a socket.
 */
export async function startClamd(at: number | string = 0): Promise<FakeClamd> {
  const sockets = new Set<Socket>();
  let fixed: string | undefined;
  let toBreak = 0;
  const scanned: number[] = [];
  const clamd: FakeClamd = {
    get port() {
      return (server.address() as AddressInfo).port;
    },
    scanned,
    answerWith: (answer) => (fixed = answer),
    breakNext: (connections) => (toBreak = connections),
    maxStreamBytes: Infinity,
    beforeAnswer: undefined,
    hangUp: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () => {
      clamd.hangUp();
      return ended('clamd', new Promise((resolve) => server.close(() => resolve())));
    },
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    if (fixed === 'break' || toBreak-- > 0) socket.once('data', () => socket.destroy());
    let bytes = Buffer.alloc(0);
    let isBegun = false;
    const file: Buffer[] = [];
    let size = 0;
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!isBegun) {
        if (bytes.length < 10) return;
        if (bytes.subarray(0, 10).toString('latin1') !== 'zINSTREAM\0') return socket.end('UNKNOWN COMMAND\0');
        bytes = bytes.subarray(10);
        isBegun = true;
      }
      while (bytes.length >= 4) {
        const length = bytes.readUInt32BE();
        if (length === 0) return void finish(socket, Buffer.concat(file));
        if (bytes.length < 4 + length) return;
        size += length;
        if (size > clamd.maxStreamBytes) {
          socket.pause();
          return void socket.end('INSTREAM size limit exceeded. ERROR\0', () => socket.destroy());
        }
        file.push(bytes.subarray(4, 4 + length));
        bytes = bytes.subarray(4 + length);
      }
    });
  });
  const finish = async (socket: Socket, file: Buffer): Promise<void> => {
    scanned.push(file.length);
    await clamd.beforeAnswer?.();
    if (fixed === 'silence') return;
    socket.end(`${fixed ?? (file.includes(INFECTION) ? 'stream: Fake.Signature FOUND' : 'stream: OK')}\0`);
  };
  await new Promise<void>((resolve) =>
    typeof at === 'string' ? server.listen(at, resolve) : server.listen(at, '127.0.0.1', resolve),
  );
  return clamd;
}
