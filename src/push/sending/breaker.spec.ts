import { describe, expect, it } from '@jest/globals';
import { Breaker, type TokenAnswer } from './breaker.js';

const answers = (isRemoval: boolean, ...names: (string | number)[]): TokenAnswer[] =>
  names.map((name) => ({ deviceId: String(name), userId: `owner of ${name}`, isRemoval }));
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('the breaker', () => {
  it('believes of a fifth that their tokens are none, and of no more', () => {
    const breaker = new Breaker();
    expect(breaker.admit([...answers(false, ...numbers(16)), ...answers(true, 'a', 'b', 'c', 'd')])).toBe(true);
    expect(breaker.admit(answers(true, 'e'))).toBe(false);
    expect(breaker.isTripped).toBe(true);
  });

  it('counts a token once, however often it is tried again', () => {
    const breaker = new Breaker();
    breaker.admit(answers(false, ...numbers(9)));
    expect(breaker.admit(answers(true, 'a', 'b', 'c'))).toBe(false);
    for (let time = 0; time < 50; time += 1) breaker.admit(answers(true, 'a', 'b', 'c'));
    // What is well again soon outweighs the three.
    expect(breaker.admit(answers(false, ...numbers(3)))).toBe(true);
  });

  it('counts a user once, however many tokens that are none one registers', () => {
    const breaker = new Breaker();
    breaker.admit(answers(false, ...numbers(9)));
    const ofOne = answers(true, ...numbers(25).map((number) => `token ${number}`));
    expect(breaker.admit(ofOne.map((answer) => ({ ...answer, userId: 'one' })))).toBe(true);
    expect(breaker.isTripped).toBe(false);
    expect(breaker.admit(ofOne)).toBe(false);
  });

  it.each([20, 2])('believes nothing where all tokens of %i users are called none, five of each', (users) => {
    const ofAll = answers(true, ...numbers(users * 5)).map((answer, index) => ({
      ...answer,
      userId: `user ${index % users}`,
    }));
    expect(new Breaker().admit(ofAll)).toBe(false);
  });

  it('believes of one user alone that all tokens are none', () => {
    const ofOne = answers(true, ...numbers(25)).map((answer) => ({ ...answer, userId: 'one' }));
    expect(new Breaker().admit(ofOne)).toBe(true);
  });
});
