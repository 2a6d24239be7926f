import type { Readable } from 'node:stream';

/** Some bytes of a blob, both ends included. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Where a client may put a blob by itself. */
export interface PresignedPut {
  url: string;
  headers: Record<string, string>;
}

/**
 * Keeps files by key. Keys are made by this server: letters, digits, dashes and slashes.
 *
 * An implementation guarantees: what `put` took is there, whole, after a crash of everything; a key is never seen with
 * half of its bytes; removing what is not there is no error.
 */
export abstract class BlobStore {
  /** Stores a local file under a key, which must be new. The file may be moved away by it. */
  abstract put(key: string, path: string, mimeType: string): Promise<void>;

  /** Undefined where there is no such key. The caller must consume or destroy what it gets. */
  abstract read(key: string, range?: ByteRange): Promise<Readable | undefined>;

  abstract remove(keys: readonly string[]): Promise<void>;

  /** Undefined for a store that clients cannot reach by themselves. */
  abstract presign(key: string, size: number, mimeType: string, seconds: number): Promise<PresignedPut | undefined>;

  /** Bytes under a key; undefined where there is none. */
  abstract sizeOf(key: string): Promise<number | undefined>;
}
