import { beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { Lifecycle } from '../common/stopping/lifecycle.js';
import { ChatGateway } from './chat.gateway.js';

describe('a process that is to end and has no sockets', () => {
  let lifecycle: Lifecycle;
  let isOver: boolean;

  beforeEach(() => {
    lifecycle = new Lifecycle();
    isOver = false;
  });

  const sendAway = (redisUrl: string | undefined): Promise<void> => {
    const dependencies = {
      broadcaster: { hasSockets: false },
      configuration: { redisUrl, timings: { presenceGraceMs: 0 } },
      lifecycle,
    };
    const gateway: object = Object.assign(Object.create(ChatGateway.prototype) as object, dependencies);
    return (gateway as ChatGateway).sendAway(300).finally(() => (isOver = true));
  };

  it('takes new connections until a balancer had the time to notice', async () => {
    const over = sendAway('redis://localhost');
    await setImmediate();
    expect({ isOver, refuses: lifecycle.refusesConnections }).toEqual({ isOver: false, refuses: false });
    await over;
    expect(lifecycle.refusesConnections).toBe(true);
  });

  it('waits for nothing where it is alone', async () => {
    void sendAway(undefined);
    await setImmediate();
    expect(isOver).toBe(true);
  });
});
