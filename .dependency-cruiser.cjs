/** The arrows of docs/architecture.md. */
const { ROOMS, REALTIME } = require('./scripts/rooms.cjs');

const SPECS = '\\.spec\\.ts$';
const FEATURES = ['attachments', 'auth', 'users', 'friends', 'conversations', 'messages', 'sync'];

/** Where requests and answers of HTTP are something to speak of. */
const SPEAKS_HTTP = [
  '\\.(controller|filter|guard|strategy)\\.ts$',
  '^src/(http|web|docs|outbound|observability|workers)/',
  '^src/app\\.setup\\.ts$',
  // Limits by who asks, and how often, before it is known to be a request of any feature.
  '^src/limits/(connections/|ip-address-key\\.ts$)',
  '^src/auth/(sessions/(session|device)-cookies|keys/key-guard)\\.ts$',
  '^src/attachments/(serving/attachment-serving|resumable/tus-(protocol|headers))\\.ts$',
  '^src/realtime/(engine|connections)/',
  '^src/dialects/transport/',
];

/** What only the files at the top put together: nobody asks these rooms. */
const EDGES = ['moderation', 'push', 'integrations', 'retention', 'dialects', 'cluster'];

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$'] },
      to: {},
    },
    ...Object.entries(ROOMS).map(([room, known]) => ({
      name: `order-of-rooms-${room}`,
      comment: 'scripts/rooms.cjs is the one order, of imports and of statements',
      severity: 'error',
      from: { path: `^src/${room}/`, pathNot: SPECS },
      to: {
        path: `^src/(?!(${[room, ...known].join('|')})/)`,
      },
    })),
    {
      name: 'every-room-has-a-place',
      severity: 'error',
      from: { path: `^src/(?!(${Object.keys(ROOMS).join('|')})/)[^/]+/` },
      to: {},
    },
    ...REALTIME.map((room, place) => ({
      name: `order-of-realtime-${room}`,
      comment: 'what carries knows nothing of what is carried, and nobody below knows who is connected',
      severity: 'error',
      from: { path: `^src/realtime/${room}/` },
      to: { path: `^src/realtime/(?!(${REALTIME.slice(0, place + 1).join('|')})/)` },
    })),
    {
      name: 'docs-describe-the-protocol',
      severity: 'error',
      from: { path: '^src/docs/' },
      to: { path: '^src/realtime/(?!protocol/)' },
    },
    {
      name: 'pages-are-text',
      comment: 'they run in a browser, and are exempt from some rules of scripts/check-rules.mjs',
      severity: 'error',
      from: { path: '\\.page\\.ts$' },
      to: {},
    },
    {
      name: 'edges-are-put-together-at-the-top',
      // After a restore each is asked for its own; the operator's command starts what moderation can do.
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$', pathNot: '^src/(app\\.module|after-restore|operator)\\.ts$' },
      to: { path: `^src/(${EDGES.join('|')})/` },
    },
    {
      name: 'one-database-client',
      comment: 'database.ts makes the connections and the one kind of transaction',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/database/' },
      to: { path: 'node_modules/(@types/)?pg(-pool)?/' },
    },
    {
      name: 'no-second-kind-of-transaction',
      comment: 'Prisma has transactions of its own: only scripts of development know it',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '@prisma/' },
    },
    {
      name: 'sql-not-at-edges',
      comment: 'SQL belongs to the repositories of features',
      severity: 'error',
      from: { path: '(\\.controller\\.ts$|^src/realtime/|^src/dialects/|^src/docs/)', pathNot: '^src/observability/' },
      to: { path: '^src/database/' },
    },
    {
      name: 'own-repositories-only',
      comment: 'a repository is of its feature: others ask its services',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/.*\\.repository\\.ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'redis-in-cluster',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cluster/' },
      to: { path: 'node_modules/(ioredis|redis|@redis|@socket\\.io/redis)/' },
    },
    {
      name: 'sockets-in-the-engine',
      comment: 'what these libraries keep private is behind one wall, and engine-contract.spec.ts beside it',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/realtime/engine/' },
      to: { path: 'node_modules/(socket\\.io|socket\\.io-adapter|engine\\.io|ws|@nestjs/platform-socket\\.io)/' },
    },
    {
      name: 'http-at-the-edges',
      comment: 'services, commands and repositories take a principal and plain values, whoever carries them',
      severity: 'error',
      from: { path: '^src/', pathNot: [SPECS, ...SPEAKS_HTTP] },
      to: { path: '^(node:)?https?$|node_modules/(@types/)?(express|express-serve-static-core)/' },
    },
    {
      name: 'gateway-in-realtime',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/realtime/' },
      to: { path: 'node_modules/@nestjs/websockets/' },
    },
    {
      name: 'dialects-call-commands-only',
      comment:
        'a dialect decodes and encodes: rules and rows are behind chat-commands and chat-queries; its transport bounds connections',
      severity: 'error',
      from: { path: '^src/dialects/' },
      to: {
        path: `^src/(${FEATURES.join('|')}|presence|database|events|limits(?!/connections/)|mail)/`,
      },
    },
    {
      name: 'dialects-know-no-other',
      severity: 'error',
      from: { path: '^src/dialects/([^/]+)/' },
      to: { path: '^src/dialects/[^/]+/', pathNot: '^src/dialects/($1|transport)/' },
    },
    {
      name: 'app-module-is-the-top',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main|application|operator)\\.ts$' },
      to: { path: '^src/app\\.module\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
