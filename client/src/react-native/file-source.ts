import type { UploadSource } from '../outbox/types.js';
import { ChatError } from '../protocol/errors.js';

/** The part of expo-file-system's class `File` that is used. */
export interface ExpoFile {
  readonly uri: string;
  readonly name: string;
  readonly size: number | null;
  readonly type?: string | null;
  open(): { offset: number | null; readBytes(length: number): Uint8Array; close(): void };
}

/**
 * A picked picture or file. Pickers give files that the system removes at will, so it is read now, in parts, into the
 * client's own storage; after that it may be gone.
 */
export function expoFileSource(file: ExpoFile, known: { name?: string; mimeType?: string } = {}): UploadSource {
  const { size } = file;
  return {
    name: known.name ?? file.name,
    mimeType: known.mimeType ?? (file.type == null || file.type === '' ? 'application/octet-stream' : file.type),
    // One that is gone has none. Only what has to be read is refused where it cannot be.
    size: size ?? 1,
    previewUrl: file.uri,
    read: async (start, end) => {
      try {
        if (size === null) throw new Error('The file is gone.');
        const handle = file.open();
        try {
          handle.offset = start;
          const bytes = handle.readBytes(end - start);
          if (bytes.length !== end - start) throw new Error('The file has become shorter.');
          return bytes;
        } finally {
          handle.close();
        }
      } catch (cause) {
        throw new ChatError('UNREADABLE_FILE', 'The file cannot be read any more.', { cause });
      }
    },
  };
}
