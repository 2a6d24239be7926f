import { type Browser, chromium } from 'playwright-core';
import { programPath } from '../processes/programs.js';

/** The browser of this machine; undefined where it has none, which in CI is a failure. */
export const browserPath = programPath('chromium');

/** A machine that is busy with something else shows a page late, and is not wrong. */
const SHOWN_TIMEOUT_MS = 60_000;

export async function startBrowser(): Promise<Browser> {
  if (browserPath === undefined) throw new Error('there is no browser here');
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    // A microphone that beeps, and nobody to ask for it.
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    // Pages of one local origin call another.
    '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets',
  ];
  const browser = await chromium.launch({ executablePath: browserPath, args });
  browser.on('context', (context) => context.setDefaultTimeout(SHOWN_TIMEOUT_MS));
  return browser;
}
