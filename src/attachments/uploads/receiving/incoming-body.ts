import type { Readable } from 'node:stream';

/** The body of a request that uploads something, with what its sender says of it. Node's own requests are such. */
export interface IncomingBody extends Readable {
  readonly headers: { readonly 'content-length'?: string | undefined; readonly 'content-type'?: string | undefined };
  /** Whether all of it was received. */
  readonly complete: boolean;
}

/** What the sender says it has; undefined where it says nothing. */
export function announcedBytes({ headers }: Pick<IncomingBody, 'headers'>): number | undefined {
  return headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
}
