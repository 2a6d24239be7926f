import type { UploadSource } from '@parley/client';
import { client } from '../session/client.js';

/** Until then it may still be drawn. */
const PREVIEW_ENDS_MS = 5_000;

/** A recording as the client sends it. It can be listened to from here until it is sent or dropped, and is in memory so long. */
export function voiceSource(file: File): UploadSource {
  const { name, type, size } = file;
  const previewUrl = URL.createObjectURL(file);
  revokeAfterSending(previewUrl);
  return {
    name,
    mimeType: type,
    size,
    voice: true,
    previewUrl,
    read: async (start, end) => new Uint8Array(await file.slice(start, end).arrayBuffer()),
  };
}

function revokeAfterSending(url: string): void {
  let wasWaiting = false;
  const end = client.outbox.subscribe(() => {
    const isWaiting = client.outbox.items.some(({ files = [] }) => files.some(({ previewUrl }) => previewUrl === url));
    if (wasWaiting && !isWaiting) {
      end();
      setTimeout(() => URL.revokeObjectURL(url), PREVIEW_ENDS_MS);
    }
    wasWaiting = isWaiting;
  });
}
