import { afterEach, describe, expect, it } from '@jest/globals';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { lastValueFrom, of } from 'rxjs';
import { GateInterceptor, Ungated } from './gate.interceptor.js';

class Routes {
  gated(): void {}
  @Ungated()
  ungated(): void {}
}

describe('the gates before what a user asks for', () => {
  const passed: string[] = [];
  afterEach(() => {
    passed.length = 0;
  });
  const gate = (name: string) =>
    ({
      run: (_: unknown, work: () => Promise<unknown>) => {
        passed.push(name);
        return work();
      },
    }) as never;
  const interceptor = new GateInterceptor(new Reflector(), gate('reads'), gate('writes'));
  const ask = (method: string, route: keyof Routes, user?: { userId: string }): Promise<unknown> => {
    const context = {
      switchToHttp: () => ({ getRequest: () => ({ method, user }) }),
      getHandler: () => Routes.prototype[route],
    } as unknown as ExecutionContext;
    const answer: CallHandler = { handle: () => of('answer') };
    return lastValueFrom(interceptor.intercept(context, answer));
  };

  it.each([
    ['GET', 'reads'],
    ['HEAD', 'reads'],
    ['POST', 'writes'],
    ['PUT', 'writes'],
    ['PATCH', 'writes'],
    ['DELETE', 'writes'],
  ])('%s passes the one for %s', async (method, name) => {
    expect([await ask(method, 'gated', { userId: 'ada' }), passed]).toEqual(['answer', [name]]);
  });

  it('a route with bounds of its own, or without a caller, passes none', async () => {
    expect(await ask('POST', 'ungated', { userId: 'ada' })).toBe('answer');
    expect(await ask('POST', 'gated')).toBe('answer');
    expect(passed).toEqual([]);
  });
});
