// Checks programs as `tsc --noEmit` does: its parameters, as JSON, one list for each program. What several of them have in common
// is read once. Of what the compiler and @types declare by themselves, which no package changes, it checks nothing.
import process from 'node:process';
import ts from 'typescript';

const host = { getCurrentDirectory: () => process.cwd(), getCanonicalFileName: (name) => name, getNewLine: () => '\n' };
const read = new Map();
for (const parameters of JSON.parse(process.argv[2])) {
  const found = diagnostics(ts.parseCommandLine(parameters));
  if (found.length > 0) process.exitCode = 1;
  process.stdout.write(ts.formatDiagnostics(found, host));
}

function diagnostics({ options, fileNames, errors }) {
  const program = ts.createProgram(fileNames, options, hostWith(options));
  const files = program.getSourceFiles().filter((file) => isChecked(program, file));
  return [
    ...errors,
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...files.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
}

function isChecked(program, file) {
  return !program.isSourceFileDefaultLibrary(file) && !file.fileName.includes('/node_modules/@types/');
}

/** Files are parsed once for all programs that take them for the same kind of module. */
function hostWith(options) {
  const own = ts.createCompilerHost(options);
  return {
    ...own,
    getSourceFile: (name, how, ...more) => {
      const key = JSON.stringify([name, how, options.module]);
      const file = read.get(key) ?? own.getSourceFile(name, how, ...more);
      read.set(key, file);
      return file;
    },
  };
}
