import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { Express } from 'express';
import { asyncApiDocument } from './asyncapi.js';
import { openApiDocument } from './openapi.js';
import { errorsPage, eventsPage, protocolPage } from './pages.js';
import { TRY_SCRIPT } from './try.page.js';

/**
 * Serves what the server says of itself: /docs, /docs-json, /docs/async, /docs/async-json, /docs/protocol, /docs/errors. Each
 * is made when it is first asked for, so that no start waits for it, and says the same from then on.
 */
export function mountDocuments(app: NestExpressApplication): void {
  const documents = once(() => openApiDocument(app));
  const asyncApi = once(() => asyncApiDocument(documents()));
  const server: Express = app.getHttpAdapter().getInstance();
  server.get('/docs/async-json', (_, response) => response.json(asyncApi()));
  const pages = {
    '/docs/async': once(() => eventsPage(documents().schemas)),
    '/docs/protocol': once(() => protocolPage(documents().schemas)),
    '/docs/errors': once(errorsPage),
  };
  for (const [path, page] of Object.entries(pages))
    server.get(path, (_, response) => response.type('html').send(page()));
  server.get('/docs/try.js', (_, response) => response.type('text/javascript').send(TRY_SCRIPT));
  SwaggerModule.setup('docs', app, () => documents().openApi, {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
  });
}

function once<Made>(make: () => Made): () => Made {
  let made: { it: Made } | undefined;
  return () => (made ??= { it: make() }).it;
}
