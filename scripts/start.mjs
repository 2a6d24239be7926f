// `npm start`. The server runs in this very process, so that signals reach it.
import './node-version.mjs';
import process from 'node:process';
import { isProduction, prepare, say } from './prepare.mjs';

// What is found in a terminal is the URL: what comes before it takes one line, which the URL then takes.
const isTransient = !isProduction && process.stderr.isTTY;
try {
  await prepare(isTransient ? { onProgress: (line) => process.stderr.write(`\r\u001b[2K${line} …`) } : {});
} catch (error) {
  say(error.message, 'fatal');
  process.exit(1);
}
await import('../dist/main.js');
