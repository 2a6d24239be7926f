/** The same promise; a caller that ignores it must not end its process by an unhandled rejection. */
export function handled<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}

/** The same methods, each of whose promises may be ignored. */
export function ignorable<Methods extends object>(methods: Methods): Methods {
  const properties = Object.getOwnPropertyDescriptors(methods) as Record<string, PropertyDescriptor>;
  for (const property of Object.values(properties)) {
    const method: unknown = property.value;
    if (typeof method !== 'function') continue;
    property.value = (...parameters: unknown[]): unknown => {
      const result: unknown = method(...parameters);
      return result instanceof Promise ? handled(result) : result;
    };
  }
  return Object.defineProperties({}, properties) as Methods;
}
