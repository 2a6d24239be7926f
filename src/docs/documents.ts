import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { Express } from 'express';
import { asyncApiDocument } from './asyncapi.js';
import { openApiDocument } from './openapi.js';
import { errorsPage, eventsPage, protocolPage } from './pages.js';
import { TRY_SCRIPT } from './try-script.js';

/** Serves what the server says of itself: /docs, /docs-json, /docs/async, /docs/async-json, /docs/protocol, /docs/errors. */
export function mountDocuments(app: NestExpressApplication): void {
  const documents = openApiDocument(app);
  const asyncApi = asyncApiDocument(documents);
  const server: Express = app.getHttpAdapter().getInstance();
  server.get('/docs/async-json', (_, response) => response.json(asyncApi));
  // Made once: they say the same for as long as the process runs.
  const pages = {
    '/docs/async': eventsPage(documents.schemas),
    '/docs/protocol': protocolPage(documents.schemas),
    '/docs/errors': errorsPage(),
  };
  for (const [path, text] of Object.entries(pages)) server.get(path, (_, response) => response.type('html').send(text));
  server.get('/docs/try.js', (_, response) => response.type('text/javascript').send(TRY_SCRIPT));
  SwaggerModule.setup('docs', app, documents.openApi, { jsonDocumentUrl: 'docs-json', yamlDocumentUrl: 'docs-yaml' });
}
