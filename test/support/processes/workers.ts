import { readFile, readdir } from 'node:fs/promises';
import { Agent, request as send } from 'node:http';
import type { ServerProcess } from './process.js';
import { Device, type Person } from '../story.js';

/** The processes that share the port of a server: their numbers, by the system's number for each. */
export async function workersOf(server: ServerProcess): Promise<Map<number, number>> {
  const pids = await childrenOf(server.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      const [, slot] = /(?:^|\0)PARLEY_WORKER=\{"slot":(\d+)/.exec(environment) ?? [];
      return slot === undefined ? [] : [[Number(slot), pid] as const];
    }),
  );
  return new Map(found.flat());
}

async function childrenOf(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) =>
    list
      .split(' ')
      .filter((text) => text.trim() !== '')
      .map(Number),
  );
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The number of the process that a connection lives in. */
export function slotOf({ socket }: Device): number {
  return Number(/^w(\d+)\./.exec(socket.io.engine.id)?.[1]);
}

/** How long a process may take to be there: on a machine that has others to serve one starts slowly. */
export const WORKER_START_TIMEOUT_MS = 180_000;

/** A connection in a certain process, whichever the next ones are dealt out to; waits for one that has yet to begin. */
export async function deviceIn(
  slot: number,
  url: string,
  person: Person,
  options: Record<string, unknown> = {},
): Promise<Device> {
  for (const deadline = Date.now() + WORKER_START_TIMEOUT_MS; Date.now() < deadline; ) {
    const device = new Device(url, { token: person.accessToken }, options);
    const { event } = await device.nextOf(['session:ready', 'connect_error']);
    if (event === 'session:ready' && slotOf(device) === slot) return device;
    device.socket.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no connection was dealt out to process ${slot}`);
}

/** HTTP over one TCP connection, which stays: whatever is asked for, it is asked over the same. */
export class OneConnection {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  /** By the port that each was from. */
  readonly ports = new Set<number | undefined>();

  constructor(private readonly url: string) {}

  request(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = send(new URL(path, this.url), { method, agent: this.agent, headers }, (answer) => {
        this.ports.add(answer.socket.localPort);
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece: string) => (text += piece));
        answer.on('end', () => resolve(text));
        answer.on('error', reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
