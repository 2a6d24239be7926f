import type { Request } from 'express';
import type { Configuration } from '../config/configuration.js';

/** What surrounds a file in its request at the most, in bytes. */
export const MULTIPART_OVERHEAD = 64 * 1024;

/** Whether a request brings a file or a part of one, and so is neither JSON nor small. */
export function isUpload(request: Request): boolean {
  if (isWholeFile(request)) return Boolean(request.is('multipart/form-data'));
  return isPart(request) && Boolean(request.is('application/offset+octet-stream'));
}

/** Whether a request is to bring a file or a part of one, whatever it brings. */
export function isUploadPath(request: Request): boolean {
  return isWholeFile(request) || isPart(request);
}

function isWholeFile({ method, path }: Request): boolean {
  return method === 'POST' && /^\/attachments\/?$/i.test(path);
}

function isPart({ method, path }: Request): boolean {
  return (
    (method === 'POST' && /^\/attachments\/tus\/?$/i.test(path)) ||
    (method === 'PATCH' && /^\/attachments\/tus\/[^/]+\/?$/i.test(path))
  );
}

/** Whether anything follows the headers of a request. */
export function hasBody({ headers }: Request): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}

/** Bytes of a request that brings a file at the most. */
export function maxUploadBytes({ uploadLimits }: Pick<Configuration, 'uploadLimits'>): number {
  return Math.max(...Object.values(uploadLimits)) + MULTIPART_OVERHEAD;
}
