/** Compiles elements for the library that makes them. */
const elementsOf = (importSource) => [
  '@swc/jest',
  {
    swcrc: false,
    jsc: {
      parser: { syntax: 'typescript', tsx: true },
      target: 'es2022',
      transform: { react: { runtime: 'automatic', importSource } },
    },
    module: { type: 'nodenext' },
    sourceMaps: 'inline',
  },
];

/**
 * Jest as ES modules: started with --experimental-vm-modules, see the script "test". There it also gets larger semi-spaces, in
 * which most of what a test makes dies before it would be copied.
 */
export default {
  roots: ['<rootDir>/src', '<rootDir>/test', '<rootDir>/client/src', '<rootDir>/client/test', '<rootDir>/web/src'],
  testMatch: ['**/*.spec.ts', '**/*.spec.tsx'],
  // Packages and sources are loaded once in a worker.
  testEnvironment: '<rootDir>/test/support/jest/environment.cjs',
  runtime: '<rootDir>/test/support/jest/runtime.cjs',
  testSequencer: '<rootDir>/test/support/jest/sequencer.cjs',
  transform: {
    '^.+\\.ts$': '@swc/jest',
    '/web/src/.+\\.tsx$': elementsOf('preact'),
    '^.+\\.tsx$': elementsOf('react'),
  },
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  // Sources name the compiled file.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // Never the compiled twin of a source, nor a database's files.
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/client/dist/', '<rootDir>/data/'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  // For what hangs, not for what is slow: no test is about speed.
  testTimeout: 120_000,
  // Twice the cores that it is meant for: a test waits for much of its time.
  maxWorkers: 4,
};
