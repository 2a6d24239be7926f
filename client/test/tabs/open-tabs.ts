import type { BrowserModel, Tab } from './browser-model.js';

/** Within it the next tab leads, and is connected. */
export const TAKEOVER_MS = 2_000;

export async function closed(model: BrowserModel, tabs: readonly Tab[]): Promise<void> {
  for (const { client, life } of tabs) if (!life.isOver) void client.close();
  await model.clock.advance(1_000);
}
