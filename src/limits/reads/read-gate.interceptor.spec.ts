import { describe, expect, it } from '@jest/globals';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { lastValueFrom, of } from 'rxjs';
import type { ReadGate } from './read-gate.js';
import { ReadGateInterceptor } from './read-gate.interceptor.js';

describe('the gate before questions', () => {
  it.each([
    ['GET', 1],
    ['HEAD', 1],
    ['POST', 0],
  ])('is passed by %s: %d', async (method, passed) => {
    let count = 0;
    const gate: Pick<ReadGate, 'run'> = {
      run: (_, read) => {
        count += 1;
        return read();
      },
    };
    const request = { method, user: { userId: 'ada' } };
    const context = { switchToHttp: () => ({ getRequest: () => request }) } as unknown as ExecutionContext;
    const answer: CallHandler = { handle: () => of('answer') };
    const interceptor = new ReadGateInterceptor(gate as ReadGate);
    expect([await lastValueFrom(interceptor.intercept(context, answer)), count]).toEqual(['answer', passed]);
  });
});
