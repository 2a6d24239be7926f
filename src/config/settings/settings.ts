import type { NetConnectOpts } from 'node:net';
import { availableParallelism } from 'node:os';
import * as v from 'valibot';

/**
 * Every variable that the server reads: what it may be, what it is where it is absent, and what it means. Types, the one-line
 * errors of the start, `.env.example` and the table of docs/operations.md are made from it (`npm run docs:generate`).
 *
 * A message of a schema follows the variable's name, and repeats no value that may be a secret.
 */
export interface Setting<Schema extends v.GenericSchema<string | undefined, unknown>> {
  readonly schema: Schema;
  /** What is read where the variable is absent; undefined leaves it to the schema. */
  readonly fallback: string | undefined;
  /** The table's column, where it says more than the fallback. */
  readonly shownDefault?: string;
  /** For .env.example, where the fallback would show nothing. */
  readonly example?: string;
  /** Markdown, for the table. */
  readonly meaning: string;
  /** Lines above it in .env.example; none where it belongs to the one before. */
  readonly comment?: readonly string[];
}

function wholeNumber(min: number, max: number) {
  const message = (issue: { input: unknown }) =>
    `must be a whole number from ${min} to ${max}, not "${String(issue.input)}"`;
  return v.pipe(
    v.string(),
    v.check((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, message),
    v.transform(Number),
  );
}

function oneOf<const Choices extends readonly [string, ...string[]]>(choices: Choices) {
  return v.picklist(choices, ({ input }) => `must be one of ${choices.join(', ')}, not "${String(input)}"`);
}

const onOff = v.pipe(
  oneOf(['on', 'off']),
  v.transform((choice) => choice === 'on'),
);

const text = v.optional(v.string());

export const MAX_WORKERS = 64;

const workers = v.pipe(
  v.string(),
  v.check(
    (value) => value === 'auto' || (/^\d{1,2}$/.test(value) && Number(value) >= 1 && Number(value) <= MAX_WORKERS),
    ({ input }) => `must be auto, or a whole number from 1 to ${MAX_WORKERS}, not "${input}"`,
  ),
  v.transform((value) => (value === 'auto' ? Math.min(availableParallelism(), MAX_WORKERS) : Number(value))),
);

function url(protocols: readonly string[], message: string) {
  return v.optional(
    v.pipe(
      v.string(),
      v.check((value) => protocols.includes(protocolOf(value)), message),
    ),
  );
}

const baseUrl = v.pipe(
  v.string(),
  v.check((value) => ['https:', 'http:'].includes(protocolOf(value)), 'must be an https:// or http:// URL'),
);

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const MIN_SECRET_BYTES = 32;
const SECRET_FAULT = `must be at least ${MIN_SECRET_BYTES} bytes and no placeholder (try: openssl rand -base64 48)`;

const secret = v.optional(
  v.pipe(
    v.string(),
    v.check((value) => isLongEnough(value) && !/^(.)\1*$/.test(value) && !/change.?me/i.test(value), SECRET_FAULT),
  ),
);

/** Separated by commas; none where it is empty. */
const list = v.pipe(
  v.string(),
  v.transform((value) => value.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]))),
);

/** As `URL` writes hosts, so that it does not matter how an operator does: in small letters, in ASCII. */
const hosts = v.pipe(
  list,
  v.check(
    (items) => items.every((item) => normalHost(item) !== undefined),
    'must be host or host:port, separated by commas',
  ),
  v.transform((items) => items.flatMap((item) => normalHost(item) ?? [])),
);

/** Push services of browsers: by name, by what they are below, or whole where they are of the operator's own network. */
const webHosts = v.pipe(
  list,
  v.check(
    (items) => items.length > 0 && items.every((item) => normalWebHost(item) !== undefined),
    'must be host, *.host or http://host:port, separated by commas',
  ),
  v.transform((items) => items.flatMap((item) => normalWebHost(item) ?? [])),
);

function normalWebHost(item: string): string | undefined {
  if (['https:', 'http:'].includes(protocolOf(item))) {
    const { origin, href } = new URL(item);
    return href === `${origin}/` ? origin : undefined;
  }
  const [, below = '', host = ''] = /^(\*\.)?([^\s:/?#@*[\]]+)$/.exec(item) ?? [];
  // Below a name of one label is everybody.
  if (host === '' || (below !== '' && !host.includes('.')) || !URL.canParse(`https://${host}`)) return undefined;
  return `${below}${new URL(`https://${host}`).hostname}`;
}

/** What is sent in a header. */
const headerToken = v.optional(
  v.pipe(
    v.string(),
    v.check((value) => /^[\x21-\x7e]+$/.test(value), 'must be one line without blanks'),
  ),
);

/** As Apple shows it: what has a blank or a quote in it was copied badly. */
const appleName = v.optional(
  v.pipe(
    v.string(),
    v.check((value) => /^[\w.-]+$/.test(value), 'must be letters, digits, dots and dashes alone'),
  ),
);

function normalHost(item: string): string | undefined {
  const [, host = '', port = ''] = /^([^:/?#@]+|\[[^\]/?#@]+\])(:\d{1,5})?$/.exec(item) ?? [];
  const url = host === '' ? '' : `http://${host}`;
  return URL.canParse(url) ? `${new URL(url).hostname}${port}` : undefined;
}

const origins = v.pipe(
  v.string(),
  v.transform((value) =>
    value
      .split(',')
      .map((origin) => origin.trim().replace(/\/$/, ''))
      .filter((origin) => origin !== ''),
  ),
  v.array(
    v.pipe(
      v.string(),
      v.check(
        (origin) => ['https:', 'http:'].includes(protocolOf(origin)) && new URL(origin).origin === origin,
        ({ input }) => `must be origins such as https://app.example.com, not "${input}"`,
      ),
    ),
  ),
);

const CLAMD_PORT = 3310;

/** Where clamd listens: a port, or a socket in the file system, as Debian has it. */
function clamdEndpointOf(value: string): NetConnectOpts | undefined {
  const [, path] = /^unix:(?:\/\/)?(\/.+)$/.exec(value) ?? [];
  if (path !== undefined) return { path };
  if (!URL.canParse(value)) return undefined;
  const { protocol, hostname, port, pathname, username, search } = new URL(value);
  if (protocol !== 'tcp:' || hostname === '' || !/^\/?$/.test(pathname) || username !== '' || search !== '')
    return undefined;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? CLAMD_PORT : Number(port) };
}

const clamdEndpoint = v.optional(
  v.pipe(
    v.string(),
    v.transform(clamdEndpointOf),
    v.check((endpoint) => endpoint !== undefined, 'must be tcp://host:port, or unix:/path/of/a/socket'),
  ),
);

/** Keeps the type of each schema. */
function settings<Schemas extends Record<string, v.GenericSchema<string | undefined, unknown>>>(
  table: {
    [Name in keyof Schemas]: Setting<Schemas[Name]>;
  },
): { [Name in keyof Schemas]: Setting<Schemas[Name]> } {
  return table;
}

export const SETTINGS = settings({
  NODE_ENV: {
    // Blanks around it may be of a shell's or a secret's making. A word that was meant for `production` must not start anything less.
    schema: v.optional(v.pipe(v.string(), v.trim(), oneOf(['production', 'development', 'test']))),
    fallback: undefined,
    meaning:
      '`production` requires `DATABASE_URL` and `JWT_SECRET`, logs JSON lines, and no longer allows `localhost` as an origin; `development` and `test` are as nothing',
    comment: [
      '`production` requires DATABASE_URL and JWT_SECRET, writes JSON logs, and allows no other origin that is not listed.',
    ],
  },
  PORT: {
    schema: wholeNumber(0, 65_535),
    fallback: '3000',
    meaning: '0 takes any free port and prints it',
    comment: ['Where it listens. PORT=0 takes any free port and prints it; no HOST means all IP addresses.'],
  },
  HOST: { schema: text, fallback: undefined, shownDefault: 'all IP addresses', meaning: 'where it listens' },
  KEEP_ALIVE_SECONDS: {
    schema: wholeNumber(5, 3_600),
    fallback: '75',
    meaning:
      'how long an idle connection stays open, 5 to 3,600: longer than the proxy in front keeps its own ([below](#behind-a-proxy))',
    comment: ['How long an idle connection stays open, in seconds: longer than a proxy in front keeps its own.'],
  },
  DATABASE_URL: {
    schema: v.optional(
      v.pipe(
        v.string(),
        // The value may hold a password, so the message does not repeat it.
        v.check(
          (value) => value === 'embedded' || ['postgresql:', 'postgres:'].includes(protocolOf(value)),
          'must be a postgresql:// URL, or "embedded"',
        ),
      ),
    ),
    fallback: undefined,
    example: 'postgresql://parley:password@localhost:5432/parley',
    meaning:
      '[PostgreSQL](#the-database) ≥ 14 with the extensions `pg_trgm` and `btree_gin` available; `?schema=` names where the tables are; absent or `embedded`: the embedded PostgreSQL (in production only if `embedded` is said)',
    comment: [
      'PostgreSQL 14 or newer. Without it an embedded PostgreSQL runs under DATA_DIR; in production that must be asked for',
      'by DATABASE_URL=embedded',
    ],
  },
  DATABASE_POOL_SIZE: {
    schema: wholeNumber(4, 200),
    fallback: '16',
    meaning:
      "connections to PostgreSQL at most, 4 to 200, in three pools that never wait for each other: messages and commands (9 of 16), reads (5), background work (2). Fewer are open while there is little to do. `max_connections` must have room for all processes, those of a deployment's old and new release together. Each of `WORKERS` has so many, or fewer where PostgreSQL has no room for all of them",
  },
  REDIS_URL: {
    // The value may hold a password, so the message does not repeat it.
    schema: url(['redis:', 'rediss:'], 'must be a redis:// or rediss:// URL'),
    fallback: undefined,
    example: 'redis://localhost:6379',
    meaning:
      'several processes with the same `DATABASE_URL`, `REDIS_URL` and `JWT_SECRET` act as [one server](cluster.md); Redis 7, or what speaks its protocol',
    comment: [
      'Several processes with the same DATABASE_URL, REDIS_URL and JWT_SECRET act as one server: docs/cluster.md',
    ],
  },
  WORKERS: {
    schema: workers,
    fallback: '1',
    meaning:
      'processes of this machine behind one port, which act as [one server](cluster.md#one-machines-cores): a number up to 64, or `auto`: one for each core. Needs no Redis',
    comment: ['Processes behind this one port, for a machine with several cores: a number, or auto (docs/cluster.md).'],
  },
  NODE_NAME: {
    schema: v.optional(
      v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of the characters a to z, 0 to 9 and "-"')),
    ),
    fallback: undefined,
    example: 'east',
    meaning:
      'the name of this process among several: the ids of its long-polling sessions begin with it and a dot, so that a [balancer](cluster.md#a-balancer-in-front) can find it',
    comment: ['The name of this process among several, for a balancer in front: docs/cluster.md'],
  },
  DRAIN_SECONDS: {
    schema: v.optional(wholeNumber(0, 3_600)),
    fallback: undefined,
    shownDefault: '0; 30 with `REDIS_URL`',
    example: '30',
    meaning:
      'over how long sockets are sent away at SIGTERM, so that they do not all come back at once; they are served until then, and `/health/ready` is 503. A supervisor must wait for 10 s more',
    comment: ['Over how long sockets are sent away at SIGTERM, in seconds. Default: 0, and 30 with REDIS_URL.'],
  },
  DATA_DIR: {
    schema: v.string(),
    fallback: './data',
    meaning: 'the embedded database, the generated secret, uploaded files (also with S3: on their way there)',
    comment: ['The embedded database, the generated JWT secret, uploaded files.'],
  },
  MIN_FREE_DISK_MB: {
    schema: wholeNumber(0, 1_000_000),
    fallback: '256',
    meaning:
      'free space kept on the disk of `DATA_DIR` (and of `DATA_DIR/postgres`, where that is another): below it writes answer 503 `UNAVAILABLE`; 0: no floor',
    comment: ['Free space that is kept on the disk of DATA_DIR: with less, nothing new is stored. 0: no floor.'],
  },
  JWT_SECRET: {
    schema: secret,
    fallback: undefined,
    shownDefault: 'generated, kept in `DATA_DIR/jwt-secret`',
    meaning: 'at least 32 bytes, no placeholder; what changing it ends: [below](#changing-jwt_secret)',
    comment: [
      'At least 32 bytes, for example from: openssl rand -base64 48',
      'Without it one is generated and kept in DATA_DIR; required in production.',
    ],
  },
  JWT_SECRET_PREVIOUS: {
    schema: secret,
    fallback: undefined,
    meaning: 'the one before, during a change-over: what was made with it is still taken',
    comment: ['The one before, while JWT_SECRET is changed: what was made with it is still taken.'],
  },
  ACCESS_TOKEN_SECONDS: {
    schema: wholeNumber(1, 24 * 3_600),
    fallback: '900',
    meaning: 'life of an access token, 1 to 86,400',
    comment: [
      'How long an access token is good, in seconds, and how long a session lasts without being used, in days.',
    ],
  },
  REFRESH_TOKEN_DAYS: {
    schema: wholeNumber(1, 400),
    fallback: '30',
    meaning: 'a session ends when it was not refreshed for so long, 1 to 400',
  },
  AUTH_TRUSTED_ISSUERS: {
    schema: text,
    fallback: undefined,
    example:
      '{"issuer":"https://TENANT.eu.auth0.com/","jwksUrl":"https://TENANT.eu.auth0.com/.well-known/jwks.json","audience":"https://chat.example.com"}',
    meaning: 'whose tokens are taken beside our own: [trusted-issuers.md](trusted-issuers.md)',
    comment: ['Whose tokens are taken beside our own, as JSON: docs/trusted-issuers.md'],
  },
  SMTP_URL: {
    // The value may hold a password, so the message does not repeat it.
    schema: url(['smtp:', 'smtps:'], 'must be an smtp:// or smtps:// URL'),
    fallback: undefined,
    example: 'smtps://user:password@smtp.example.com',
    meaning:
      '`smtp://` or `smtps://`, with user and password in it; absent: outside production codes are written to the log, in production nothing is sent',
    comment: ['Mail. Without SMTP_URL, outside production, codes are written to the log instead.'],
  },
  MAIL_FROM: {
    schema: v.optional(
      v.pipe(
        v.string(),
        v.regex(
          /^[^\r\n]{0,200}<?[^\s@<>]+@[^\s@<>]+>?$/,
          'must be an e-mail address such as "Chat <chat@example.com>"',
        ),
      ),
    ),
    fallback: undefined,
    shownDefault: '`Parley <no-reply@localhost>`',
    example: 'Chat <chat@example.com>',
    meaning: 'the sender; required in production where `SMTP_URL` is set',
  },
  EMAIL_VERIFICATION: {
    schema: v.optional(oneOf(['required', 'off'])),
    fallback: undefined,
    shownDefault: '`required` where `SMTP_URL` is set, else `off`',
    example: 'off',
    meaning:
      "whether a new account's e-mail address must be verified before it can log in; `required` in production needs `SMTP_URL`",
    comment: [
      "Whether a new account's e-mail address has to be verified before it is used: required | off",
      'Default: required where SMTP_URL is set, else off.',
    ],
  },
  CORS_ORIGINS: {
    schema: origins,
    fallback: '',
    shownDefault: 'same origin; outside production also localhost',
    example: 'https://app.example.com',
    meaning: 'origins for HTTP and sockets, separated by commas',
    comment: [
      'Origins that browsers may call from, separated by commas. Outside production localhost is always allowed.',
    ],
  },
  MESSAGING_POLICY: {
    schema: oneOf(['anyone', 'friends']),
    fallback: 'anyone',
    meaning: 'or `friends`: who may open direct conversations, and write in them',
    comment: ['Who may open a direct conversation: anyone | friends'],
  },
  PRESENCE_AUDIENCE: {
    schema: oneOf(['contacts', 'everyone']),
    fallback: 'contacts',
    meaning: 'or `everyone`: who is shown presence',
    comment: ['Who sees whether a user is online: contacts (friends and conversation partners) | everyone'],
  },
  DIALECTS: {
    schema: v.string(),
    fallback: 'all',
    meaning:
      'the [older dialects](protocol/README.md) that are spoken: `all`, `none`, or some of their names, separated by commas',
    comment: [
      'Older dialects that clients may speak: all | none | names of docs/protocol/README.md, separated by commas',
    ],
  },
  SOCKET_DIALECT: {
    schema: text,
    fallback: undefined,
    shownDefault: 'Parley’s own',
    meaning: 'the dialect of Socket.IO connections that choose none: an older one of Socket.IO',
    comment: [
      'The dialect of Socket.IO connections that choose none: Parley’s own where this is empty, or an older one of Socket.IO',
    ],
  },
  RATE_LIMITS: {
    schema: onOff,
    fallback: 'on',
    meaning: '`off` for load tests',
    comment: ['on | off; off is for load tests.'],
  },
  LIMITS: {
    schema: text,
    fallback: undefined,
    example: '{ "messages": { "burst": 20, "points": 5 } }',
    meaning: 'changes of the [table of limits](#limits), as JSON',
    comment: ['Changes of single limits; docs/operations.md has the table.'],
  },
  MAX_CONNECTIONS_PER_USER: {
    schema: wholeNumber(1, 1_000_000),
    fallback: '50',
    meaning: 'sockets of any kind that one user may have open on one process',
    comment: [
      'Sockets of any kind that one user may have open; those of one IP address that were not let in yet; TCP connections of all.',
    ],
  },
  MAX_UNAUTHENTICATED_CONNECTIONS: {
    schema: wholeNumber(1, 1_000_000),
    fallback: '500',
    meaning: 'sockets of one IP address that were not let in yet, divided among `WORKERS`',
  },
  MAX_CONNECTIONS: {
    schema: wholeNumber(1, 1_000_000),
    fallback: '20000',
    meaning: "TCP connections of all, divided among `WORKERS`; keep the system's limit of open files above it",
  },
  TRUSTED_PROXIES: {
    schema: wholeNumber(0, 10),
    fallback: '0',
    meaning: "how many proxies in front are believed about the client's IP address",
    comment: ['How many reverse proxies stand in front, whose X-Forwarded-For is believed. 0: none.'],
  },
  S3_BUCKET: {
    schema: text,
    fallback: undefined,
    meaning: 'keeps uploaded files in S3, or what speaks its protocol, instead of under `DATA_DIR`',
    comment: [
      "Keeps uploaded files in S3, or what speaks its protocol, instead. Without keys: where Amazon's tools look for them.",
    ],
  },
  S3_REGION: { schema: v.string(), fallback: 'us-east-1', meaning: 'the region of the bucket' },
  S3_ENDPOINT: {
    schema: url(['https:', 'http:'], 'must be an https:// or http:// URL'),
    fallback: undefined,
    shownDefault: "Amazon's",
    example: 'https://s3.example.com',
    meaning: '`https://…` of another store',
  },
  S3_ACCESS_KEY_ID: {
    schema: text,
    fallback: undefined,
    shownDefault: "from where Amazon's tools look: the environment, the machine's role",
    meaning: 'set together with the next',
  },
  S3_SECRET_ACCESS_KEY: { schema: text, fallback: undefined, shownDefault: 'likewise', meaning: 'set together' },
  S3_FORCE_PATH_STYLE: {
    schema: v.optional(onOff),
    fallback: undefined,
    shownDefault: '`on` with `S3_ENDPOINT`, else `off`',
    meaning: "the bucket in the path instead of in the host's name",
    comment: ['on | off; default: on where S3_ENDPOINT is set'],
  },
  MAX_IMAGE_MB: {
    schema: wholeNumber(1, 100),
    fallback: '10',
    meaning: 'the largest image',
    comment: ['The largest upload of each kind.'],
  },
  MAX_VIDEO_MB: { schema: wholeNumber(1, 2_000), fallback: '100', meaning: 'the largest film' },
  MAX_AUDIO_MB: { schema: wholeNumber(1, 2_000), fallback: '100', meaning: 'the largest sound' },
  MAX_FILE_MB: { schema: wholeNumber(1, 2_000), fallback: '50', meaning: 'the largest upload of any other kind' },
  MAX_SPOOL_MB: {
    schema: wholeNumber(16, 1_000_000),
    fallback: '4096',
    meaning:
      'room under `DATA_DIR/spool` for uploads under way, of one process or all of its `WORKERS` together, and again under `DATA_DIR/tus` for what came of unfinished resumable ones, of all; never less than two of the largest',
    comment: [
      'Room under DATA_DIR/spool for uploads that are under way: a user has an eighth of it, an IP address half. The same again',
      'under DATA_DIR/tus for resumable uploads that are not finished.',
    ],
  },
  UPLOAD_QUOTA_MB: {
    schema: v.optional(wholeNumber(1, 100_000_000)),
    fallback: undefined,
    meaning: "what one user's files may take together; unset: no quota",
    comment: ["What one user's files may take together, in megabytes; not set: no quota."],
  },
  HEIC: {
    schema: onOff,
    fallback: 'on',
    meaning: '`off`: pictures in HEIC and HEIF are refused instead of turned into JPEG',
    comment: ['Whether pictures in HEIC and HEIF are turned into JPEG: on | off, which refuses them'],
  },
  MAX_MEDIA_MEMORY_MB: {
    schema: v.optional(wholeNumber(128, 1_000_000)),
    fallback: undefined,
    shownDefault: '768, or three fifths of the memory that the container or machine has, divided among `WORKERS`',
    meaning:
      "memory that the process which decodes uploads may take, one for each of `WORKERS`; a picture that would take more is refused. 300 is enough for a phone's largest",
    comment: ['Memory that the process which decodes uploads may take, in megabytes; as much as there is, up to 768.'],
  },
  CLAMAV_URL: {
    schema: clamdEndpoint,
    fallback: undefined,
    example: 'tcp://clamav:3310',
    meaning:
      '`tcp://host:port` or `unix:/path`: a ClamAV daemon scans every upload before anything of it is kept; [scanning](attachments.md#scanning)',
    comment: [
      'A ClamAV daemon that scans every upload before anything of it is kept: tcp://host:port or unix:/path. Its StreamMaxLength',
      'and MaxFileSize must be at least the largest upload: beyond the latter it calls clean what it has not looked at.',
    ],
  },
  CLAMAV_FAIL: {
    schema: oneOf(['closed', 'open']),
    fallback: 'closed',
    meaning: '`open`: while the scanner is away, uploads are kept unscanned (logged) instead of refused with 503',
    comment: ['While it is away, uploads answer 503, or are kept unscanned: closed | open'],
  },
  ATTACHMENT_URL_SECONDS: {
    schema: wholeNumber(2, 7 * 24 * 3_600),
    fallback: '86400',
    meaning: "life of a file's URL, 2 to 604,800; at least half of it",
    comment: ['How long the URL of a file is good, in seconds; at least half of it.'],
  },
  LINK_PREVIEWS: {
    schema: onOff,
    fallback: 'on',
    meaning: '`off`: the pages that messages link to are not fetched and shown',
    comment: ['Whether the pages that messages link to are fetched and shown: on | off'],
  },
  LINK_PREVIEW_ALLOWED_HOSTS: {
    schema: hosts,
    fallback: '',
    shownDefault: '–',
    meaning:
      "hosts that are fetched for it although they are not public (an intranet's): `host` or `host:port`, separated by commas",
    comment: [
      'Hosts that are fetched for it although they are not public, as in an intranet: host or host:port, separated by commas',
    ],
  },
  RETENTION_DAYS: {
    schema: v.optional(wholeNumber(1, 36_500)),
    fallback: undefined,
    meaning:
      'how long messages are kept: their contents and files go, their numbers stay ([retention](#retention)); unset: for ever',
    comment: ['How many days messages are kept; not set: for ever.'],
  },
  WEBHOOK_ALLOWED_HOSTS: {
    schema: hosts,
    fallback: '',
    shownDefault: '–',
    meaning:
      'hosts that [webhooks](integrations.md#webhooks) may lead to although they are not public, and over http: `host` or `host:port`, separated by commas',
    comment: ['Hosts that webhooks may lead to although they are not public: host or host:port, separated by commas'],
  },
  PUSH: {
    schema: onOff,
    fallback: 'on',
    meaning: '`off`: no notifications on phones and in browsers, and no `/devices` ([push.md](push.md))',
    comment: ['Notifications on phones and in browsers (docs/push.md): on | off'],
  },
  PUSH_PREVIEW: {
    schema: oneOf(['full', 'sender', 'none']),
    fallback: 'full',
    meaning: 'what a notification may show at the most, whatever a device asks for: `full`, `sender`, `none`',
    comment: ['What they may show at the most: full | sender | none'],
  },
  PUSH_WEB_HOSTS: {
    schema: webHosts,
    fallback: 'fcm.googleapis.com, *.push.services.mozilla.com, *.push.apple.com, *.notify.windows.com',
    meaning:
      "push services that browsers' endpoints may lie at: `host`, `*.host`, or `http://host:port` for one of your own network, separated by commas",
    comment: ["The push services that browsers' endpoints may lie at, separated by commas."],
  },
  VAPID_PRIVATE_KEY: {
    schema: text,
    fallback: undefined,
    shownDefault: 'generated, kept in `DATA_DIR/vapid-private-key`',
    meaning:
      'the key that browsers know this server by: of P-256, 32 bytes, base64url. Another one ends every subscription',
    comment: [
      'The key that browsers know this server by (P-256, 32 bytes, base64url); without it one is generated and kept in DATA_DIR.',
      'Whom their push services may write to: mailto: or https:, an e-mail address or URL of yours.',
    ],
  },
  VAPID_SUBJECT: {
    schema: url(['mailto:', 'https:'], 'must be a mailto: or https:// URL'),
    fallback: undefined,
    shownDefault: '`mailto:` with the e-mail address of `MAIL_FROM`, or one that is none',
    example: 'mailto:admin@example.com',
    meaning: 'whom push services of browsers may write to; Apple refuses one that is not real',
  },
  EXPO_ACCESS_TOKEN: {
    schema: headerToken,
    fallback: undefined,
    meaning: 'for Expo accounts with enhanced security for push',
    comment: ['For Expo accounts with enhanced security for push.'],
  },
  EXPO_PUSH_URL: {
    schema: baseUrl,
    fallback: 'https://exp.host/--/api/v2/push',
    meaning: 'base URL, for tests',
    comment: ['Base URLs, for tests.'],
  },
  FCM_URL: { schema: baseUrl, fallback: 'https://fcm.googleapis.com', meaning: 'base URL, for tests' },
  APNS_URL: { schema: baseUrl, fallback: 'https://api.push.apple.com', meaning: 'base URL, for tests' },
  APNS_SANDBOX_URL: {
    schema: baseUrl,
    fallback: 'https://api.sandbox.push.apple.com',
    meaning: 'base URL of the environment for tests, for tests',
  },
  FCM_SERVICE_ACCOUNT: {
    schema: text,
    fallback: undefined,
    example: '/run/secrets/firebase.json',
    meaning: 'the JSON of a service account of Firebase, or the path of a file with it',
    comment: ['Firebase: the JSON of a service account, or the path of a file with it.'],
  },
  APNS_KEY: {
    schema: text,
    fallback: undefined,
    example: '/run/secrets/AuthKey_ABC123DEFG.p8',
    meaning: "Apple's .p8 key, or the path of its file; set together with the next three",
    comment: [
      "Apple: the .p8 key or the path of its file, the key's id, the team's id, the app's bundle id; set together.",
    ],
  },
  APNS_KEY_ID: { schema: appleName, fallback: undefined, example: 'ABC123DEFG', meaning: 'its id' },
  APNS_TEAM_ID: { schema: appleName, fallback: undefined, example: 'DEF123GHIJ', meaning: "the team's id" },
  APNS_BUNDLE_ID: {
    schema: appleName,
    fallback: undefined,
    example: 'com.example.chat',
    meaning: "the app's bundle id",
  },
  WEB: {
    schema: onOff,
    fallback: 'on',
    meaning: '`off`: no page at `/`, the server is an API alone',
    comment: ['Whether the chat is shown as a page at /: on | off'],
  },
  METRICS_TOKEN: {
    schema: text,
    fallback: undefined,
    meaning: 'who reads `/metrics` must send it as Bearer; absent: only this machine itself may read it',
    comment: [
      'Who reads /metrics must send this token as Bearer. Without it only this machine itself may; behind a proxy set it.',
    ],
  },
  LOG_LEVEL: {
    schema: oneOf(LOG_LEVELS),
    fallback: 'info',
    meaning: '`fatal`, `error`, `warn`, `info`, `debug`, `trace`',
    comment: ['fatal | error | warn | info | debug | trace'],
  },
  LOG_REQUESTS: {
    schema: onOff,
    fallback: 'off',
    meaning: '`on`: one line for every request',
    comment: ['One line for every request: on | off'],
  },
});

export type SettingName = keyof typeof SETTINGS;
export type SettingValues = { readonly [Name in SettingName]: v.InferOutput<(typeof SETTINGS)[Name]['schema']> };

/** A setting that is missing or wrong. The message is the one line that the start prints. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Blank is absent.
 * @throws ConfigurationError naming the first variable that is wrong.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): SettingValues {
  const values: Record<string, unknown> = {};
  for (const [name, { schema, fallback }] of Object.entries(SETTINGS)) {
    const given = environment[name]?.trim();
    const result = v.safeParse(schema, given === undefined || given === '' ? fallback : given, { abortEarly: true });
    if (!result.success) throw new ConfigurationError(`${name} ${result.issues[0].message}`);
    values[name] = result.output;
  }
  return values as unknown as SettingValues;
}

export function isLongEnough(value: string): boolean {
  return Buffer.byteLength(value) >= MIN_SECRET_BYTES;
}

function protocolOf(value: string): string {
  try {
    return new URL(value).protocol;
  } catch {
    return '';
  }
}
