import { describe, expect, it } from '@jest/globals';
import { pageMetadata } from './page-metadata.js';

const page = (head: string): Buffer => Buffer.from(`<!doctype html><html><head>${head}</head><body></body></html>`);
const read = (head: string | Buffer, contentType = 'text/html'): ReturnType<typeof pageMetadata> =>
  pageMetadata(typeof head === 'string' ? page(head) : head, contentType, 'https://example.com/a/b');

describe('what a page says of itself', () => {
  it('is Open Graph before Twitter before what every page has', () => {
    expect(
      read(`<title>Plain</title><meta name="description" content="plain">
        <meta name="twitter:title" content="Card"><meta property="og:title" content="Graph &amp; more">
        <meta name="twitter:description" content="card"><meta property="og:site_name" content="Example">
        <meta property="og:image" content="/picture.png">`),
    ).toEqual({
      title: 'Graph & more',
      description: 'card',
      siteName: 'Example',
      imageUrl: 'https://example.com/picture.png',
    });
  });

  it('is its title where that is all, in one line', () => {
    expect(read('<title>\n  A\n title </title>')).toEqual({
      title: 'A title',
      description: null,
      siteName: null,
      imageUrl: null,
    });
  });

  it.each(['', '<title>   </title>', '<title>\u200b\u200b</title>', '<meta property="og:description" content="x">'])(
    'is nothing without a title: %j',
    (head) => {
      expect(read(head)).toBeUndefined();
    },
  );

  it('is read in the encoding that the server, the page or its bytes name', () => {
    const sjis = Buffer.concat([
      Buffer.from('<title>'),
      Buffer.from([0x93, 0xfa, 0x96, 0x7b]),
      Buffer.from('</title>'),
    ]);
    expect(read(sjis, 'text/html; charset=Shift_JIS')?.title).toBe('日本');
    const declared = Buffer.concat([
      Buffer.from('<meta charset="windows-1251"><title>'),
      Buffer.from([0xcc, 0xe8, 0xf0]),
    ]);
    expect(read(Buffer.concat([declared, Buffer.from('</title>')]))?.title).toBe('Мир');
    const latin = Buffer.concat([Buffer.from('<title>caf'), Buffer.from([0xe9]), Buffer.from('</title>')]);
    expect(read(latin)?.title).toBe('café');
    expect(read('<title>日本</title>', 'text/html; charset=nonsense')?.title).toBe('日本');
  });

  it('holds no direction marks, control characters or broken characters', () => {
    expect(read('<title>a\u202eb\u0007c\ud800d</title>')?.title).toBe('ab c\ufffdd');
  });

  it('is bounded', () => {
    const metadata = read(
      `<title>${'t'.repeat(9_000)}</title><meta name="description" content="${'d'.repeat(9_000)}">`,
    );
    expect([...(metadata?.title ?? '')]).toHaveLength(300);
    expect([...(metadata?.description ?? '')]).toHaveLength(500);
  });

  it.each([
    'javascript:alert(1)',
    'data:image/png;base64,AAAA',
    'file:///etc/passwd',
    `https://e.com/${'x'.repeat(2_048)}`,
  ])('names no picture by %s', (image) => {
    expect(read(`<title>x</title><meta property="og:image" content="${image}">`)?.imageUrl).toBeNull();
  });

  it.each(['<b>', '<svg>', '<b><svg></b>'])(
    'is read from the beginning of a page of nothing but %s, and of one that closes what is not open',
    (tag) => {
      // Far longer than any page that is read: whoever reads all of it takes hours.
      const tags = tag.repeat(1_000_000);
      expect(read(Buffer.from(`<title>x</title>${tags}`))?.title).toBe('x');
      expect(read(Buffer.from(`<title>x</title>${tag.repeat(100_000)}${'</q>'.repeat(1_000_000)}`))?.title).toBe('x');
    },
  );

  it('is found where no tag says that the head begins or ends, before anything deep', () => {
    const head = '<link rel="icon" href="x"><script>1</script>'.repeat(500);
    const deep = '<div>'.repeat(150);
    const metadata = read(Buffer.from(`<html>${head}${deep}<title>x</title><meta name="description" content="y">`));
    expect(metadata).toMatchObject({ title: 'x', description: 'y' });
  });

  it('ends with the head', () => {
    expect(read('<title>x</title></head><body><meta property="og:title" content="not this">')?.title).toBe('x');
  });
});
