import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, defineConfig, type Plugin } from 'vite';

const root = fileURLToPath(new URL('./', import.meta.url));
const output = join(root, 'dist');
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Not Socket.IO’s own client, which is loaded where no WebSocket comes through, nor notifications, which follow. */
const FIRST_LOAD =
  /client\/src\/(?!ports\/socket-io-client|web-push)|node_modules\/preact|web\/src\/(app\/(?!copy|Nowhere|PaneHead|SecondPersonHint)|design\/(?!Confirm|Dialog|LoadMore|Menu|modal|more-)|conversations\/(?!ConversationMenu))|web\/src\/texts\/(en|texts|error-text)\.ts|web\/src\/session\/(client|invitation|other-tabs)/;
const COMPRESSED = /\.(css|html|js|json|svg|webmanifest)$/;

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const alias = [
  { find: /^react$/, replacement: at('./src/react.ts') },
  { find: '@parley/client/react', replacement: at('../client/src/react/index.ts') },
  { find: '@parley/client/storage/indexeddb', replacement: at('../client/src/storage/indexeddb.ts') },
  { find: '@parley/client/storage/memory', replacement: at('../client/src/storage/memory.ts') },
  { find: '@parley/client/web-push', replacement: at('../client/src/web-push/index.ts') },
  { find: '@parley/client/cookies', replacement: at('../client/src/cookies.ts') },
  { find: /^@parley\/client$/, replacement: at('../client/src/index.ts') },
];

/** One classic script: not every browser takes modules there. */
async function bundledWorker(): Promise<string> {
  const entry = join(root, 'src/offline/service-worker.js');
  const result = await build({
    configFile: false,
    root,
    publicDir: false,
    logLevel: 'warn',
    resolve: { alias },
    build: {
      write: false,
      target: 'es2022',
      rolldownOptions: { input: entry, output: { format: 'iife' } },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  const chunk = output !== undefined && 'output' in output ? output.output[0] : undefined;
  if (chunk === undefined) throw new Error('the service worker was not built');
  return chunk.code;
}

/** The service worker, which must know every file of this build and have a name of its own that stays. */
function serviceWorker(): Plugin {
  return {
    name: 'parley-service-worker',
    apply: 'build',
    enforce: 'post',
    async writeBundle() {
      const files = filesBelow(output)
        .map((path) => `/${relative(output, path).split(sep).join('/')}`)
        .filter((path) => !/\.(map|br|gz)$|^\/(sw\.js|index\.html)$/.test(path))
        .sort();
      const hash = createHash('sha256').update(readFileSync(join(output, 'index.html')));
      for (const path of files) hash.update(path).update(readFileSync(join(output, path)));
      let text = await bundledWorker();
      for (const [name, value] of [
        ['__VERSION__', hash.digest('hex').slice(0, 12)],
        // A user who never opens the moderators' page fetches nothing of it.
        ['__FILES__', JSON.stringify(['/', ...files.filter((path) => !path.startsWith('/assets/AdminPage-'))])],
      ] as const) {
        if (!text.includes(name)) throw new Error(`the service worker has no ${name}`);
        text = text.replace(name, value);
      }
      writeFileSync(join(output, 'sw.js'), text);
    },
  };
}

/** Once and thoroughly, here, so that the server compresses nothing. */
function compressed(): Plugin {
  return {
    name: 'parley-compressed',
    apply: 'build',
    enforce: 'post',
    closeBundle() {
      for (const path of filesBelow(output).filter((name) => COMPRESSED.test(name))) {
        const content = readFileSync(path);
        const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
        writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root,
  base: '/',
  publicDir: 'public',
  resolve: {
    alias,
  },
  build: {
    outDir: output,
    emptyOutDir: true,
    target: 'es2022',
    // Nothing inline: the page's policy forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { pluginTimings: false },
      output: {
        // What every visit needs is one file; what a click needs comes with the click.
        codeSplitting: { groups: [{ name: 'base', test: FIRST_LOAD }] },
      },
    },
  },
  plugins: [serviceWorker(), compressed()],
});
