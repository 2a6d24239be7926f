export function misplacedStatements(sources?: string, schema?: string, migrations?: string): string[];
