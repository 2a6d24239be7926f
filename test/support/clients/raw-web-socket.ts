import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export const OPCODE = { text: 0x1, binary: 0x2, ping: 0x9, pong: 0xa } as const;

/** A WebSocket by hand: says what no client's library would, and reads only when it is asked to. */
export class RawWebSocket {
  /** Whether the server has ended it. */
  isClosed = false;
  private received = Buffer.alloc(0);

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
    });
    // The server's end is ours too.
    socket.on('end', () => socket.destroy());
  }

  /** @param ipAddress where it says that it comes from, to a server that trusts a proxy. */
  static async open(url: string, path: string, ipAddress = '203.0.113.7'): Promise<RawWebSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const raw = new RawWebSocket(socket);
    await once(socket, 'connect');
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `X-Forwarded-For: ${ipAddress}\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    while (!raw.received.includes('\r\n\r\n') && !raw.isClosed) await new Promise(setImmediate);
    return raw;
  }

  /** All that came, as text: handshake, frames' heads and all. */
  get text(): string {
    return this.received.toString('latin1');
  }

  /** False where the system takes no more of it for now. */
  write(bytes: Buffer): boolean {
    return !this.isClosed && this.socket.write(bytes);
  }

  send(text: string): void {
    this.write(frame(OPCODE.text, text));
  }

  /** Reads no more, so that the server cannot get rid of what it answers. */
  stopReading(): void {
    this.socket.pause();
  }

  /** Writes the same again and again, as fast as it is taken; ends with the connection, or when `isEnough`. */
  async flood(bytes: Buffer, isEnough: () => boolean): Promise<void> {
    while (!this.isClosed && !isEnough()) {
      if (this.write(bytes)) await new Promise(setImmediate);
      else
        await Promise.race([
          once(this.socket, 'drain').catch(() => undefined),
          new Promise((resolve) => setTimeout(resolve, 50)),
        ]);
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A frame as a client sends it: masked, if only with zeros. */
export function frame(opcode: number, payload: string | Buffer = ''): Buffer {
  const body = Buffer.from(payload);
  const head =
    body.length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | body.length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, body.length >> 8, body.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), body]);
}
