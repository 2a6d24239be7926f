/** The arrows of docs/architecture.md. `*.view.ts` are plain shapes that anybody may name. */
const VIEWS = '\\.view\\.ts$';
const FEATURES = ['attachments', 'auth', 'users', 'friends', 'conversations', 'messages', 'sync'];
const EDGES = ['realtime', 'dialects', 'cluster', 'push', 'integrations', 'moderation', 'retention'];

/** Lower features first; nobody imports upwards, but for shapes. `presence` and `limits` are leaves of their own. */
const ORDER = [
  ['attachments', ['users', 'auth', 'friends', 'conversations', 'messages', 'sync']],
  ['users', ['auth', 'friends', 'conversations', 'messages', 'sync']],
  ['auth', ['friends', 'conversations', 'messages', 'sync']],
  ['friends', ['auth', 'conversations', 'messages', 'sync']],
  ['conversations', ['auth', 'messages', 'sync']],
  ['messages', ['auth', 'sync']],
  ['sync', ['auth']],
];

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
    ...ORDER.map(([feature, above]) => ({
      name: `feature-order-${feature}`,
      comment: 'sync → messages → conversations → friends → users → attachments; users ← auth',
      severity: 'error',
      from: { path: `^src/${feature}/`, pathNot: '\\.spec\\.ts$' },
      to: { path: `^src/(${above.join('|')})/`, pathNot: VIEWS },
    })),
    {
      name: 'features-know-no-edge',
      severity: 'error',
      from: { path: `^src/(${FEATURES.join('|')}|presence)/` },
      to: { path: '^src/(realtime|dialects|push|integrations|cluster)/' },
    },
    {
      name: 'push-knows-no-other-edge',
      comment: 'nobody asks push, and push asks features and leaves alone',
      severity: 'error',
      from: { path: '^src/push/' },
      to: { path: '^src/(realtime|dialects|cluster)/' },
    },
    {
      name: 'nobody-knows-push',
      severity: 'error',
      // The start of a process puts the parts together: after a restore each is asked for its own.
      from: { path: '^src/', pathNot: '^src/(push/|app\\.module\\.ts$|after-restore\\.ts$)' },
      to: { path: '^src/push/' },
    },
    {
      name: 'retention-knows-no-edge',
      comment: 'it empties what features keep, and nobody asks it',
      severity: 'error',
      from: { path: '^src/retention/' },
      to: { path: '^src/(realtime|dialects|push|integrations|cluster)/' },
    },
    {
      name: 'nobody-knows-retention',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(retention/|app\\.module\\.ts$)' },
      to: { path: '^src/retention/' },
    },
    {
      name: 'integrations-know-no-other-edge',
      comment: 'keys, bots and webhooks ask features and leaves alone',
      severity: 'error',
      from: { path: '^src/integrations/' },
      to: { path: '^src/(realtime|dialects|push|cluster)/' },
    },
    {
      name: 'nobody-knows-integrations',
      comment: 'what auth needs of API keys is a port of its own',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(integrations/|app\\.module\\.ts$|after-restore\\.ts$)' },
      to: { path: '^src/integrations/' },
    },
    {
      name: 'moderation-acts-through-features',
      comment: 'it asks features, and nobody asks it: its acts reach clients by the events of those features',
      severity: 'error',
      from: { path: '^src/moderation/' },
      to: { path: '^src/(realtime|dialects|push|cluster|sync)/' },
    },
    {
      name: 'nobody-knows-moderation',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(moderation/|app\\.module\\.ts$|operator\\.ts$)' },
      to: { path: '^src/moderation/' },
    },
    {
      name: 'leaves',
      comment: 'common and config know nobody; database, limits, mail and events know only them',
      severity: 'error',
      from: { path: '^src/(common|config)/' },
      // The table of limits is a setting as a whole.
      to: { path: '^src/(?!common/|config/)', pathNot: '^src/limits/(limits|parse-limits)\\.ts$' },
    },
    {
      name: 'http-knows-no-feature',
      severity: 'error',
      from: { path: '^src/http/' },
      to: { path: '^src/(?!http/|common/|config/|database/|observability/)' },
    },
    {
      name: 'infrastructure',
      severity: 'error',
      from: { path: '^src/(database|limits|mail|presence|relations)/' },
      to: { path: '^src/(?!common/|config/|database/|limits/|mail/|presence/|relations/|events/)' },
    },
    {
      name: 'audit-knows-no-feature',
      comment: 'every room above it writes down what its administrators do, in its own transaction',
      severity: 'error',
      from: { path: '^src/audit/' },
      to: { path: '^src/(?!audit/|common/|config/|database/|docs/|http/|limits/)' },
    },
    {
      name: 'services-know-no-feature',
      comment: 'every room above them uses them; docs describes the protocol',
      severity: 'error',
      from: { path: '^src/(docs|http|observability|outbound|web|workers)/', pathNot: '\\.spec\\.ts$' },
      to: {
        path: `^src/(${FEATURES.join('|')}|${EDGES.join('|')})/`,
        pathNot: ['^src/realtime/protocol/', VIEWS],
      },
    },
    {
      name: 'events-name-shapes-only',
      severity: 'error',
      from: { path: '^src/events/' },
      to: { path: '^src/(?!events/)', pathNot: VIEWS },
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
      from: { path: '^src/', pathNot: '^src/(realtime/engine|cluster)/' },
      to: { path: 'node_modules/(socket\\.io|socket\\.io-adapter|engine\\.io|ws|@nestjs/platform-socket\\.io)/' },
    },
    {
      name: 'gateway-in-realtime',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(realtime|cluster)/' },
      to: { path: 'node_modules/@nestjs/websockets/' },
    },
    {
      name: 'engine-knows-no-chat',
      comment: 'the wall carries what is above it, and asks nothing of it',
      severity: 'error',
      from: { path: '^src/realtime/engine/' },
      to: { path: '^src/realtime/(delivery|ephemeral|commands|connections)/' },
    },
    {
      name: 'dialects-call-commands-only',
      comment:
        'a dialect decodes and encodes: rules and rows are behind chat-commands and chat-queries; its transport bounds connections',
      severity: 'error',
      from: { path: '^src/dialects/' },
      to: {
        path: `^src/(${FEATURES.join('|')}|presence|database|events|limits(?!/connections/)|mail)/`,
        pathNot: VIEWS,
      },
    },
    {
      name: 'dialects-know-no-other',
      severity: 'error',
      from: { path: '^src/dialects/([^/]+)/' },
      to: { path: '^src/dialects/[^/]+/', pathNot: '^src/dialects/($1|transport)/' },
    },
    {
      name: 'nobody-knows-cluster',
      comment: 'it implements ports of rooms below it, and app.module.ts binds them',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cluster/|app\\.module\\.ts$)' },
      to: { path: '^src/cluster/' },
    },
    {
      name: 'nobody-knows-dialects',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(dialects/|app\\.module\\.ts$)' },
      to: { path: '^src/dialects/' },
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
