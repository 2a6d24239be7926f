import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { Configuration } from '../../config/configuration.js';
import { TUS_EXTENSIONS, TUS_VERSION } from './tus-headers.js';

const TUS_PATHS = /^\/attachments\/tus(\/|$)/i;

/** What pages of other origins may read of an answer of tus. */
export const TUS_HEADERS = [
  'Location',
  'Preference-Applied',
  'Tus-Extension',
  'Tus-Max-Size',
  'Tus-Resumable',
  'Tus-Version',
  'Upload-Expires',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Offset',
];

/**
 * What tus wants of every answer, also of one that is refused before any route; what the server can, which anybody may ask
 * for (OPTIONS); and the method of a client whose network lets POST alone pass. Must come before CORS, which answers OPTIONS.
 */
export function useTusProtocol(app: NestExpressApplication): void {
  const maxSize = Math.max(...Object.values(app.get(Configuration).uploadLimits));
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (!TUS_PATHS.test(request.path)) return next();
    response.setHeader('Tus-Resumable', TUS_VERSION);
    response.setHeader('Tus-Version', TUS_VERSION);
    if (request.method === 'OPTIONS') {
      response.setHeader('Tus-Extension', TUS_EXTENSIONS.join(','));
      response.setHeader('Tus-Max-Size', maxSize);
    }
    const meant = request.headers['x-http-method-override'];
    if (request.method === 'POST' && (meant === 'PATCH' || meant === 'DELETE')) request.method = meant;
    next();
  });
}
