// `npm start`. The server runs in this very process, so that signals reach it.
import './node-version.mjs';
import process from 'node:process';
import { prepare, say } from './prepare.mjs';

try {
  await prepare();
} catch (error) {
  say(error.message, 'fatal');
  process.exit(1);
}
await import('../dist/main.js');
