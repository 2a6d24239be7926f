import type { Bytes } from '../ports/platform-types.js';

export interface MultipartFile {
  name: string;
  mimeType: string;
  chunks: readonly Uint8Array[];
}

/**
 * The form of an upload as bytes, made by hand: React Native makes no Blob of bytes, and its forms take no file but one that
 * has a path. `boundary`: something that no file holds.
 */
export function multipart(
  { name, mimeType, chunks }: MultipartFile,
  fields: Readonly<Record<string, string>>,
  boundary: string,
): { content: Bytes; headers: Record<string, string> } {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const write = (text: string): void => void parts.push(encoder.encode(text));
  for (const [field, value] of Object.entries(fields))
    write(`--${boundary}\r\ncontent-disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`);
  write(`--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${escaped(name)}"\r\n`);
  write(`content-type: ${singleLine(mimeType)}\r\n\r\n`);
  parts.push(...chunks);
  write(`\r\n--${boundary}--\r\n`);
  const content = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    content.set(part, offset);
    offset += part.length;
  }
  return { content, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}

/** As browsers write it. */
const escaped = (name: string): string => name.replace(/["\r\n]/g, (character) => encodeURIComponent(character));

const singleLine = (text: string): string => text.replace(/[\r\n]/g, ' ');
