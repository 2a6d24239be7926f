import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Systems take the ports of outgoing connections from 32,768 on (Linux), or from 49,152. */
const PORTS = { from: 15_000, to: 32_000 } as const;

/**
 * A port of this machine for a server that is started anew on the same one. The system gives none of these by itself: while
 * the server is down no connection of anybody takes its port, and none that tries to reach it meets itself there.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    const probe = createServer();
    const isFree = once(probe, 'listening').then(
      () => true,
      () => false,
    );
    probe.listen(port, '127.0.0.1');
    if (!(await isFree)) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}
