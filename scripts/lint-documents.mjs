// Holds docs/openapi.json and docs/asyncapi.json to what strict readers of such documents ask for.
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { createConfig, lintFromString } from '@redocly/openapi-core';

const faults = [...(await openApiFaults('docs/openapi.json')), ...(await asyncApiFaults('docs/asyncapi.json'))];
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);

async function openApiFaults(path) {
  const config = await createConfig({
    extends: ['recommended-strict'],
    // Health is never refused, and the errors of one dialect have one shape, whatever their status.
    rules: { 'operation-4xx-response': 'off' },
  });
  const problems = await lintFromString({ source: readFileSync(path, 'utf8'), absoluteRef: path, config });
  return problems.map(
    ({ ruleId, message, location }) => `${path}${location[0]?.pointer ?? ''}: ${message} (${ruleId})`,
  );
}

async function asyncApiFaults(path) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(path, 'utf8'));
  const faults = diagnostics.map(({ code, message, path: at }) => `${path}#/${at.join('/')}: ${message} (${code})`);
  return document === undefined && faults.length === 0 ? [`${path}: it is no AsyncAPI document`] : faults;
}
