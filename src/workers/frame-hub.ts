import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { FrameReader } from './frame-stream.js';

/** Bytes that may wait for one worker; beyond it its frames are dropped, and it sees the gap. */
const MAX_BACKLOG_BYTES = 8 * 1024 * 1024;

/**
 * Where the frames of workers meet: each that comes goes to every worker, its own among them, as it is. It is what Redis is to
 * processes of several machines. It runs in the process that started them, and reads nothing but how long a frame is.
 */
export class FrameHub {
  private readonly members = new Set<Socket>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((socket) => this.take(socket));
  }

  static async listen(path: string): Promise<FrameHub> {
    const hub = new FrameHub();
    hub.server.listen(path);
    await once(hub.server, 'listening');
    return hub;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const member of this.members) member.destroy();
    await closed;
  }

  private take(socket: Socket): void {
    const reader = new FrameReader();
    this.members.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.members.delete(socket));
    socket.on('data', (piece) => {
      try {
        for (const frame of reader.read(piece)) this.pass(frame);
      } catch {
        // It connects again, and everybody sees that something is missing.
        socket.destroy();
      }
    });
  }

  private pass(frame: Buffer): void {
    for (const member of this.members) if (member.writableLength <= MAX_BACKLOG_BYTES) member.write(frame);
  }
}
