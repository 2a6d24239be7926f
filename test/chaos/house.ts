import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../support/servers/free-port.js';
import { ServerProcess } from '../support/processes/process.js';
import { Proxy } from './proxy.js';
import { sleep } from './random.js';

export type Mode = 'embedded' | 'external';

/** As long as a server may take to start, a recovery of PostgreSQL included. */
const START_TIMEOUT_MS = 60_000;

interface ExternalPostgres {
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** The server under test, the database it uses, and the networks between them and to its clients. */
export class House {
  readonly directory = mkdtempSync(join(tmpdir(), 'parley-chaos-'));
  /** Deaths that nobody ordered, and starts that failed. */
  readonly violations: string[] = [];
  readonly clients!: Proxy;
  /** Undefined where the database is embedded: the server speaks with it directly. */
  readonly network: Proxy | undefined;
  private server: ServerProcess | undefined;
  private external: ExternalPostgres | undefined;
  private port = 0;
  /** Whether the end of the process was ordered. */
  private isEnding = false;

  private constructor(
    readonly mode: Mode,
    private readonly settings: Record<string, string>,
  ) {
    // Where this runs as root, PostgreSQL runs as another user and must reach its directory.
    chmodSync(this.directory, 0o755);
  }

  /** @param settings the server's environment, where it differs. */
  static async build(mode: Mode, settings: Record<string, string> = {}): Promise<House> {
    const house = new House(mode, settings);
    house.port = await freePort();
    Object.assign(house, { clients: await Proxy.start(() => house.port) });
    const home = join(house.cluster, '..');
    mkdirSync(home, { recursive: true });
    // By hand it makes its own.
    if (process.env.TEST_RUN_DIRECTORY !== undefined) {
      const { copyMigratedCluster } = await import('../support/processes/data-directory.js');
      await copyMigratedCluster(home);
    }
    if (mode === 'external') {
      // The binaries alone are embedded: a PostgreSQL that the server knows by its address.
      const { EmbeddedPostgres } = (await import(
        new URL('../../dist/database/embedded/embedded-postgres.js', import.meta.url).href
      )) as { EmbeddedPostgres: { start(options: object): Promise<ExternalPostgres> } };
      house.external = await EmbeddedPostgres.start({
        directory: join(house.directory, 'postgres'),
        log: () => undefined,
      });
      const { port } = new URL(house.external.connectionString);
      Object.assign(house, { network: await Proxy.start(() => Number(port)) });
    }
    await house.start();
    return house;
  }

  /** Where clients reach the server. */
  get url(): string {
    return `http://127.0.0.1:${this.clients.boundTo.port}`;
  }

  get logFile(): string {
    return join(this.directory, 'server.log');
  }

  get attachments(): string {
    return join(this.directory, 'data', 'attachments');
  }

  get serverPid(): number | undefined {
    return this.server?.pid;
  }

  /** Starts it as a supervisor does: again and again, as long as the database may be on its way. */
  async start(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        const server = await ServerProcess.start(this.environment(), { logFile: this.logFile });
        this.server = server;
        this.isEnding = false;
        const ended = (code: number | null): void => {
          if (this.server !== server || this.isEnding) return;
          this.violations.push(`died: the server ended by itself (${code})`);
          this.restarting = this.start().catch(() => undefined);
        };
        // It is waited for in turns, for as long as it lives.
        const watch = (): Promise<void> => server.exited().then(ended, () => watch());
        void watch();
        return;
      } catch (error) {
        if (Date.now() < deadline) {
          await sleep(300);
          continue;
        }
        this.violations.push(`start: ${(error as Error).message}`);
        throw error;
      }
    }
  }

  /** The start after a death that nobody ordered. */
  restarting: Promise<void> = Promise.resolve();

  async killServer(): Promise<void> {
    this.isEnding = true;
    await this.server?.kill();
  }

  /** As an operator does. */
  async stopServer(): Promise<void> {
    this.isEnding = true;
    const code = await this.server?.stop();
    if (code !== 0) this.violations.push(`stop: SIGTERM answered with exit code ${code}`);
  }

  postmaster(): number | undefined {
    try {
      const pid = Number(readFileSync(join(this.cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
      // The file outlives a killed one, and its number may be somebody else's by now.
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres' ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  /** Processes of PostgreSQL that serve one connection of the server each. */
  backends(): number[] {
    const postmaster = this.postmaster();
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        try {
          const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
          const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          return Number(rest.split(' ')[1]) === postmaster && /^postgres: postgres (parley|postgres) /.test(command);
        } catch {
          return false;
        }
      });
  }

  /** A connection of the test's own, which no proxy touches. */
  async database(): Promise<pg.Client> {
    const [, , , port] = readFileSync(join(this.cluster, 'postmaster.pid'), 'utf8').split('\n');
    const password = readFileSync(join(this.cluster, '..', 'postgres-password'), 'utf8').trim();
    const client = new pg.Client({
      connectionString: `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/parley`,
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async close(): Promise<void> {
    this.isEnding = true;
    await this.restarting;
    await this.server?.stop();
    await this.clients.close();
    await this.network?.close();
    await this.external?.stop();
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private get cluster(): string {
    return this.mode === 'embedded' ? join(this.directory, 'data', 'postgres') : join(this.directory, 'postgres');
  }

  private environment(): Record<string, string> {
    return {
      DATA_DIR: join(this.directory, 'data'),
      DATABASE_URL: this.databaseUrl(),
      PORT: String(this.port),
      RATE_LIMITS: 'off',
      LOG_LEVEL: 'info',
      NODE_ENV: '',
      JWT_SECRET: 'a secret that outlives every process of this test',
      ACCESS_TOKEN_SECONDS: '86400',
      ...this.settings,
    };
  }

  private databaseUrl(): string {
    if (this.external === undefined || this.network === undefined) return '';
    const url = new URL(this.external.connectionString);
    url.host = `127.0.0.1:${this.network.boundTo.port}`;
    return url.href;
  }
}
