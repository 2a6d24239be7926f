export function mountDocuments(_app: unknown): void {}
