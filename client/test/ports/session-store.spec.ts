import { describe, expect, it, jest } from '@jest/globals';
import { IDBDatabase, IDBFactory } from 'fake-indexeddb';
import { indexedDbTokens } from '../../src/ports/platform.js';
import { rejection } from '../support/virtual-clock.js';

const SESSION = { url: 'https://chat.example', userId: 'ada', accessToken: 'access' };

describe('the store of the session in IndexedDB', () => {
  it('rejects where the browser is closing the connection, and has what it kept at the next call', async () => {
    const tokens = indexedDbTokens(new IDBFactory());
    await tokens.save(SESSION);
    const transaction = jest.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(() => {
      throw new DOMException('The database connection is closing.', 'InvalidStateError');
    });
    await expect(tokens.load()).rejects.toThrow('closing');
    transaction.mockRestore();
    expect(await tokens.load()).toEqual(SESSION);
  });

  it('reads and writes what a newer version of the app has opened', async () => {
    const factory = new IDBFactory();
    const tokens = indexedDbTokens(factory);
    await tokens.save(SESSION);
    await new Promise<void>((resolve, reject) => {
      const newer = factory.open('parley.session', 7);
      newer.addEventListener('error', () => reject(newer.error ?? new Error('It was not opened.')));
      newer.addEventListener('success', () => {
        newer.result.close();
        resolve();
      });
    });
    expect(await tokens.load()).toEqual(SESSION);
    await tokens.save({ ...SESSION, accessToken: 'next' });
    expect(await tokens.load()).toMatchObject({ accessToken: 'next' });
  });

  it('rejects where the browser forgets to answer, and changes nothing when it does so later', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
    try {
      const factory = new IDBFactory();
      const tokens = indexedDbTokens(factory);
      const open = factory.open.bind(factory);
      let answers = false;
      const held: (() => void)[] = [];
      factory.open = (...parameters) => {
        const request = open(...parameters);
        const add = request.addEventListener.bind(request);
        request.addEventListener = (type: string, listener: (event: Event) => void): void =>
          add(type, (event: Event) => {
            if (type === 'success' && !answers) held.push(() => listener(event));
            else listener(event);
          });
        return request;
      };
      const saved = rejection(tokens.save({ ...SESSION, accessToken: 'late' }));
      await jest.advanceTimersByTimeAsync(10_000);
      expect(await saved).toMatchObject({ message: 'The storage failed.' });
      answers = true;
      for (const answer of held) answer();
      await tokens.save(SESSION);
      expect(await tokens.load()).toEqual(SESSION);
    } finally {
      jest.useRealTimers();
    }
  });
});
