import { describe, expect, it } from '@jest/globals';
import { parseOptions } from '@node-rs/argon2';
import { decoyHash, Passwords } from './passwords.js';

describe('passwords', () => {
  const passwords = new Passwords();

  it('verifies what it hashed, however it was composed', async () => {
    const hash = await passwords.hash('caf\u00e9 au lait');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await passwords.verify(hash, 'cafe\u0301 au lait')).toBe(true);
    expect(await passwords.verify(hash, 'cafe au lait')).toBe(false);
    expect(await passwords.verify(null, 'caf\u00e9 au lait')).toBe(false);
  });

  it('compares with a decoy that costs what a hash costs', async () => {
    expect(parseOptions(decoyHash(passwords.cost))).toEqual(parseOptions(await passwords.hash('correct horse')));
  });

  it('refuses work rather than queueing without end', async () => {
    const hashes = await Promise.allSettled(Array.from({ length: 300 }, () => passwords.verify('not a hash', 'x')));
    const reasons = hashes.map((result) =>
      result.status === 'rejected' ? (result.reason as { code?: string }).code : '',
    );
    expect(reasons.filter((code) => code === 'OVERLOADED').length).toBeGreaterThan(30);
    expect(await passwords.verify(null, 'x')).toBe(false);
  });
});
