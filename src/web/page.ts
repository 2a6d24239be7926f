import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import fresh from 'fresh';
import helmet from 'helmet';
import { encodingFor, type PageFile, PageFiles } from './page-files.js';

const YEAR_SECONDS = 365 * 24 * 3_600;

/**
 * What the page may do: run its own files and speak with its own server, nothing else. No inline script or style, no other
 * origin, no text that becomes script. `blob:` is what the user is about to send.
 */
const OWN = ["'self'"];
const POLICY = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'connect-src': OWN,
  'form-action': OWN,
  'frame-ancestors': ["'none'"],
  'img-src': [...OWN, 'blob:', 'data:'],
  'manifest-src': OWN,
  'media-src': [...OWN, 'blob:'],
  'require-trusted-types-for': ["'script'"],
  'script-src': OWN,
  'style-src': OWN,
  'trusted-types': ['parley'],
  'worker-src': OWN,
};

/** Serves the chat's page at /, at the places in it, and its files. Everything else goes on to the API. */
export function mountPage(app: NestExpressApplication, production: boolean): void {
  const files = PageFiles.load();
  if (files === undefined) {
    new Logger('Page').warn('the page is not built, / shows nothing: npm run build makes it');
    return;
  }
  const secure = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: POLICY },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    strictTransportSecurity: production,
  });
  app.use((request: Request, response: Response, next: NextFunction) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const file = isRead ? files.find(request.path) : undefined;
    if (file === undefined) return next();
    secure(request, response, (error?: unknown) => {
      if (error !== undefined) return next(error);
      send(request, response, file);
    });
  });
}

function send(request: Request, response: Response, file: PageFile): void {
  response.setHeader('Content-Type', file.type);
  response.setHeader('ETag', file.etag);
  response.setHeader('Vary', 'Accept-Encoding');
  response.setHeader('Permissions-Policy', 'microphone=(self), camera=(), geolocation=()');
  response.setHeader('Cache-Control', file.isImmutable ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache');
  if (fresh(request.headers, { etag: file.etag })) {
    response.status(304).end();
    return;
  }
  const encoding = encodingFor(file, request.headers['accept-encoding']);
  const content = (encoding && file.encoded.get(encoding)) ?? file.content;
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding);
  response.setHeader('Content-Length', content.length);
  response.end(request.method === 'HEAD' ? undefined : content);
}
