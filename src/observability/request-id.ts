export function useRequestIds(_app: unknown): void {}
