import { createReadStream } from 'node:fs';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';

/** A scanner that is there takes a connection at once; longer than this it is away. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A whole scan, both attempts: less than what makes a confirmation count as one of a dead process. */
const SCAN_TIMEOUT_MS = 90_000;
/** Between the attempts: a daemon that is started anew is there again, or refuses at once. */
const RETRY_AFTER_MS = 500;
/** Bytes of an answer; a real one is a line. */
const MAX_ANSWER_BYTES = 4_096;
const END_OF_STREAM = Buffer.alloc(4);

/** The connection ended before there was an answer: its daemon died, was started anew, or closes what is too long for it. */
class BrokenConnection extends Error {}

/**
 * Has a file scanned by ClamAV's daemon (clamd(8), INSTREAM). Never more of it is in memory than one chunk. Where the
 * connection breaks, it is tried once more.
 * @returns the name of what it is infected with; undefined where it is clean.
 * @throws Error where the daemon is away, too slow, or answers anything else: then nothing is known of the file.
 */
export async function scanWithClamd(endpoint: NetConnectOpts, path: string): Promise<string | undefined> {
  const deadline = performance.now() + SCAN_TIMEOUT_MS;
  try {
    return await scanOnce(endpoint, path, deadline);
  } catch (error) {
    if (!(error instanceof BrokenConnection)) throw error;
  }
  await pause(RETRY_AFTER_MS);
  return scanOnce(endpoint, path, deadline);
}

async function scanOnce(endpoint: NetConnectOpts, path: string, deadline: number): Promise<string | undefined> {
  const socket = connect(endpoint);
  const timers = [
    setTimeout(() => {
      if (socket.connecting) socket.destroy(new Error('clamd takes no connection'));
    }, CONNECT_TIMEOUT_MS),
    setTimeout(() => socket.destroy(new Error('clamd did not answer in time')), deadline - performance.now()),
  ];
  const abandoned = new AbortController();
  let sent = 0;
  let isWhole = false;
  /** The command, then chunks with their length before them, then a chunk of none. */
  async function* framed(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    yield Buffer.from('zINSTREAM\0');
    for await (const chunk of file) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(chunk.length);
      yield length;
      yield chunk;
      sent += chunk.length;
      // An early answer is read before more is written to a connection that clamd has closed behind it.
      await setImmediate();
    }
    isWhole = true;
    yield END_OF_STREAM;
  }
  try {
    const answer = answerOf(socket);
    // A file that cannot be read ends the connection, and so the wait for an answer.
    pipeline(createReadStream(path), framed, socket, { end: false, signal: abandoned.signal }).catch((error: Error) =>
      socket.destroy(error),
    );
    // One that has seen enough may answer before the end of the file, but not that all of it is clean.
    const signature = verdictOf(await answer);
    if (signature === undefined && !isWhole) throw new Error('clamd answered before it had the whole file');
    return signature;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EPIPE' && code !== 'ECONNRESET' && !(error instanceof BrokenConnection)) throw error;
    throw new BrokenConnection(
      `clamd closed the connection after ${sent} bytes (it died, or its StreamMaxLength is less): ${message}`,
    );
  } finally {
    for (const timer of timers) clearTimeout(timer);
    abandoned.abort();
    socket.destroy();
  }
}

/** One line that ends with a zero byte. */
function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      const text = Buffer.concat(chunks).toString('latin1');
      const end = text.indexOf('\0');
      if (end !== -1) resolve(text.slice(0, end).trim());
      else if (size > MAX_ANSWER_BYTES) socket.destroy(new Error('clamd answers without end'));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new BrokenConnection('there was no answer')));
  });
}

function verdictOf(answer: string): string | undefined {
  if (answer === 'stream: OK') return undefined;
  const [, signature] = /^stream: (.+) FOUND$/.exec(answer) ?? [];
  if (signature === undefined) throw new Error(`clamd answered "${answer.slice(0, 200)}"`);
  return signature;
}
