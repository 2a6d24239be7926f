import { randomUUID } from 'node:crypto';
import { WebSocket, WebSocketServer } from 'ws';
import type { Call, Reply } from './fake-service.js';
import { FakeWebPush } from './fake-web-push.js';

/**
 * The push service of Firefox, as the browser and an application server speak to it: over a WebSocket the browser registers
 * channels and is handed, sealed as it came, what was posted to their endpoints.
 */
export class FakeAutopush extends FakeWebPush {
  /** The keys that browsers registered with: of the server that alone may send there. */
  readonly keys: string[] = [];
  /** Codes that browsers acknowledged notifications with: 100 is delivered, 101 could not be decrypted. */
  readonly acknowledged: number[] = [];
  private readonly channels = new Map<string, WebSocket>();
  private webSockets: WebSocketServer | undefined;

  override async start(): Promise<this> {
    await super.start();
    const sockets = new WebSocketServer({
      ...(this.server === undefined ? { noServer: true } : { server: this.server }),
      handleProtocols: (protocols) => [...protocols][0] ?? false,
    });
    sockets.on('connection', (socket) => {
      socket.on('message', (frame: Buffer) => this.hear(socket, JSON.parse(frame.toString())));
    });
    this.webSockets = sockets;
    return this;
  }

  override async stop(): Promise<void> {
    for (const socket of this.webSockets?.clients ?? []) socket.terminate();
    this.webSockets?.close();
    await super.stop();
  }

  get webSocketUrl(): string {
    return this.url.replace('http:', 'ws:');
  }

  protected override answer({ path, headers, body }: Call): Reply {
    this.checkRequest(headers);
    const channelID = path.replace('/push/', '');
    const socket = this.channels.get(channelID);
    if (socket === undefined) return { status: 404 };
    const data = body.toString('base64url');
    const notification = { channelID, version: randomUUID(), data, headers: { encoding: 'aes128gcm' } };
    socket.send(JSON.stringify({ messageType: 'notification', ...notification }));
    return { status: 201 };
  }

  private hear(socket: WebSocket, message: Record<string, unknown>): void {
    const { messageType, channelID } = message;
    const reply = (more: object): void => socket.send(JSON.stringify({ messageType, status: 200, ...more }));
    switch (messageType) {
      case 'hello':
        reply({ uaid: randomUUID().replaceAll('-', ''), use_webpush: true, broadcasts: {} });
        return;
      case 'register':
        this.keys.push(Buffer.from(String(message.key), 'base64').toString('base64url'));
        this.channels.set(String(channelID), socket);
        reply({ channelID, pushEndpoint: `${this.url}/push/${String(channelID)}` });
        return;
      case 'unregister':
        this.channels.delete(String(channelID));
        reply({ channelID });
        return;
      case 'ack':
        for (const { code } of message.updates as { code: number }[]) this.acknowledged.push(code);
    }
  }
}
