// Writes docs/openapi.json, docs/asyncapi.json, the types that clients compile against, .env.example and the table of settings
// from the built server, and the list of decisions from their headings (--write), or fails where they differ (--check).
import 'reflect-metadata';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import openapiTypes, { astToString } from 'openapi-typescript';
import { AppModule } from '../dist/app.module.js';
import { Configuration } from '../dist/config/configuration.js';
import { environmentExample, withSettingsTable } from '../dist/config/settings/settings-documents.js';
import { asyncApiDocument } from '../dist/docs/asyncapi.js';
import { openApiDocument } from '../dist/docs/openapi.js';
import { protocolTypes } from '../client/scripts/protocol-types.mjs';

const DECISIONS_START = '<!-- decisions: made from docs/adr by npm run docs:generate -->';
const DECISIONS_END = '<!-- end of decisions -->';

const configuration = Configuration.fromEnvironment({
  // Never connected to: nothing is initialised, only described.
  DATABASE_URL: 'postgresql://localhost/none',
  JWT_SECRET: 'for the description of the server alone',
});
const app = await NestFactory.create(AppModule.with(configuration), { logger: false });
const documents = openApiDocument(app);
const json = (document) => `${JSON.stringify(document, null, 2)}\n`;
// A field with a default may be left out by who sends it.
const types = astToString(await openapiTypes(structuredClone(documents.openApi), { defaultNonNullable: false }));
const asyncApi = asyncApiDocument(documents);
const files = {
  'docs/openapi.json': json(documents.openApi),
  'docs/asyncapi.json': json(asyncApi),
  'test/stories/api-documents/api.generated.ts': `// Made from docs/openapi.json by npm run docs:generate.\n${types}`,
  'client/src/protocol/protocol.generated.ts': protocolTypes({ openApi: documents.openApi, asyncApi }),
  '.env.example': environmentExample(),
  'docs/architecture.md': withDecisions(read(new URL('../docs/architecture.md', import.meta.url))),
  'docs/operations.md': withSettingsTable(read(new URL('../docs/operations.md', import.meta.url))),
};

let drifted = false;
for (const [path, text] of Object.entries(files)) {
  const url = new URL(`../${path}`, import.meta.url);
  if (process.argv.includes('--write')) {
    writeFileSync(url, text);
    console.log(`wrote ${path}`);
  } else if (read(url) !== text) {
    drifted = true;
    console.error(`${path} is not what its source makes: run npm run docs:generate and read the difference`);
  }
}
process.exit(drifted ? 1 : 0);

/** docs/architecture.md with a line for each decision. @throws where a heading is not `# 0001 Title` with the file's number. */
function withDecisions(document) {
  const [start, end] = [document.indexOf(DECISIONS_START), document.indexOf(DECISIONS_END)];
  if (start < 0 || end < start) throw new Error(`docs/architecture.md lacks ${DECISIONS_START} … ${DECISIONS_END}`);
  const directory = new URL('../docs/adr/', import.meta.url);
  const lines = readdirSync(directory)
    .sort()
    .map((name) => {
      const [, number, title] = /^# (\d{4}) (.+)$/m.exec(read(new URL(name, directory)).split('\n', 1)[0]) ?? [];
      if (number === undefined || !name.startsWith(`${number}-`))
        throw new Error(`docs/adr/${name} begins with its number and title: # ${name.slice(0, 4)} Title`);
      return `- [${number}](adr/${name}) ${title}`;
    });
  return `${document.slice(0, start)}${DECISIONS_START}\n\n${lines.join('\n')}\n\n${document.slice(end)}`;
}

function read(url) {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return '';
  }
}
