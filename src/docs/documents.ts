import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { Express } from 'express';
import { asyncApiDocument } from './asyncapi.js';
import { openApiDocument } from './openapi.js';
import { errorsPage, eventsPage } from './pages.js';

/** Serves what the server says of itself: /docs, /docs-json, /docs/async, /docs/async-json, /docs/errors. */
export function mountDocuments(app: NestExpressApplication): void {
  const documents = openApiDocument(app);
  const asyncApi = asyncApiDocument(documents);
  const server: Express = app.getHttpAdapter().getInstance();
  server.get('/docs/async-json', (_, response) => response.json(asyncApi));
  server.get('/docs/async', (_, response) => response.type('html').send(eventsPage(documents.schemas)));
  server.get('/docs/errors', (_, response) => response.type('html').send(errorsPage()));
  SwaggerModule.setup('docs', app, documents.openApi, { jsonDocumentUrl: 'docs-json', yamlDocumentUrl: 'docs-yaml' });
}
