export function schemaDrift(connectionString: string): Promise<string>;
