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

/** Shows the page where the API has nothing, to who looks with a browser. False where JSON is wanted. */
export type NotFoundPage = (request: Request, response: Response) => boolean;

/**
 * Serves the chat's page at /, at the places in it, and its files. Everything else goes on to the API; what is not there
 * either, the page says in its own words.
 */
export function mountPage(app: NestExpressApplication, production: boolean): NotFoundPage | undefined {
  const files = PageFiles.load();
  if (files === undefined) {
    new Logger('Page').warn('the page is not built, / shows nothing: npm run build makes it');
    return undefined;
  }
  const secure = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: POLICY },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    strictTransportSecurity: production,
  });
  app.use((request: Request, response: Response, next: NextFunction) => {
    const file = isRead(request) ? files.find(request.path) : undefined;
    if (file === undefined) return next();
    secure(request, response, (error?: unknown) => {
      if (error !== undefined) return next(error);
      send(request, response, file);
    });
  });
  return (request, response) => {
    const wantsPage = request.accepts(['application/problem+json', 'application/json', 'text/html']) === 'text/html';
    if (!isRead(request) || !wantsPage) return false;
    const file = files.find('/');
    if (file === undefined) return false;
    // The same page with another status: nobody may keep it for the one at /.
    secure(request, response, () => send(request, response.status(404), { ...file, etag: undefined }));
    return true;
  };
}

function isRead({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

function send(request: Request, response: Response, file: Omit<PageFile, 'etag'> & { etag: string | undefined }): void {
  response.setHeader('Content-Type', file.type);
  if (file.etag !== undefined) response.setHeader('ETag', file.etag);
  response.setHeader('Vary', 'Accept-Encoding');
  response.setHeader('Permissions-Policy', 'microphone=(self), camera=(), geolocation=()');
  response.setHeader('Cache-Control', file.isImmutable ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache');
  if (file.etag !== undefined && fresh(request.headers, { etag: file.etag })) {
    response.status(304).end();
    return;
  }
  const encoding = encodingFor(file, request);
  const content = (encoding && file.encoded.get(encoding)) ?? file.content;
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding);
  response.setHeader('Content-Length', content.length);
  response.end(request.method === 'HEAD' ? undefined : content);
}
