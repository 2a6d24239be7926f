import { describe, expect, it } from '@jest/globals';
import { derivedKeys } from '../../config/secrets/secret-keys.js';
import { newRefreshToken, refreshTokenHash, SUCCESSOR_LABEL, successorOf } from './refresh-token.js';

describe('refresh tokens', () => {
  const refreshTokenKey = (jwtSecret: string): Buffer =>
    derivedKeys({ jwtSecret, jwtSecretPrevious: undefined }, SUCCESSOR_LABEL)[0];
  const key = refreshTokenKey('a secret of at least thirty-two bytes');

  it('have 256 bits, first ones and successors alike', () => {
    const first = newRefreshToken();
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(successorOf(first, key)).toMatch(/^[\w-]{43}$/);
    expect(newRefreshToken()).not.toBe(first);
    expect(refreshTokenHash(first)).toHaveLength(32);
  });

  it('have one successor each, which only the key gives', () => {
    const first = newRefreshToken();
    expect(successorOf(first, key)).toBe(successorOf(first, refreshTokenKey('a secret of at least thirty-two bytes')));
    expect(successorOf(first, key)).not.toBe(successorOf(first, refreshTokenKey('another secret of thirty-two bytes')));
    expect(successorOf(first, key)).not.toBe(successorOf(newRefreshToken(), key));
    expect(successorOf(successorOf(first, key), key)).not.toBe(successorOf(first, key));
  });
});
