import { existsSync } from 'node:fs';
import process from 'node:process';
import { type Browser, chromium } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The browser of this machine; undefined where it has none, which in CI is a failure. */
export const browserPath = ((): string | undefined => {
  const path = PLACES.find((place) => existsSync(place));
  if (path === undefined && process.env.CI !== undefined) throw new Error('no Chromium: apt-get install chromium');
  return path;
})();

export function startBrowser(): Promise<Browser> {
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
  return chromium.launch({ executablePath: browserPath, args });
}
