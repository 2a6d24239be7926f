import { createHash } from 'node:crypto';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Express } from 'express';
import { dump } from 'js-yaml';
import { asyncApiDocument } from './asyncapi.js';
import { openApiDocument } from './openapi.js';
import { errorsPage, eventsPage, protocolPage } from './pages.js';
import { TRY_SCRIPT } from './try.page.js';

/**
 * Serves what the server says of itself: /docs, /docs-json, /docs/async, /docs/async-json, /docs/protocol, /docs/errors. Each
 * is made when it is first asked for, so that no start waits for it, and is the same bytes from then on: everybody may ask
 * for them, and to make them again, or only to hash them, would keep all others waiting.
 */
export function mountDocuments(app: NestExpressApplication): void {
  const documents = once(() => openApiDocument(app));
  const asyncApi = once(() => asyncApiDocument(documents()));
  const server: Express = app.getHttpAdapter().getInstance();
  const serve = (path: string, type: string, make: () => string): void => {
    const document = once(() => {
      const body = Buffer.from(make());
      return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
    });
    server.get(path, (_, response) => {
      const { body, etag } = document();
      response.type(type).set('ETag', etag).send(body);
    });
  };
  serve('/docs-json', 'json', () => JSON.stringify(documents().openApi));
  serve('/docs-yaml', 'yaml', () => dump(documents().openApi, { skipInvalid: true, noRefs: true }));
  serve('/docs/async-json', 'json', () => JSON.stringify(asyncApi()));
  serve('/docs/async', 'html', () => eventsPage(documents().schemas));
  serve('/docs/protocol', 'html', () => protocolPage(documents().schemas));
  serve('/docs/errors', 'html', errorsPage);
  serve('/docs/try.js', 'js', () => TRY_SCRIPT);
  // The page fetches the document, which its script would otherwise hold.
  SwaggerModule.setup('docs', app, {} as OpenAPIObject, {
    raw: false,
    swaggerUrl: '/docs-json',
    // No stranger is asked whether the document is valid.
    swaggerOptions: { validatorUrl: null },
  });
}

function once<Made>(make: () => Made): () => Made {
  let made: { it: Made } | undefined;
  return () => (made ??= { it: make() }).it;
}
