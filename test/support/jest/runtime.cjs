const { createRequire, isBuiltin } = require('node:module');
const { join, sep } = require('node:path');

// Jest's own, and no other copy of it.
const jest = createRequire(createRequire(require.resolve('jest')).resolve('@jest/core'));
const { default: Runtime } = jest('jest-runtime');

const PACKAGES = `${sep}node_modules${sep}`;
/** The runtime of the first test file of this worker, which is never torn down. */
let shared;

/**
 * What Jest loads modules with, but for this: packages and sources (never tests) are loaded once in a worker, and not once
 * for each of its files. Loading them costs more than most files do, and what was loaded anew runs slowly at first. So a file
 * finds what others left in a module's own variables; a source keeps nothing there that matters to a second application. So it
 * is with what Jest's runner is made of, `expect` above all, whose state is the realm's and is set for every file.
 */
module.exports = class extends Runtime {
  constructor(config, environment, ...rest) {
    super(config, environment, ...rest);
    shared ??= loading(new Runtime(config, environment, ...rest));
    const sources = ['src', join('client', 'src')].map((folder) => join(config.rootDir, folder) + sep);
    const isShared = (path) =>
      path.includes(PACKAGES) || (sources.some((folder) => path.startsWith(folder)) && !/\.spec\.tsx?$/.test(path));
    keepTestsByOrder(this);
    const { esmLoader, _resolution: resolution } = loading(this);
    const resolveModule = esmLoader.resolveModule.bind(esmLoader);
    esmLoader.resolveModule = async (specifier, from, context) => {
      const module = () => shared.esmLoader.resolveModule(specifier, from, context);
      // A shared module imports what is shared, even of Node's modules.
      if (isShared(from)) return module();
      if (specifier !== '@jest/globals' && !specifier.startsWith('data:')) {
        const path = await resolution.resolveEsmAsync(from, specifier.split(/[?#]/, 1)[0]);
        if (isShared(path)) return module();
      }
      return resolveModule(specifier, from, context);
    };
  }

  /** The runner itself keeps a file's tests. Nothing of Node's: it gets a storage of its own, see below. */
  requireInternalModule(from, to) {
    const isOfRunner = to === undefined || to.startsWith('.') || isBuiltin(to);
    return isOfRunner ? super.requireInternalModule(from, to) : shared.requireInternalModule(from, to);
  }

  /** Stacks also lead through what is shared. */
  getSourceMaps() {
    return new Map([...(shared?.getSourceMaps() ?? []), ...super.getSourceMaps()]);
  }
};

/**
 * Jest's runner keeps in an AsyncLocalStorage which test is running, with a new one for every file, and none of them is ended.
 * Before Node 24 each looks at every promise that a worker makes from then on. Here one test runs after the other.
 */
function keepTestsByOrder({ coreModule }) {
  if (Number(process.versions.node.split('.')[0]) >= 24) return;
  if (typeof coreModule?.require !== 'function')
    throw new Error(
      'This version of Jest loads modules of Node otherwise: test/support/jest/runtime.cjs must follow it.',
    );
  const load = coreModule.require.bind(coreModule);
  coreModule.require = (name) =>
    /^(node:)?async_hooks$/.test(name) ? { ...load(name), AsyncLocalStorage: SequentialStorage } : load(name);
}

/** An AsyncLocalStorage of what runs one after the other, or within another. */
class SequentialStorage {
  getStore() {
    return this.current;
  }

  run(store, work) {
    const before = this.current;
    this.current = store;
    const end = () => {
      if (this.current !== store)
        throw new Error('Tests run at once, which runtime.cjs does not expect: it keeps them by their order.');
      this.current = before;
    };
    let isPending = false;
    try {
      const result = work();
      isPending = typeof result?.then === 'function';
      return isPending ? Promise.resolve(result).finally(end) : result;
    } finally {
      if (!isPending) end();
    }
  }
}

/** Every import of modules goes through `resolveModule`. Throws where a newer Jest has no such way. */
function loading(runtime) {
  const { esmLoader, _resolution: resolution } = runtime;
  if (typeof esmLoader?.resolveModule !== 'function' || typeof resolution?.hasDistinctAsyncResolver !== 'function')
    throw new Error('This version of Jest loads modules otherwise: test/support/jest/runtime.cjs must follow it.');
  // From Node 24 on there is another, by which a whole graph is resolved at once.
  esmLoader.resolution = Object.create(resolution, { hasDistinctAsyncResolver: { value: () => true } });
  return runtime;
}
