import { afterEach, describe, expect, it } from '@jest/globals';
import { findBroadcastChannels } from '../../src/tabs/broadcast-channel.js';

const platform = globalThis as { BroadcastChannel?: unknown; window?: unknown };
const { BroadcastChannel: native } = platform;

describe('channels between tabs', () => {
  afterEach(() => {
    platform.BroadcastChannel = native;
    delete platform.window;
  });

  it('are there in a browser that has them', () => {
    platform.window = globalThis;
    const channel = findBroadcastChannels()?.('a');
    expect(channel).toBeDefined();
    channel?.close();
  });

  it('are not there where there are no tabs, where the browser has none, or where it forbids them', () => {
    expect(findBroadcastChannels()).toBeUndefined();
    platform.window = globalThis;
    platform.BroadcastChannel = class {
      constructor() {
        throw new DOMException('The operation is insecure.', 'SecurityError');
      }
    };
    expect(findBroadcastChannels()).toBeUndefined();
    delete platform.BroadcastChannel;
    expect(findBroadcastChannels()).toBeUndefined();
  });
});
