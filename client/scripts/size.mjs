// What the script of an app weighs that imports createClient from the built package, compressed: what its page loads first,
// what may follow, and by module. `npm run size -w client` prints it; the test of the package reads it as JSON.
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** A folder from which '@parley/client' resolves to what is measured. */
const [resolveDir = fileURLToPath(new URL('../../', import.meta.url))] = process.argv.slice(2);

async function weigh(contents) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    outdir: 'out',
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  });
  const { outputs } = metafile;
  const first = new Set();
  const load = (path) => {
    if (first.has(path)) return;
    first.add(path);
    for (const { path: next, kind } of outputs[path].imports) if (kind === 'import-statement') load(next);
  };
  load(Object.keys(outputs).find((path) => outputs[path].entryPoint === '<stdin>'));
  const bytesOf = (path) => {
    const name = path.slice(path.lastIndexOf('/'));
    return gzipSync(outputFiles.find((file) => file.path.endsWith(name)).contents, { level: 9 }).length;
  };
  const sum = (paths) => paths.reduce((total, path) => total + bytesOf(path), 0);
  const modules = [...first].flatMap((path) =>
    Object.entries(outputs[path].inputs).map(([name, { bytesInOutput }]) => {
      const share = Math.round((bytesOf(path) * bytesInOutput) / outputs[path].bytes);
      return { module: name.replace(/^.*@parley\/client\/|^client\//, ''), minified: bytesInOutput, share };
    }),
  );
  return {
    first: sum([...first]),
    whole: sum(Object.keys(outputs)),
    modules: modules.sort((a, b) => b.minified - a.minified),
  };
}

const core = await weigh(`export { createClient } from '@parley/client';`);
const withMemory = await weigh(
  `export { createClient } from '@parley/client'; export { memoryStorage } from '@parley/client/storage/memory';`,
);
// For apps that connect with it.
const withSocketIo = await weigh(
  `export { createClient } from '@parley/client'; export { io } from 'socket.io-client';`,
);
if (process.argv.includes('--json')) process.stdout.write(JSON.stringify({ core, withMemory, withSocketIo }));
else {
  process.stdout.write(`first load ${core.first} B, with the storage in memory ${withMemory.first} B, `);
  process.stdout.write(
    `with Socket.IO's own client ${withSocketIo.first} B; all that may follow included ${core.whole} B\n\nminified  share of the compressed\n`,
  );
  for (const { module, minified, share } of core.modules)
    process.stdout.write(`${String(minified).padStart(8)}  ${String(share).padStart(5)}  ${module}\n`);
}
