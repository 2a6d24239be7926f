import { readdirSync, readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStory, type Story } from '../../support/story.js';

const DIST = join(process.cwd(), 'web', 'dist');
/**
 * With what a draft answers and the edit under way, which are drawn with the field and kept with each character; what leads on after
 * an answer looks first whether its user has stayed; times follow the time zone; and with what Back closes, which the first place must
 * know of; with how far the device's clock is ahead; and with what the client shows by the answers to its calls, without an event.
 */
const MAX_SCRIPT_BYTES = 77_700;
const MAX_STYLE_BYTES = 10_000;
/** Of the moderators' page, script and style, which nobody else fetches. */
const MAX_ADMIN_BYTES = 40_000;

const page = readFileSync(join(DIST, 'index.html'), 'utf8');
/** What the page names is what every visit fetches. */
const namedIn = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map(([, path]) => path as string);
const scripts = namedIn(/(?:src|href)="(\/assets\/[^"]+\.js)"/g);
const styles = namedIn(/href="(\/assets\/[^"]+\.css)"/g);
const gzipped = (paths: readonly string[]): number =>
  paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(DIST, path)), { level: 9 }).length, 0);

/** As it is on the wire: fetch decompresses, and adds headers of its own. */
function ask(
  address: string,
  headers: Record<string, string>,
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request(address, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    })
      .on('error', reject)
      .end();
  });
}

describe('the page', () => {
  let story: Story;
  let url: string;
  beforeAll(async () => {
    story = await startStory();
    ({ url } = story);
  });
  afterAll(() => story.close());

  it('is shown at / and at every place in it', async () => {
    const paths = [
      '/',
      '/people',
      '/settings',
      '/new',
      '/admin',
      '/c/01890000-0000-7000-8000-000000000000',
      '/c/abc/12',
    ];
    for (const path of paths) {
      const answer = await fetch(url + path);
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
        path,
        200,
        'text/html; charset=utf-8',
      ]);
      expect(await answer.text()).toBe(page);
    }
  });

  it('leaves everything else to the API, with its own words for what is not there', async () => {
    for (const [path, status] of [
      ['/nothing', 404],
      ['/c', 404],
      ['/assets/nothing.js', 404],
      ['/assets/../../package.json', 404],
      ['/conversations', 401],
      ['/users/me', 401],
      ['/admin/audit', 401],
    ] as const) {
      const answer = await fetch(url + path);
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
    expect((await fetch(`${url}/`, { method: 'POST' })).status).toBe(404);
  });

  it('says to a browser in its own words that nothing is there, and to everything else in the API’s', async () => {
    const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const shown = await ask(`${url}/nothing/at/all`, { accept: BROWSER });
    expect([shown.status, shown.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    expect(shown.body.toString()).toBe(page);
    expect(shown.headers['content-security-policy']).toContain("default-src 'none'");
    expect(shown.headers['etag']).toBeUndefined();
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.9']) {
      const { status, headers } = await ask(`${url}/nothing/at/all`, { accept });
      expect([accept, status, headers['content-type']]).toEqual([
        accept,
        404,
        'application/problem+json; charset=utf-8',
      ]);
    }
    // What there is, and is not this visitor's, is the API's to say.
    const refused = await ask(`${url}/conversations`, { accept: BROWSER });
    expect([refused.status, refused.headers['content-type']]).toEqual([401, 'application/problem+json; charset=utf-8']);
    expect(
      (await fetch(`${url}/nothing`, { method: 'POST', headers: { accept: BROWSER } })).headers.get('content-type'),
    ).toContain('application/problem+json');
  });

  it('lets nothing in: a policy without inline script or style, and no other origin', async () => {
    const { headers } = await fetch(url);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|https?:\/\//);
  });

  it('gives files with a hash in their name for ever, and the page itself never without asking', async () => {
    const asset = await fetch(url + scripts[0]);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    for (const path of ['/', '/sw.js', '/manifest.webmanifest']) {
      const answer = await fetch(url + path);
      expect([path, answer.headers.get('cache-control')]).toEqual([path, 'no-cache']);
      const again = await ask(url + path, { 'if-none-match': answer.headers.get('etag') ?? '' });
      expect([path, again.status, again.body.length]).toEqual([path, 304, 0]);
    }
  });

  it('comes compressed as its build made it, in the best way that the browser takes', async () => {
    const raw = async (accepted: string): Promise<[string | undefined, Buffer]> => {
      const { headers, body } = await ask(url + scripts[0], { 'accept-encoding': accepted });
      return [headers['content-encoding'], body];
    };
    const [, plain] = await raw('identity');
    const [brotli, withBrotli] = await raw('gzip, deflate, br');
    expect(brotli).toBe('br');
    expect(brotliDecompressSync(withBrotli).equals(plain)).toBe(true);
    const [gzip, withGzip] = await raw('gzip, br;q=0');
    expect(gzip).toBe('gzip');
    expect(gunzipSync(withGzip).equals(plain)).toBe(true);
    expect((await raw('br;q=0'))[0]).toBeUndefined();
    expect((await raw('*'))[0]).toBe('br');
    expect((await raw('br;q=0, *;q=0.1'))[0]).toBe('gzip');
    expect((await raw('gzip; q=0.000; x=1, identity'))[0]).toBeUndefined();
  });

  it('answers HEAD with the headers alone', async () => {
    const answer = await fetch(url, { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(0);
    expect(await answer.text()).toBe('');
  });

  it(`fetches the moderators’ page, of at most ${MAX_ADMIN_BYTES} bytes, only for who opens it`, () => {
    const files = readdirSync(join(DIST, 'assets')).filter((name) => /^AdminPage-.*\.(js|css)$/.test(name));
    expect(files).toHaveLength(2);
    expect(gzipped(files.map((name) => `/assets/${name}`))).toBeLessThanOrEqual(MAX_ADMIN_BYTES);
    for (const name of files) expect(page).not.toContain(name);
    const first = [...scripts, ...styles].map((path) => readFileSync(join(DIST, path), 'utf8'));
    // Its address is named there, and nothing of what it says.
    expect(first.some((text) => text.includes('Audit log') || text.includes('.admin-nav'))).toBe(false);
  });

  it(`fetches at most ${MAX_SCRIPT_BYTES} bytes of script and ${MAX_STYLE_BYTES} of style before it can be used`, () => {
    expect(scripts.length).toBeGreaterThan(0);
    expect(styles.length).toBeGreaterThan(0);
    expect(gzipped(scripts)).toBeLessThanOrEqual(MAX_SCRIPT_BYTES);
    expect(gzipped(styles)).toBeLessThanOrEqual(MAX_STYLE_BYTES);
  });

  it('keeps every file of its build for a start without a network, but for the moderators’ page', () => {
    const worker = readFileSync(join(DIST, 'sw.js'), 'utf8');
    for (const name of readdirSync(join(DIST, 'assets')).filter((file) => /\.(js|css)$/.test(file)))
      expect([name, worker.includes(`"/assets/${name}"`)]).toEqual([name, !name.startsWith('AdminPage-')]);
    expect(worker).toMatch(/parley-[0-9a-f]{12}/);
  });

  it('leaves a redirect to the browser, and has the page that is kept where the server is not well', async () => {
    const listeners = new Map<string, (event: object) => void>();
    let answer: { ok: boolean; type: string };
    const kept = { ok: true, type: 'kept' };
    runInNewContext(readFileSync(join(DIST, 'sw.js'), 'utf8'), {
      self: {
        location: new URL(url),
        addEventListener: (type: string, listener: (event: object) => void) => listeners.set(type, listener),
      },
      caches: { match: async () => kept },
      fetch: async () => answer,
      URL,
      AbortSignal,
    });
    /** What is shown for what the server answers. */
    const shownFor = async (ok: boolean, type: string): Promise<string> => {
      answer = { ok, type };
      let shown: Promise<{ type: string }> | undefined;
      const request = { method: 'GET', url: `${url}/people`, mode: 'navigate' };
      listeners.get('fetch')?.({ request, respondWith: (given: typeof shown) => (shown = given) });
      return (await shown)?.type ?? 'nothing';
    };
    expect(await shownFor(true, 'basic')).toBe('basic');
    expect(await shownFor(false, 'basic')).toBe('kept');
    expect(await shownFor(false, 'opaqueredirect')).toBe('opaqueredirect');
  });

  it('is not there with WEB=off', async () => {
    const bare = await startStory({}, { WEB: 'off' });
    try {
      for (const path of ['/', '/people', '/sw.js', scripts[0]]) {
        const answer = await fetch(bare.url + path);
        expect([path, answer.status]).toEqual([path, 404]);
      }
      expect((await fetch(`${bare.url}/health/live`)).status).toBe(200);
    } finally {
      await bare.close();
    }
  });
});
