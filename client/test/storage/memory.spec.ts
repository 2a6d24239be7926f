import { describe, it } from '@jest/globals';
import { memoryStorage } from '../../src/storage/memory.js';
import { conformance, endsByItself } from './conformance.js';

describe.each([
  ['memory', false, conformance],
  ['memory that is as strict as IndexedDB', true, [...conformance, endsByItself]],
] as const)('the storage adapter %s', (_, strict, cases) => {
  // oxlint-disable-next-line jest/expect-expect -- the cases throw
  it.each(cases)('$title', ({ run }) => run(memoryStorage({ strict }), 'account'));
});
