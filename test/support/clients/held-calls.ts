import type { INestApplicationContext, Type } from '@nestjs/common';

/** Calls of a method that wait until they are let go: what a test does meanwhile happens between a call and its effect. */
export interface HeldCalls {
  readonly count: number;
  /** Lets go those that wait; later ones are not held. Harmless when called twice. */
  release(): void;
}

/** Holds the calls of a method of a service, which answers a promise, from now on. */
export function holdCalls<Service extends object>(
  app: INestApplicationContext,
  type: Type<Service>,
  name: keyof Service & string,
): HeldCalls {
  const service: Service = app.get(type, { strict: false });
  const method = service[name] as (...given: unknown[]) => Promise<unknown>;
  let count = 0;
  let release = (): void => undefined;
  const mayGo = new Promise<void>((resolve) => (release = resolve));
  const held = async (...given: unknown[]): Promise<unknown> => {
    count += 1;
    await mayGo;
    return method.apply(service, given);
  };
  Object.assign(service, { [name]: held });
  return {
    get count() {
      return count;
    },
    release: () => {
      Object.assign(service, { [name]: method });
      release();
    },
  };
}
