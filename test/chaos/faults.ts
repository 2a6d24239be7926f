import type { House } from './house.js';
import { Random, sleep } from './random.js';

const WEIGHTS = {
  'kill -9 of the server': 4,
  'kill -9 of the postmaster': 3,
  'kill -9 of a backend': 4,
  'the server and the postmaster at once': 1,
  pg_terminate_backend: 4,
  'SIGSTOP of the server': 2,
  'SIGSTOP of a backend': 3,
  'SIGSTOP of the postmaster': 1,
  'clients cut off': 4,
  'clients stalled': 2,
  'answers to clients lost': 4,
  'the database cut off': 4,
  'the database stalled': 3,
  'answers of the database lost': 4,
} as const;

type Fault = keyof typeof WEIGHTS;

const NEEDS_NETWORK: readonly Fault[] = [
  'the database cut off',
  'the database stalled',
  'answers of the database lost',
];
const MIN_PAUSE_MS = 300;
const MAX_PAUSE_MS = 2_500;

/** What befalls the house: one fault after another, drawn from the seed. */
export class Faults {
  private last = Number.POSITIVE_INFINITY;
  private readonly weights: Record<Fault, number>;

  constructor(
    private readonly house: House,
    private readonly random: Random,
    private readonly report: (line: string) => void,
  ) {
    this.weights = { ...WEIGHTS };
    if (house.network === undefined) for (const fault of NEEDS_NETWORK) this.weights[fault] = 0;
  }

  /** Until `end`; resolves when the last fault is over and everything runs. */
  async run(): Promise<number> {
    let number = 0;
    const began = Date.now();
    while (number < this.last) {
      await sleep(this.random.between(MIN_PAUSE_MS, MAX_PAUSE_MS));
      if (number >= this.last) break;
      const fault = this.random.weighted(this.weights);
      number += 1;
      this.report(`fault ${number} at ${((Date.now() - began) / 1_000).toFixed(1)} s: ${fault}`);
      await this.inflict(fault);
    }
    return number;
  }

  /** Now, or once there were so many. */
  end(least: number): void {
    this.last = least;
  }

  private async inflict(fault: Fault): Promise<void> {
    const { house, random } = this;
    // Drawn whatever the fault is, so that the sequence depends on the seed alone.
    const [pause, which] = [random.between(200, 2_500), random.next()];
    const backends = house.backends();
    const backend = backends[Math.floor(which * backends.length)];
    switch (fault) {
      case 'kill -9 of the server':
        await house.restarting;
        await house.killServer();
        await sleep(pause / 2);
        return house.start();
      case 'the server and the postmaster at once':
        await house.restarting;
        signal(house.postmaster(), 'SIGKILL');
        await house.killServer();
        return house.start();
      case 'kill -9 of the postmaster':
        return signal(house.postmaster(), 'SIGKILL');
      case 'kill -9 of a backend':
        return signal(backend, 'SIGKILL');
      case 'pg_terminate_backend':
        // What the function does.
        return signal(backend, 'SIGTERM');
      case 'SIGSTOP of the server':
        return stopped(house.serverPid, pause);
      case 'SIGSTOP of a backend':
        return stopped(backend, pause);
      case 'SIGSTOP of the postmaster':
        return stopped(house.postmaster(), pause);
      case 'clients cut off':
        return house.clients.cut();
      case 'clients stalled':
        house.clients.stall();
        await sleep(pause);
        return house.clients.heal();
      case 'answers to clients lost':
        house.clients.loseAnswers();
        await sleep(pause / 2);
        return house.clients.heal();
      case 'the database cut off':
        return house.network?.cut();
      case 'the database stalled':
        house.network?.stall();
        await sleep(pause);
        return house.network?.heal();
      case 'answers of the database lost':
        house.network?.loseAnswers();
        await sleep(pause / 2);
        return house.network?.heal();
    }
  }
}

async function stopped(pid: number | undefined, milliseconds: number): Promise<void> {
  signal(pid, 'SIGSTOP');
  await sleep(milliseconds);
  signal(pid, 'SIGCONT');
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined || pid <= 1) return;
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}
