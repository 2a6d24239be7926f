interface Dynamic {
  reason: string;
  variants?: readonly string[];
}

export function checkSql(
  root: string,
  folder: string,
  options?: {
    dynamic?: Readonly<Record<string, Dynamic>>;
    onDatabase?: (work: (connectionString: string) => Promise<void>) => Promise<void>;
  },
): Promise<{ faults: string[]; prepared: number; inFunctions: number; listed: string[] }>;

export function statementsOf(
  root: string,
  folder: string,
  dynamic?: Readonly<Record<string, Dynamic>>,
): { texts: Map<string, { place: string; at: string }>; faults: string[]; listed: string[] };
