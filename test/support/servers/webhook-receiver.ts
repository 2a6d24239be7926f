import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Anything } from '../story.js';
import { until } from '../story.js';

export interface Received {
  id: string;
  type: string;
  timestamp: string;
  data: Anything;
}

/** Somebody who is sent webhooks: verifies each with the reference implementation, and answers as a test says. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  /** Requests whose signature was none. */
  forged = 0;
  secret: string | undefined;
  answer: (response: ServerResponse, received: Received) => void = (response) => response.writeHead(204).end();
  private readonly held = new Set<ServerResponse>();

  private constructor(private readonly server: Server) {}

  static async start(port = 0): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server);
    server.on('request', (request, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => undefined);
      request.on('end', () => receiver.take(Buffer.concat(chunks).toString(), request.headers, response));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  get ids(): string[] {
    return this.received.map(({ id }) => id);
  }

  ofType(type: string): Received[] {
    return this.received.filter((received) => received.type === type);
  }

  /** Never answers. */
  hold(response: ServerResponse): void {
    this.held.add(response);
  }

  /** The first of a kind that matches, once it is there. */
  async next(type: string, matches: (data: Anything) => boolean = () => true): Promise<Received> {
    let found: Received | undefined;
    await until(`${type} is received`, () => {
      found = this.received.find((received) => received.type === type && matches(received.data));
      return found !== undefined;
    });
    return found as Received;
  }

  async close(): Promise<void> {
    for (const response of this.held) response.destroy();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private take(body: string, headers: Anything, response: ServerResponse): void {
    if (this.secret !== undefined) {
      try {
        new Webhook(this.secret).verify(body, headers);
      } catch {
        this.forged += 1;
      }
    }
    const received = { id: headers['webhook-id'], ...JSON.parse(body) } as Received;
    this.received.push(received);
    this.answer(response, received);
  }
}
