import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { sleep } from '../../chaos/random.js';
import { freePort } from '../../support/servers/free-port.js';
import { NetworkLink } from '../../support/servers/network-link.js';
import { ServerProcess } from '../../support/processes/process.js';
import { RedisServer } from '../../support/servers/redis.js';

const PROCESSES = 3;

/** What a process is given beside where everything is. */
export interface StageOptions {
  readonly databaseUrl: string;
  readonly environment?: Record<string, string>;
  readonly processes?: number;
}

/** A server process, with a network of its own to its clients, to Redis and to PostgreSQL. */
export class StagedProcess {
  private server: ServerProcess | undefined;
  private starting: Promise<void> | undefined;
  private isClosing = false;
  isSuspended = false;

  private constructor(
    readonly name: string,
    private readonly port: number,
    readonly toClients: NetworkLink,
    readonly toRedis: NetworkLink,
    readonly toDatabase: NetworkLink,
    private readonly environment: Record<string, string>,
    private readonly logFile: string,
  ) {}

  static async build(
    name: string,
    redisUrl: string,
    databaseUrl: string,
    directory: string,
    environment: Record<string, string>,
  ): Promise<StagedProcess> {
    const port = await freePort();
    const [redis, database] = [new URL(redisUrl), new URL(databaseUrl)];
    const [toClients, toRedis, toDatabase] = [
      await NetworkLink.start({ host: '127.0.0.1', port }),
      await NetworkLink.start({ host: redis.hostname, port: Number(redis.port) }),
      await NetworkLink.start({ host: database.hostname, port: Number(database.port) }),
    ];
    return new StagedProcess(
      name,
      port,
      toClients,
      toRedis,
      toDatabase,
      {
        DATABASE_URL: toDatabase.urlOf(databaseUrl),
        REDIS_URL: toRedis.urlOf(redisUrl).replace(/\/$/, ''),
        DATA_DIR: join(directory, 'data'),
        PORT: String(port),
        RATE_LIMITS: 'off',
        DRAIN_SECONDS: '2',
        LOG_LEVEL: 'info',
        ACCESS_TOKEN_SECONDS: '86400',
        ...environment,
      },
      join(directory, `${name}.log`),
    );
  }

  /** Where clients reach it. */
  get url(): string {
    return `http://127.0.0.1:${this.toClients.port}`;
  }

  /** Past the network to its clients. */
  get directUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.server?.isRunning === true && this.starting === undefined && !this.isSuspended;
  }

  get process(): ServerProcess {
    if (this.server === undefined) throw new Error(`${this.name} was never started`);
    return this.server;
  }

  /** Until it runs, as a supervisor does. */
  start(): Promise<void> {
    return (this.starting ??= this.startAgain().finally(() => (this.starting = undefined)));
  }

  async kill(): Promise<void> {
    await this.starting;
    this.isSuspended = false;
    await this.server?.kill();
  }

  /** It stands still, as a machine does that is out of time. */
  suspend(): void {
    if (!this.isRunning) return;
    this.isSuspended = true;
    this.server?.signal('SIGSTOP');
  }

  resume(): void {
    this.isSuspended = false;
    this.server?.signal('SIGCONT');
  }

  heal(): void {
    for (const link of [this.toClients, this.toRedis, this.toDatabase]) link.heal();
  }

  async close(): Promise<void> {
    this.isClosing = true;
    this.heal();
    await this.starting?.catch(() => undefined);
    await this.server?.kill();
    await Promise.all([this.toClients, this.toRedis, this.toDatabase].map((link) => link.close()));
  }

  private async startAgain(): Promise<void> {
    for (let attempt = 1; !this.isClosing; attempt += 1) {
      try {
        this.server = await ServerProcess.start(this.environment, { logFile: this.logFile });
        return;
      } catch (error) {
        if (attempt === 10) throw error;
        await sleep(500);
      }
    }
  }
}

/** Several processes, one Redis and one database, and a network on each way between them. */
export class Stage {
  private constructor(
    readonly redis: RedisServer,
    readonly processes: readonly StagedProcess[],
    /** A connection past all networks. */
    readonly database: pg.Client,
    readonly directory: string,
  ) {}

  static async build({ databaseUrl, environment = {}, processes = PROCESSES }: StageOptions): Promise<Stage> {
    const directory = mkdtempSync(join(tmpdir(), 'parley-cluster-'));
    const redis = await RedisServer.start();
    const built: StagedProcess[] = [];
    for (let index = 0; index < processes; index += 1)
      built.push(await StagedProcess.build(`process-${index}`, redis.url, databaseUrl, directory, environment));
    const database = new pg.Client({ connectionString: databaseUrl });
    database.on('error', () => undefined);
    await database.connect();
    const stage = new Stage(redis, built, database, directory);
    try {
      await Promise.all(built.map((one) => one.start()));
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  /** Everything runs, and everything passes. */
  async heal(): Promise<void> {
    for (const one of this.processes) {
      one.heal();
      if (one.isSuspended) one.resume();
    }
    this.redis.signal('SIGCONT');
    await this.redis.startAgain();
    await Promise.all(this.processes.filter((one) => !one.isRunning).map((one) => one.start()));
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((one) => one.close()));
    this.redis.signal('SIGCONT');
    await this.redis.kill();
    await this.database.end();
  }

  /** What the processes wrote. */
  forget(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
