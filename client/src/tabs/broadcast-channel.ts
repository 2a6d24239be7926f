import { Listeners } from '../connection/listeners.js';
import type { Channel, ChannelFactory, ChannelMessage } from '../ports/environment.js';

/** Messages between the tabs of an origin; undefined where the platform has no other tabs to talk to, or forbids that. */
export function findBroadcastChannels(): ChannelFactory | undefined {
  const { BroadcastChannel, window } = globalThis as unknown as {
    BroadcastChannel: typeof globalThis.BroadcastChannel;
    window?: unknown;
  };
  // Node has one too, which would keep a process alive and talk to its worker threads.
  if (window === undefined) return undefined;
  try {
    // Throws where it is missing, and where the browser has denied a page all that is stored.
    new BroadcastChannel('').close();
    return (name) => broadcastChannel(new BroadcastChannel(name));
  } catch {
    return undefined;
  }
}

function broadcastChannel(native: BroadcastChannel): Channel {
  const listeners = new Listeners<[message: ChannelMessage]>();
  native.addEventListener('message', ({ data }: MessageEvent<ChannelMessage>) => {
    if (!closed) listeners.call(data);
  });
  let closed = false;
  return {
    post: (message) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's
      if (!closed) native.postMessage(message);
    },
    subscribe: listeners.add,
    close: () => {
      closed = true;
      native.close();
    },
  };
}

/** The channel of a process without tabs; nobody listens. */
export const noChannel: ChannelFactory = () => ({
  post: () => undefined,
  subscribe: () => () => undefined,
  close: () => undefined,
});
