import { multipart, type MultipartFile } from '../http/multipart.js';
import type { Http } from '../http/types.js';
import type { UploadSource } from '../outbox/types.js';
import type { Attachment } from '../protocol/protocol.generated.js';

const UPLOAD_TIMEOUT_MS = 300_000;

/** One file by itself, in one request. `boundary`: something that no file holds. */
export async function uploadFile(
  http: Http,
  file: File | Blob | UploadSource,
  boundary: string,
  options: { signal?: AbortSignal },
): Promise<Attachment> {
  const form = file instanceof Blob ? formOf(file) : multipart(await readWhole(file), {}, boundary);
  const request = { method: 'POST', expects: 'id', ...form, timeoutMs: UPLOAD_TIMEOUT_MS, ...options } as const;
  return (await http.request<Attachment>('/attachments', request)).body;
}

function formOf(file: File | Blob): { content: FormData } {
  const content = new FormData();
  content.append('file', file, 'name' in file ? file.name : 'file');
  return { content };
}

const readWhole = async ({ name, mimeType, size, read }: UploadSource): Promise<MultipartFile> => ({
  name,
  mimeType,
  chunks: [await read(0, size)],
});
