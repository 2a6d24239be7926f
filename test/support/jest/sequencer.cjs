const { createRequire } = require('node:module');

// Jest's own, and no other copy of it.
const jest = createRequire(createRequire(require.resolve('jest')).resolve('@jest/core'));
const { default: Sequencer } = jest('@jest/test-sequencer');

/** Short files that take long: they play one story with many processes, until all agree. */
const LONG = /\/chaos\/|\/oracle\.spec|\/crash\.spec/;

/**
 * Where Jest has not run before it begins with the largest files. These would come last, and the whole run would end waiting
 * for them.
 */
module.exports = class extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    return [...sorted.filter(({ path }) => LONG.test(path)), ...sorted.filter(({ path }) => !LONG.test(path))];
  }
};
