import { describe, expect, it } from '@jest/globals';
import { renderMarkdown } from './markdown.js';

const render = (source: string): string => renderMarkdown(source, (url) => (url === 'x.md' ? '/x' : undefined));

describe('rendering our own documents', () => {
  it('makes headings that can be linked to, paragraphs and lists', () => {
    expect(render('## Closing gaps, at last\n\nOne\ntwo.\n\n- a\n  b\n- c\n\n1. first')).toBe(
      '<h2 id="closing-gaps-at-last">Closing gaps, at last</h2>\n<p>One two.</p>\n<ul><li>a b</li><li>c</li></ul>\n<ol><li>first</li></ol>',
    );
  });

  it('makes tables that scroll by themselves, with an empty head where there is none', () => {
    expect(render('| a | |\n|---|---|\n| `x | y` \\| z | 2 |')).toContain('<th>a</th><th></th>');
    expect(render('| a | b |\n|---|---|\n| x | 2 |')).toBe(
      '<div class="wide"><table><tr><th>a</th><th>b</th></tr><tr><td>x</td><td>2</td></tr></table></div>',
    );
  });

  it('leaves nothing of a text to a browser to run, and links only where something is', () => {
    expect(render('`<b>` <script> **bold** [x](x.md) [y](y.md)')).toBe(
      '<p><code>&#60;b&#62;</code> &#60;script&#62; <strong>bold</strong> <a href="/x">x</a> y</p>',
    );
    expect(render('**`a` and `**b`** [`c`](x.md)')).toBe(
      '<p><strong><code>a</code> and <code>**b</code></strong> <a href="/x"><code>c</code></a></p>',
    );
    expect(render('```js\nif (a < b) `c`;\n```')).toBe('<pre><code>if (a &#60; b) `c`;</code></pre>');
  });
});
