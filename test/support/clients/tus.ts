import { connect, type Socket } from 'node:net';
import { observers, type Person } from '../story.js';

const VERSION = { 'Tus-Resumable': '1.0.0' };

export interface TusAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** Speaks tus as its document says, and says what came back. */
export class TusClient {
  constructor(
    private readonly person: Pick<Person, 'accessToken'>,
    private readonly url: string,
  ) {}

  async request(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: Uint8Array<ArrayBuffer>,
  ): Promise<TusAnswer> {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: { authorization: `Bearer ${this.person.accessToken}`, ...VERSION, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const answer = { status: response.status, headers: response.headers, text };
    // HEAD is GET without what it answers, and documented as that.
    if (method !== 'HEAD')
      for (const observer of observers)
        observer.answered?.(
          { method, path, body: undefined },
          { ...answer, body: text === '' ? '' : JSON.parse(text) },
        );
    return answer;
  }

  create(
    size: number,
    metadata: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<TusAnswer> {
    const pairs = Object.entries(metadata).map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`);
    return this.request('POST', '/attachments/tus', {
      'Upload-Length': String(size),
      ...(pairs.length === 0 ? {} : { 'Upload-Metadata': pairs.join(',') }),
      ...headers,
    });
  }

  /** Begins one, and says where. */
  async begin(size: number, metadata?: Record<string, string>): Promise<string> {
    const { status, headers, text } = await this.create(size, metadata);
    if (status !== 201) throw new Error(`the upload was refused: ${status} ${text}`);
    return headers.get('location') ?? '';
  }

  patch(location: string, offset: number, bytes: Uint8Array, headers: Record<string, string> = {}): Promise<TusAnswer> {
    return this.request(
      'PATCH',
      location,
      { 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream', ...headers },
      new Uint8Array(bytes),
    );
  }

  head(location: string): Promise<TusAnswer> {
    return this.request('HEAD', location);
  }

  async offset(location: string): Promise<number> {
    return Number((await this.head(location)).headers.get('upload-offset'));
  }

  /** A PATCH that announces so many bytes and sends what it is shown to, when it is shown to. */
  open(location: string, offset: number, length: number): Socket {
    const { port, hostname } = new URL(this.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(
      `PATCH ${location} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${this.person.accessToken}\r\n` +
        `Tus-Resumable: 1.0.0\r\nUpload-Offset: ${offset}\r\nContent-Length: ${length}\r\n` +
        'Content-Type: application/offset+octet-stream\r\n\r\n',
    );
    return socket;
  }
}

export const idOf = (location: string): string => location.slice(location.lastIndexOf('/') + 1);
export const codeOf = ({ text }: TusAnswer): string | undefined => (JSON.parse(text) as { code?: string }).code;
