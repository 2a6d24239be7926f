// What processes have spent, read from Linux's /proc, and how figures are printed.
import { readdirSync, readFileSync } from 'node:fs';

/** What `npm start` gives Node. What the server is measured beside gets it, too. */
export const SERVER_NODE_OPTIONS =
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).scripts.start.match(/--\S+/g) ?? [];

const TICKS = 100; // of /proc/<pid>/stat, a second

const fieldsOf = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').map(Number);

/** CPU seconds of a process; with `reaped` also of its children that have ended. */
export function cpuOf(pid, reaped = false) {
  const fields = fieldsOf(pid);
  return (fields[11] + fields[12] + (reaped ? fields[13] + fields[14] : 0)) / TICKS;
}

/** CPU seconds of PostgreSQL: of all its processes. */
export function databaseCpuOf(postmaster) {
  let seconds = cpuOf(postmaster, true);
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (fieldsOf(pid)[1] === postmaster) seconds += cpuOf(pid);
    } catch {
      // It ended meanwhile, and the postmaster counts it.
    }
  }
  return seconds;
}

/** Bytes. */
export function memoryOf(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

export const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

export function table(lines) {
  const widths = [];
  for (const line of lines)
    line.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, String(cell).length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => String(cell).padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
