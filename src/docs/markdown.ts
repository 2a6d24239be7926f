/** As much of Markdown as our own documents use: headings, paragraphs, lists, tables, fences, code, bold, links. */

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** One line of text, whose code is between backticks. */
export function renderCode(text: string): string {
  return text
    .split(/`([^`]+)`/)
    .map((part, index) => (index % 2 === 0 ? escapeHtml(part) : `<code>${escapeHtml(part)}</code>`))
    .join('');
}

/** @param link where a URL in the document leads from the page; undefined leaves its text alone. */
export function renderMarkdown(source: string, link: (url: string) => string | undefined): string {
  const inline = (text: string): string => {
    // Code is set aside: nothing in it means anything, and all around it may be bold or a link.
    const codes: string[] = [];
    const plain = text.replaceAll(/`([^`]+)`/g, (_, code: string) => `\0${codes.push(code) - 1}\0`);
    return escapeHtml(plain)
      .replaceAll(/\*\*(.+?)\*\*/g, '<strong>$1</strong>')
      .replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, label: string, url: string) => {
        const target = link(url);
        return target === undefined ? label : `<a href="${escapeHtml(target)}">${label}</a>`;
      })
      .replaceAll(/\0(\d+)\0/g, (_, index: string) => `<code>${escapeHtml(codes[Number(index)] ?? '')}</code>`);
  };

  return blocksOf(source)
    .map((block) => {
      switch (block.kind) {
        case 'heading': {
          const level = `h${block.level}`;
          return `<${level} id="${slug(block.text)}">${inline(block.text)}</${level}>`;
        }
        case 'code':
          return `<pre><code>${escapeHtml(block.text)}</code></pre>`;
        case 'table': {
          const [head = [], ...rows] = block.rows;
          const cells = (row: string[], tag: string): string =>
            row.map((cell) => `<${tag}>${inline(cell)}</${tag}>`).join('');
          const body = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('');
          return `<div class="wide"><table><tr>${cells(head, 'th')}</tr>${body}</table></div>`;
        }
        case 'list': {
          const tag = block.ordered ? 'ol' : 'ul';
          return `<${tag}>${block.items.map((item) => `<li>${inline(item)}</li>`).join('')}</${tag}>`;
        }
        case 'paragraph':
          return `<p>${inline(block.text)}</p>`;
      }
    })
    .join('\n');
}

type Block =
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'code' | 'paragraph'; text: string }
  | { kind: 'table'; rows: string[][] }
  | { kind: 'list'; ordered: boolean; items: string[] };

const ITEM = /^(?:[-*]|(\d+)\.) +(.*)$/;

function blocksOf(source: string): Block[] {
  const lines = source.split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    const heading = /^(#{1,4}) +(.*)$/.exec(line);
    if (line.trim() === '') at += 1;
    else if (line.startsWith('```')) {
      const end = lines.findIndex((other, index) => index > at && other.startsWith('```'));
      blocks.push({ kind: 'code', text: lines.slice(at + 1, end === -1 ? undefined : end).join('\n') });
      at = end === -1 ? lines.length : end + 1;
    } else if (heading !== null) {
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, text: heading[2] ?? '' });
      at += 1;
    } else if (line.startsWith('|')) {
      const rows = takeWhile(lines, at, (other) => other.startsWith('|'));
      blocks.push({
        kind: 'table',
        rows: rows.filter((row) => !/^[|\s:-]+$/.test(row) || /\w/.test(row)).map(cellsOf),
      });
      at += rows.length;
    } else if (ITEM.test(line)) {
      const text = takeWhile(lines, at, (other) => ITEM.test(other) || /^\s+\S/.test(other));
      const items: string[] = [];
      for (const part of text) {
        const item = ITEM.exec(part)?.[2];
        if (item === undefined) items.push(`${items.pop() ?? ''} ${part.trim()}`);
        else items.push(item);
      }
      blocks.push({ kind: 'list', ordered: ITEM.exec(line)?.[1] !== undefined, items });
      at += text.length;
    } else {
      const text = takeWhile(
        lines,
        at,
        (other) => other.trim() !== '' && !/^(#|\||```)/.test(other) && !ITEM.test(other),
      );
      blocks.push({ kind: 'paragraph', text: text.join(' ') });
      at += text.length;
    }
  }
  return blocks;
}

/** The lines from one on, which is taken whatever it is, for as long as the next ones belong to it. */
function takeWhile(lines: readonly string[], from: number, belongs: (line: string) => boolean): string[] {
  let end = from + 1;
  while (end < lines.length && belongs(lines[end] ?? '')) end += 1;
  return lines.slice(from, end);
}

function cellsOf(row: string): string[] {
  // A bar in a cell is written with a backslash.
  return row
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .trim()
    .replaceAll(/\s+/g, '-');
}
