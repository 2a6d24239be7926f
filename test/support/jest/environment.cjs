const { createRequire } = require('node:module');
const vm = require('node:vm');

// Jest's own, and no other copy of it.
const jest = createRequire(createRequire(require.resolve('jest')).resolve('@jest/core'));
const { TestEnvironment } = createRequire(jest.resolve('jest-config'))('jest-environment-node');

/** Of the first test file of this worker, as is what `runtime.cjs` shares: modules belong to the realm that loaded them. */
let realm;
let processExit;

/** Where Jest keeps a file's tests and what holds for them, and who is called at each of its events. */
const OF_ONE_FILE = new Set([
  'JEST_STATE_SYMBOL',
  'EVENT_HANDLERS',
  'TEST_TIMEOUT_SYMBOL',
  'RETRY_TIMES',
  'RETRY_IMMEDIATELY',
  'WAIT_BEFORE_RETRY',
  'LOG_ERRORS_BEFORE_RETRY',
]);

/**
 * A worker in which nothing is open any more exits at once. Node would first free its heap, object by object, and need longer
 * for that than Jest waits: it then reports that something was left open, also where nothing was.
 */
if (process.send !== undefined) process.once('beforeExit', () => process.exit());

/** One realm for all test files of a worker. What a file changes of its process and its timers ends with it. */
module.exports = class {
  constructor(config, context) {
    if (realm === undefined) {
      realm = newRealm(config, context);
      processExit = realm.global.process.exit;
    }
    this.global = realm.global;
    this.moduleMocker = realm.moduleMocker;
    this.fakeTimers = realm.fakeTimers;
    this.fakeTimersModern = realm.fakeTimersModern;
    this.variables = { ...this.global.process.env };
  }

  getVmContext() {
    return realm.context;
  }

  exportConditions() {
    return realm.exportConditions();
  }

  async setup() {}

  async teardown() {
    this.fakeTimersModern.dispose();
    const { process } = this.global;
    for (const name of Object.keys(process.env)) if (!(name in this.variables)) delete process.env[name];
    Object.assign(process.env, this.variables);
    // Jest puts its own around it for every file.
    process.exit = processExit;
    for (const symbol of Object.getOwnPropertySymbols(this.global))
      if (OF_ONE_FILE.has(symbol.description)) delete this.global[symbol];
  }
};

/**
 * A realm whose global object is an ordinary one. Jest's is a proxy behind interceptors of V8, in which every look at a
 * global (Math, Buffer, Promise, ...) of every package and source costs as much as hundreds of ordinary instructions.
 */
function newRealm(config, context) {
  const { createContext, constants } = vm;
  vm.createContext = () => createContext(constants.DONT_CONTEXTIFY);
  try {
    return new TestEnvironment(config, context);
  } finally {
    vm.createContext = createContext;
  }
}
