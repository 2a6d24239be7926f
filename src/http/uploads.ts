import type { Request } from 'express';
import type { Configuration } from '../config/configuration.js';

/** What surrounds a file in its request at the most, in bytes. */
const MULTIPART_OVERHEAD = 64 * 1024;

/** Whether a request brings a file, and so is neither JSON nor small. */
export function isUpload(request: Request): boolean {
  return (
    request.method === 'POST' && /^\/attachments\/?$/i.test(request.path) && Boolean(request.is('multipart/form-data'))
  );
}

/** Bytes of a request that brings a file at the most. */
export function maxUploadBytes({ uploadLimits }: Pick<Configuration, 'uploadLimits'>): number {
  return Math.max(...Object.values(uploadLimits)) + MULTIPART_OVERHEAD;
}
