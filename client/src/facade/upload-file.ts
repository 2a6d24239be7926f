import type { Http } from '../http/types.js';
import type { UploadSource } from '../outbox/types.js';
import type { Attachment } from '../protocol/protocol.generated.js';

const UPLOAD_TIMEOUT_MS = 300_000;

/** One file by itself, in one request. */
export async function uploadFile(
  http: Http,
  file: File | Blob | UploadSource,
  options: { signal?: AbortSignal },
): Promise<Attachment> {
  const blob =
    file instanceof Blob ? file : new Blob([(await file.read(0, file.size)) as never], { type: file.mimeType });
  const form = new FormData();
  form.append('file', blob, 'name' in file ? file.name : 'file');
  const request = { method: 'POST', content: form, timeoutMs: UPLOAD_TIMEOUT_MS, ...options } as const;
  return (await http.request<Attachment>('/attachments', request)).body;
}
