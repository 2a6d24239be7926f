import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { NetConnectOpts } from 'node:net';
import { totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { createKept } from './secrets/kept-file.js';
import { LimitsError, parseLimits } from './parse-limits.js';
import type { Limit, LimitTable } from './limits.js';
import { parseDatabaseUrl, DatabaseUrlError } from './database-url.js';
import { pushSettingsOf, type PushSettings } from './settings/push-settings.js';
import {
  ConfigurationError,
  isLongEnough,
  type LogLevel,
  readSettings,
  type SettingValues,
} from './settings/settings.js';
import { TIMINGS, type Timings } from './timings.js';
import { parseTrustedIssuers, type TrustedIssuer, TrustedIssuersError } from './trusted-issuers.js';
import { type WorkerPlace, workerPlaceOf } from './worker-place.js';

export { ConfigurationError, LOG_LEVELS, type LogLevel } from './settings/settings.js';

export type MessagingPolicy = 'anyone' | 'friends';
export type PresenceAudience = 'contacts' | 'everyone';

/** Where S3 is, or what speaks its protocol. */
export interface S3Settings {
  bucket: string;
  region: string;
  /** Undefined is Amazon's own. */
  endpoint: string | undefined;
  /** Undefined looks for them where Amazon's tools do: the environment, the machine's role. */
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
  /** The bucket in the path instead of in the host's name. */
  forcePathStyle: boolean;
}

/** A virus scanner. */
export interface ClamavSettings {
  endpoint: NetConnectOpts;
  /** Whether files are kept unscanned while it is away. */
  failOpen: boolean;
}

/** Every setting of a server, checked. Source: contract, section 9. */
export class Configuration {
  readonly production!: boolean;
  /** 0 asks the system for any free port. */
  readonly port!: number;
  /** Undefined listens on all addresses. */
  readonly host!: string | undefined;
  /** For how long a connection that asks for nothing stays open. */
  readonly keepAliveSeconds!: number;
  /** Undefined starts the embedded PostgreSQL under `dataDirectory`. */
  readonly databaseUrl!: string | undefined;
  /** Connections in all; `src/database/database.ts` divides them. */
  readonly databasePoolSize!: number;
  /** What joins several processes into one server; undefined: this is the only one. */
  readonly redisUrl!: string | undefined;
  /** Processes behind this one port, of which this is the first where there are several. */
  readonly workers!: number;
  /** Which of them this is; undefined where there is one alone, and in the process that starts them. */
  readonly worker!: WorkerPlace | undefined;
  /** Begins the ids of its long-polling sessions, where this is one of several processes. */
  readonly nodeName!: string | undefined;
  /** Over how long sockets are sent away before the process stops. */
  readonly drainSeconds!: number;
  /** Absolute. */
  readonly dataDirectory!: string;
  /** Below it nothing new is stored; 0: no floor. */
  readonly minFreeDiskBytes!: number;
  /** Undefined keeps uploaded files under `dataDirectory`. */
  readonly s3!: S3Settings | undefined;
  /** Bytes of an uploaded file at the most, by its kind. */
  readonly uploadLimits!: Readonly<Record<'IMAGE' | 'VIDEO' | 'AUDIO' | 'FILE', number>>;
  /** Whether HEIC and HEIF are decoded; else they are refused. */
  readonly heic!: boolean;
  /** Memory that the process which decodes uploads may take at the most, in bytes. */
  readonly mediaMemoryBytes!: number;
  /** Bytes that one user's files may take together; undefined: no quota. */
  readonly uploadQuotaBytes!: number | undefined;
  /** Bytes of uploads that may lie under `dataDirectory` at a time before they are kept. */
  readonly spoolBytes!: number;
  /** Undefined scans nothing. */
  readonly clamav!: ClamavSettings | undefined;
  /** For how long the URL of a file is good at the most; it is good for half of that at least. */
  readonly attachmentUrlSeconds!: number;
  readonly jwtSecret!: string;
  /** The one before, during a change-over: what was made with it is still taken. */
  readonly jwtSecretPrevious!: string | undefined;
  readonly accessTokenSeconds!: number;
  readonly refreshTokenSeconds!: number;
  readonly trustedIssuers!: readonly TrustedIssuer[];
  /** Undefined writes mail to the log, in development alone. */
  readonly smtpUrl!: string | undefined;
  readonly mailFrom!: string;
  /** Whether an account is of use before its e-mail address is verified. */
  readonly emailVerification!: 'required' | 'off';
  readonly corsOrigins!: readonly string[];
  readonly messagingPolicy!: MessagingPolicy;
  /** Whether the pages that messages link to are fetched and shown. */
  readonly linkPreviews!: boolean;
  /** Hosts that are fetched for it although they are not public: `host` or `host:port`. */
  readonly linkPreviewAllowedHosts!: readonly string[];
  /** How long messages are kept; undefined: for ever. */
  readonly retentionDays!: number | undefined;
  /** Hosts that webhooks may lead to although they are not public: `host` or `host:port`. */
  readonly webhookAllowedHosts!: readonly string[];
  readonly presenceAudience!: PresenceAudience;
  readonly push!: PushSettings;
  /** Whether the chat's page is served at /. */
  readonly web!: boolean;
  /** The older dialects that clients may speak, by name. */
  readonly dialects!: 'all' | readonly string[];
  /** The dialect of a Socket.IO connection that chooses none: `parley` or one of `dialects`. */
  readonly socketDialect!: string | undefined;
  readonly rateLimits!: boolean;
  readonly limits!: LimitTable;
  /** Sockets of any kind that one user may have open, on one process. */
  readonly maxConnectionsPerUser!: number;
  /** The same of one IP address before it is known who they are. */
  readonly maxUnauthenticatedConnections!: number;
  /** TCP connections of all. */
  readonly maxConnections!: number;
  readonly logLevel!: LogLevel;
  /** One line for every request. */
  readonly logRequests!: boolean;
  readonly metricsToken!: string | undefined;
  /** Whether a forwarded IP address is believed: the number of proxies in front, 0 for none. */
  readonly trustedProxies!: number;
  readonly timings!: Timings;
  /** An operator's command, beside servers that may run: it listens to nobody, and what is leased may be theirs. */
  readonly isOperator?: boolean;

  constructor(values: Omit<Configuration, 'eventLimit' | 'isOneOfSeveral' | 'isAlone' | 'sessionPrefix'>) {
    Object.assign(this, values);
  }

  /** Whether other processes serve the same database, as one server with this one. */
  get isOneOfSeveral(): boolean {
    return this.redisUrl !== undefined || this.worker !== undefined;
  }

  /** How the ids of this process's sessions of long polling begin; undefined where nothing has to find it by them. */
  get sessionPrefix(): string | undefined {
    const node = this.nodeName === undefined ? '' : `${this.nodeName}.`;
    const prefix = this.worker === undefined ? node : `${node}w${this.worker.slot}.`;
    return prefix === '' ? undefined : prefix;
  }

  /** Whether no other process serves the database while this one starts. */
  get isAlone(): boolean {
    if (this.isOperator === true || this.redisUrl !== undefined) return false;
    return this.worker === undefined || this.worker.isAlone;
  }

  /** How many events one connection may send; undefined is not limited. */
  get eventLimit(): Limit | undefined {
    return this.rateLimits ? this.limits.events : undefined;
  }

  /**
   * Reads and checks the environment. What one variable alone may be is in `SETTINGS`; here is what they mean together.
   * @throws ConfigurationError naming the first variable that is wrong, in one line.
   */
  static fromEnvironment(environment: Readonly<Record<string, string | undefined>> = process.env): Configuration {
    const settings = readSettings(environment);
    const production = isProduction(environment);
    const dataDirectory = resolve(settings.DATA_DIR);
    const trustedIssuers = trustedIssuersOf(settings);
    const worker = workerPlaceOf(environment);
    return new Configuration({
      production,
      port: settings.PORT,
      host: settings.HOST,
      keepAliveSeconds: settings.KEEP_ALIVE_SECONDS,
      databaseUrl: databaseUrlOf(settings, production),
      databasePoolSize: settings.DATABASE_POOL_SIZE,
      redisUrl: settings.REDIS_URL,
      workers: settings.WORKERS,
      worker,
      nodeName: settings.NODE_NAME,
      drainSeconds: settings.DRAIN_SECONDS ?? (settings.REDIS_URL === undefined ? 0 : CLUSTER_DRAIN_SECONDS),
      dataDirectory,
      minFreeDiskBytes: settings.MIN_FREE_DISK_MB * MEGABYTE,
      s3: s3Of(settings),
      uploadLimits: {
        IMAGE: settings.MAX_IMAGE_MB * MEGABYTE,
        VIDEO: settings.MAX_VIDEO_MB * MEGABYTE,
        AUDIO: settings.MAX_AUDIO_MB * MEGABYTE,
        FILE: settings.MAX_FILE_MB * MEGABYTE,
      },
      heic: settings.HEIC,
      mediaMemoryBytes: (settings.MAX_MEDIA_MEMORY_MB ?? defaultMediaMegabytes(settings.WORKERS)) * MEGABYTE,
      uploadQuotaBytes: settings.UPLOAD_QUOTA_MB === undefined ? undefined : settings.UPLOAD_QUOTA_MB * MEGABYTE,
      spoolBytes: settings.MAX_SPOOL_MB * MEGABYTE,
      clamav: clamavOf(settings),
      linkPreviews: settings.LINK_PREVIEWS,
      web: settings.WEB,
      linkPreviewAllowedHosts: settings.LINK_PREVIEW_ALLOWED_HOSTS,
      retentionDays: settings.RETENTION_DAYS,
      webhookAllowedHosts: settings.WEBHOOK_ALLOWED_HOSTS,
      attachmentUrlSeconds: settings.ATTACHMENT_URL_SECONDS,
      accessTokenSeconds: settings.ACCESS_TOKEN_SECONDS,
      refreshTokenSeconds: settings.REFRESH_TOKEN_DAYS * 24 * 3600,
      trustedIssuers,
      ...mailOf(settings, production),
      corsOrigins: settings.CORS_ORIGINS,
      messagingPolicy: settings.MESSAGING_POLICY,
      presenceAudience: settings.PRESENCE_AUDIENCE,
      ...dialectsOf(settings),
      rateLimits: settings.RATE_LIMITS,
      limits: limitsOf(settings),
      maxConnectionsPerUser: settings.MAX_CONNECTIONS_PER_USER,
      maxUnauthenticatedConnections: Math.ceil(settings.MAX_UNAUTHENTICATED_CONNECTIONS / (worker?.count ?? 1)),
      maxConnections: Math.ceil(settings.MAX_CONNECTIONS / (worker?.count ?? 1)),
      logLevel: settings.LOG_LEVEL,
      logRequests: settings.LOG_REQUESTS,
      metricsToken: settings.METRICS_TOKEN,
      trustedProxies: settings.TRUSTED_PROXIES,
      timings: { ...TIMINGS },
      jwtSecretPrevious: ownSecret(settings, 'JWT_SECRET_PREVIOUS', trustedIssuers),
      push: pushSettingsOf(settings, dataDirectory),
      // Last: it may write a file, which a start that fails for another reason should not have done.
      jwtSecret: jwtSecretOf(settings, production, dataDirectory, trustedIssuers),
    });
  }
}

/** Three quarters of a gigabyte, and no more than the share that one of so many has of three fifths of the container or machine. */
function defaultMediaMegabytes(workers: number): number {
  const constrained = process.constrainedMemory();
  const bytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(128, Math.min(768, Math.floor((bytes * 0.6) / workers / MEGABYTE)));
}

/** Whether a start that knows nothing else yet is one of production: what it prints is JSON then. */
export function isProduction(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return environment.NODE_ENV?.trim() === 'production';
}

const MEGABYTE = 1024 * 1024;
const CLUSTER_DRAIN_SECONDS = 30;

function databaseUrlOf({ DATABASE_URL: url }: SettingValues, production: boolean): string | undefined {
  if (url === undefined && production) {
    throw new ConfigurationError(
      'DATABASE_URL is required in production (DATABASE_URL=embedded runs the embedded PostgreSQL)',
    );
  }
  if (url === undefined || url === 'embedded') return undefined;
  try {
    parseDatabaseUrl(url);
  } catch (error) {
    if (error instanceof DatabaseUrlError) throw new ConfigurationError(`DATABASE_URL: ${error.message}`);
    throw error;
  }
  return url;
}

function trustedIssuersOf({ AUTH_TRUSTED_ISSUERS: text }: SettingValues): readonly TrustedIssuer[] {
  try {
    return parseTrustedIssuers(text);
  } catch (error) {
    if (error instanceof TrustedIssuersError) throw new ConfigurationError(error.message);
    throw error;
  }
}

function limitsOf({ LIMITS: text }: SettingValues): LimitTable {
  try {
    return parseLimits(text);
  } catch (error) {
    if (error instanceof LimitsError) throw new ConfigurationError(`LIMITS ${error.message}`);
    throw error;
  }
}

function mailOf(
  { SMTP_URL: smtpUrl, MAIL_FROM: mailFrom, EMAIL_VERIFICATION: chosen }: SettingValues,
  production: boolean,
): Pick<Configuration, 'smtpUrl' | 'mailFrom' | 'emailVerification'> {
  if (production && smtpUrl !== undefined && mailFrom === undefined)
    throw new ConfigurationError('MAIL_FROM is required in production where SMTP_URL is set');
  const emailVerification = chosen ?? (smtpUrl === undefined ? 'off' : 'required');
  if (production && emailVerification === 'required' && smtpUrl === undefined)
    throw new ConfigurationError('SMTP_URL is required in production where EMAIL_VERIFICATION=required');
  return { smtpUrl, mailFrom: mailFrom ?? 'Parley <no-reply@localhost>', emailVerification };
}

/** Only the form is known here: which dialects there are, src/dialects knows, and refuses any other. */
function dialectsOf({
  DIALECTS: chosen,
  SOCKET_DIALECT: socketDialect,
}: SettingValues): Pick<Configuration, 'dialects' | 'socketDialect'> {
  const names = chosen === 'none' ? [] : chosen.split(',').map((name) => name.trim());
  return { dialects: chosen === 'all' ? 'all' : names, socketDialect };
}

function clamavOf({ CLAMAV_URL: endpoint, CLAMAV_FAIL: whenAway }: SettingValues): ClamavSettings | undefined {
  return endpoint === undefined ? undefined : { endpoint, failOpen: whenAway === 'open' };
}

function s3Of(settings: SettingValues): S3Settings | undefined {
  const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint, S3_REGION: region } = settings;
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = settings;
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    throw new ConfigurationError('S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY must be set together');
  if (bucket === undefined) {
    if (endpoint !== undefined || accessKeyId !== undefined)
      throw new ConfigurationError('S3_BUCKET is required where other S3_ variables are set');
    return undefined;
  }
  const credentials =
    accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey };
  const forcePathStyle = settings.S3_FORCE_PATH_STYLE ?? endpoint !== undefined;
  return { bucket, region, endpoint, credentials, forcePathStyle };
}

function jwtSecretOf(
  settings: SettingValues,
  production: boolean,
  dataDirectory: string,
  trustedIssuers: readonly TrustedIssuer[],
): string {
  const secret = ownSecret(settings, 'JWT_SECRET', trustedIssuers);
  if (secret !== undefined) return secret;
  if (production) throw new ConfigurationError('JWT_SECRET is required in production (try: openssl rand -base64 48)');
  return keptSecret(dataDirectory);
}

/** @throws where it is another app's: who has that could sign this server's own tokens with it. */
function ownSecret(
  settings: SettingValues,
  name: 'JWT_SECRET' | 'JWT_SECRET_PREVIOUS',
  trustedIssuers: readonly TrustedIssuer[],
): string | undefined {
  const secret = settings[name];
  if (trustedIssuers.some((issuer) => issuer.kind === 'secret' && issuer.secret === secret))
    throw new ConfigurationError(`${name} must not be the secret of a trusted issuer: give this server one of its own`);
  return secret;
}

/** The generated secret, the same at every start. Two processes that start at once agree: only one creates the file. */
function keptSecret(dataDirectory: string): string {
  const path = join(dataDirectory, 'jwt-secret');
  createKept(path, () => randomBytes(48).toString('base64'));
  const kept = readFileSync(path, 'utf8').trim();
  if (!isLongEnough(kept)) {
    throw new ConfigurationError(`DATA_DIR holds a damaged ${path}: delete it, and clients refresh their sessions`);
  }
  return kept;
}
