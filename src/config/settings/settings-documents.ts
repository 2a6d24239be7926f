import { SETTINGS } from './settings.js';

const TABLE_START = '<!-- settings: made from src/config/settings/settings.ts by npm run docs:generate -->';
const TABLE_END = '<!-- end of settings -->';

/** `.env.example`, whole. */
export function environmentExample(): string {
  const lines = [
    '# Every variable the server reads, with its default. It reads the environment only, not this file:',
    '#   node --env-file=.env scripts/start.mjs',
    '# A wrong or missing value stops the start with one line that names it. More: docs/operations.md',
    '# Made from src/config/settings/settings.ts by npm run docs:generate.',
  ];
  for (const [name, { comment, example, fallback }] of Object.entries(SETTINGS)) {
    if (comment !== undefined) lines.push('', ...comment.map((line) => `# ${line}`));
    lines.push(`# ${name}=${example ?? fallback ?? ''}`);
  }
  return `${lines.join('\n')}\n`;
}

/** docs/operations.md with its table as the settings are now. @throws where the marks are missing. */
export function withSettingsTable(document: string): string {
  const [start, end] = [document.indexOf(TABLE_START), document.indexOf(TABLE_END)];
  if (start < 0 || end < start) throw new Error(`docs/operations.md lacks ${TABLE_START} … ${TABLE_END}`);
  const rows = Object.entries(SETTINGS).map(([name, { fallback, shownDefault, meaning }]) => {
    const shown = shownDefault ?? (fallback === undefined ? '–' : `\`${fallback}\``);
    return `| \`${name}\` | ${shown} | ${meaning} |`;
  });
  const table = ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
  return `${document.slice(0, start)}${TABLE_START}\n\n${table}\n\n${document.slice(end)}`;
}
