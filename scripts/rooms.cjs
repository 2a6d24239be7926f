/**
 * The one order of the rooms of src (docs/architecture.md): whom each may import, and whose tables its statements may name.
 * `.dependency-cruiser.cjs` holds the imports to it, `check-statements.mjs` the SQL.
 *
 * Guarantee: there is no circle between rooms, since each knows only rooms that are listed before it.
 */
const GROUND = [
  'common',
  'views',
  'config',
  'database',
  'events',
  'relations',
  'presence',
  'mail',
  'outbound',
  'limits',
  'http',
  'observability',
  'audit',
];
const FEATURES = ['attachments', 'users', 'friends', 'conversations', 'messages'];

const ROOMS = {
  common: [],
  /** What clients receive of the features, as plain shapes. */
  views: ['common'],
  events: ['views'],
  outbound: [],
  config: ['common'],
  mail: ['common', 'config'],
  database: ['common', 'config'],
  relations: ['common', 'config', 'database'],
  presence: ['common', 'config', 'database', 'relations'],
  limits: ['common', 'config', 'database'],
  workers: ['common', 'config', 'limits'],
  http: ['common', 'config'],
  observability: ['common', 'views', 'config', 'database', 'events', 'http'],
  /** Every room above writes down what its administrators do, in its own transaction. */
  audit: ['common', 'config', 'database', 'relations', 'limits', 'http'],
  attachments: GROUND,
  users: [...GROUND, 'attachments'],
  auth: [...GROUND, 'attachments', 'users'],
  friends: [...GROUND, 'attachments', 'users'],
  conversations: [...GROUND, 'attachments', 'users', 'friends'],
  messages: [...GROUND, 'attachments', 'users', 'friends', 'conversations'],
  sync: [...GROUND, ...FEATURES],
  /** Edges from here on: they know features, and none knows another but what stands here. */
  push: [...GROUND, ...FEATURES, 'auth'],
  retention: [...GROUND, ...FEATURES],
  moderation: [...GROUND, ...FEATURES, 'auth'],
  integrations: [...GROUND, ...FEATURES, 'auth'],
  realtime: [...GROUND, ...FEATURES, 'auth', 'sync'],
  /** A dialect decodes and encodes: rules and rows are behind chat-commands and chat-queries. */
  dialects: ['common', 'views', 'config', 'http', 'limits', 'realtime'],
  cluster: [...GROUND, ...FEATURES, 'workers', 'realtime'],
  docs: ['common', 'views', 'http', 'realtime'],
  web: [],
};

/** The rooms within realtime, likewise: the lowest first, each knows those before it. */
const REALTIME = ['protocol', 'engine', 'delivery', 'ephemeral', 'commands', 'connections'];

/** Rooms whose statements write nothing: they show what is there. */
const READ_ONLY = ['sync', 'cluster'];

/**
 * Whose tables a room reads besides, for the sake of one answer, without knowing that room: both stay apart, and what the
 * other does is never asked for by an import. Read, never written (docs/adr/0014-order-of-statements.md).
 */
const READS = {
  /** Whether the account of an upload's owner is still there. */
  attachments: ['users'],
  /** Up to where a conversation was emptied: nothing that is written is looked for there. */
  messages: ['retention'],
  /** How many devices a user has, and all have. */
  moderation: ['push'],
  /** What a webhook for a report says of it. */
  integrations: ['moderation'],
};

const listed = new Set();
for (const [room, known] of Object.entries(ROOMS)) {
  for (const other of known)
    if (!listed.has(other)) throw new Error(`scripts/rooms.cjs: ${room} knows ${other}, which is not listed before it`);
  listed.add(room);
}

module.exports = { ROOMS, REALTIME, READ_ONLY, READS };
