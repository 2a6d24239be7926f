import { build } from 'esbuild';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startBrowser } from '../../../test/support/clients/browser.js';

/** One script of `entry` (a path from client/) and all that it imports. */
export async function bundled(
  entry: string,
  alias: Record<string, string> = {},
  { production = false } = {},
): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(`../../${entry}`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    alias,
    minify: production,
    define: { 'process.env.NODE_ENV': production ? '"production"' : '"development"' },
  });
  return result.outputFiles[0]?.text ?? '';
}

/** The same as a module of the page, and what it asks for later: its files by name. */
export async function bundledParts(entry: string): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../../${entry}`, import.meta.url))],
    bundle: true,
    splitting: true,
    write: false,
    outdir: '/',
    format: 'esm',
    target: 'es2022',
  });
  return new Map(outputFiles.map(({ path, text }) => [path.slice(path.lastIndexOf('/') + 1), text]));
}

/** Bundles of the package's sources, served from one origin: what several tabs of one browser see of each other. */
export class Pages {
  private constructor(
    private readonly server: Server,
    private readonly scripts: Map<string, string>,
    readonly browser: Browser,
    readonly origin: string,
  ) {}

  static async start(): Promise<Pages> {
    const scripts = new Map<string, string>();
    const server = createServer((request, response) => {
      const name = (request.url ?? '/').slice(1).split('?')[0] ?? '';
      const script = scripts.get(name);
      response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript');
      response.end(
        script ?? `<!doctype html><meta charset="utf-8"><div id="root"></div><script src="/${name}.js"></script>`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new Pages(server, scripts, await startBrowser(), `http://127.0.0.1:${port}`);
  }

  /** Makes `entry` (a path from client/) the script of the page `/name`. */
  async bundle(
    name: string,
    entry: string,
    alias: Record<string, string> = {},
    options: { production?: boolean } = {},
  ): Promise<void> {
    this.scripts.set(`${name}.js`, await bundled(entry, alias, options));
  }

  /** A new profile: storage of its own, shared by the tabs opened in it. */
  context(): Promise<BrowserContext> {
    return this.browser.newContext();
  }

  async open(context: BrowserContext, name: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${this.origin}/${name}`);
    return page;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
