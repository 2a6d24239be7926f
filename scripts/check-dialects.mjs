// Deletes each older dialect, its folder and its line in dialects.ts, in memory, and compiles what depended on it: whatever
// else of src needs it shows as an error. Prints each as file:line and fails.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import ts from 'typescript';

const DIALECTS = resolve('src/dialects');
const LIST = join(DIALECTS, 'dialects.ts');

const { options, fileNames } = configuration('tsconfig.build.json');
const complete = ts.createProgram({ rootNames: fileNames, options });
const list = readFileSync(LIST, 'utf8').split('\n');

const errors = [];
const names = readdirSync(DIALECTS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'transport')
  .map(({ name }) => name);
for (const name of names) {
  const left = list.filter((line) => !line.includes(`'./${name}/`));
  if (left.length !== list.length - 1) errors.push(`src/dialects/dialects.ts:1: ${name} has no line, or several`);
  else errors.push(...errorsWithout(name, left.join('\n')));
}
for (const error of errors) console.error(error);
process.exitCode = errors.length === 0 ? 0 : 1;

function errorsWithout(name, listText) {
  const isDeleted = (path) => path.startsWith(`${join(DIALECTS, name)}/`);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => !isDeleted(resolve(path)) && fileExists(path);
  host.readFile = (path) => (isDeleted(resolve(path)) ? undefined : readFile(path));
  host.getSourceFile = (path, languageVersion, ...more) => {
    if (isDeleted(resolve(path))) return undefined;
    if (resolve(path) === LIST) return ts.createSourceFile(path, listText, languageVersion);
    return complete.getSourceFile(path) ?? getSourceFile(path, languageVersion, ...more);
  };
  const program = ts.createProgram({
    rootNames: fileNames.filter((path) => !isDeleted(resolve(path))),
    options,
    host,
  });
  // Nothing else can have changed.
  const affected = dependentsOf((path) => isDeleted(path) || path === LIST).filter((path) => !isDeleted(path));
  return affected.flatMap((path) =>
    program.getSemanticDiagnostics(program.getSourceFile(path)).map(({ file, start = 0, messageText }) => {
      const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      const text = ts.flattenDiagnosticMessageText(messageText, ' ');
      return `${path.slice(resolve('.').length + 1)}:${line}: without ${name}: ${text}`;
    }),
  );
}

/** The files that are such, and all that import them, directly or not. */
function dependentsOf(isSuch) {
  const paths = complete
    .getSourceFiles()
    .flatMap(({ fileName }) => (fileName.includes('/node_modules/') ? [] : [resolve(fileName)]));
  const importers = new Map(paths.map((path) => [path, []]));
  for (const path of paths)
    for (const { text } of complete.getSourceFile(path).imports ?? [])
      if (text.startsWith('.')) importers.get(join(dirname(path), text).replace(/\.js$/, '.ts'))?.push(path);
  const found = new Set(paths.filter(isSuch));
  for (const path of found) for (const importer of importers.get(path) ?? []) found.add(importer);
  return [...found];
}

function configuration(path) {
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, ts.sys, '.');
}
