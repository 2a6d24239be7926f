import type { Bytes } from '../ports/platform-types.js';
import type { MessagePage } from '../protocol/protocol.generated.js';

export interface HttpRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, in place of `body`. */
  content?: Bytes | Blob | FormData;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  timeoutMs?: number;
  /** A field without which a successful answer is not the server's: `UNEXPECTED_ANSWER`. */
  expects?: string;
}

/** Headers of an answer and its JSON, `undefined` where there is none (204). */
export interface HttpAnswer<Body> {
  status: number;
  header(name: string): string | null;
  body: Body;
}

/**
 * Authenticated calls. A 401 for an expired token is answered by one refresh and one repeat; nothing else is repeated.
 * Every failure is a `ChatError`.
 */
export interface Http {
  request<Body>(path: string, request?: HttpRequest): Promise<HttpAnswer<Body>>;
}

/** Which page, by sequence number; without any the newest. */
export type PagePosition = { before?: number; after?: number; around?: number };

/** GET /conversations/:id/messages. */
export type FetchPage = (conversationId: string, position: PagePosition, limit: number) => Promise<MessagePage>;
