/** What the lock of a process says. */
export function lockOf(pid: number): string;

/** @param age of the lock, in milliseconds */
export function isAbandoned(content: string, age: number): boolean;
