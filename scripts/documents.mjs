// Writes docs/openapi.json and docs/asyncapi.json from the built server (--write), or fails where they differ (--check).
import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../dist/app.module.js';
import { Configuration } from '../dist/config/configuration.js';
import { asyncApiDocument } from '../dist/docs/asyncapi.js';
import { openApiDocument } from '../dist/docs/openapi.js';

const configuration = Configuration.fromEnvironment({
  // Never connected to: nothing is initialised, only described.
  DATABASE_URL: 'postgresql://localhost/none',
  JWT_SECRET: 'for the description of the server alone',
});
const app = await NestFactory.create(AppModule.with(configuration), { logger: false });
const documents = openApiDocument(app);
const files = {
  'docs/openapi.json': documents.openApi,
  'docs/asyncapi.json': asyncApiDocument(documents),
};

let drifted = false;
for (const [path, document] of Object.entries(files)) {
  const text = `${JSON.stringify(document, null, 2)}\n`;
  const url = new URL(`../${path}`, import.meta.url);
  if (process.argv.includes('--write')) {
    writeFileSync(url, text);
    console.log(`wrote ${path}`);
  } else if (read(url) !== text) {
    drifted = true;
    console.error(`${path} does not say what the server does: run npm run docs:generate and read the difference`);
  }
}
process.exit(drifted ? 1 : 0);

function read(url) {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return '';
  }
}
