/** Which of several processes behind one port a process is. */
export interface WorkerPlace {
  /** From 1 on. One that takes the place of a dead one has its number. */
  slot: number;
  /** How many there are. */
  count: number;
  /** Where their sockets are for what they send each other: theirs alone. */
  directory: string;
  /** Whether no other process serves the database at the moment: whatever an earlier one left there is a dead one's. */
  isAlone: boolean;
}

/** How the process that starts workers says it to them. It is no setting: nobody else sets it. */
export const WORKER_VARIABLE = 'PARLEY_WORKER';

export function workerPlaceOf(environment: Readonly<Record<string, string | undefined>>): WorkerPlace | undefined {
  const text = environment[WORKER_VARIABLE];
  return text === undefined ? undefined : (JSON.parse(text) as WorkerPlace);
}

/** Whether a first process of ours started this one. */
export function isOwnWorker(): boolean {
  return process.env[WORKER_VARIABLE] !== undefined;
}
