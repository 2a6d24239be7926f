import type { AuditEntryView } from './audit.view.js';

const COLUMNS = ['at', 'actorId', 'action', 'targetType', 'targetId', 'reason', 'ip', 'details', 'id'] as const;
/** What a spreadsheet takes for a formula, if it comes first. */
const FORMULA = /^[=+\-@\t\r]/;

export function csvHeader(): string {
  return line(COLUMNS);
}

export function csvLine(view: AuditEntryView): string {
  return line(COLUMNS.map((column) => (column === 'details' ? details(view) : (view[column] ?? ''))));
}

function details({ details: given }: AuditEntryView): string {
  return given === null ? '' : JSON.stringify(given);
}

/** RFC 4180. What people wrote is a text and never a formula. */
function line(cells: readonly string[]): string {
  return `${cells.map((cell) => quoted(FORMULA.test(cell) ? `'${cell}` : cell)).join(',')}\r\n`;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
