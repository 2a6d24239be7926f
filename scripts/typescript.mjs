// node --import ./scripts/typescript.mjs file.ts: runs the TypeScript of the tests outside of Jest, as Jest does.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
