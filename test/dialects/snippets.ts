/**
 * Runs an example as a document has it, but for its imports: what it imports, and what its surroundings would give it,
 * is in `scope`. Answers the values of the names that are asked for.
 */
export function run(code: string, scope: Record<string, unknown>, ...asked: string[]): Promise<unknown[]> {
  const body = code.replace(/^import .*$/gm, '');
  // oxlint-disable-next-line typescript/no-implied-eval
  const example = new Function(
    ...Object.keys(scope),
    `return (async () => { ${body}\n; return [${asked.join(', ')}]; })()`,
  );
  return example(...Object.values(scope)) as Promise<unknown[]>;
}
