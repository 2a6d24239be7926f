import type { Client } from 'pg';

export function checkFunctions(client: Client): Promise<{ faults: string[]; checked: number }>;
