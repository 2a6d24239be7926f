/** react/ → client.ts → store/ · outbox/ · sync/ → connection/ · http/ · auth/ → ports/ + protocol/ */
const TOP = '^client/src/(client|index)\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'protocol-and-ports-are-leaves',
      severity: 'error',
      from: { path: '^client/src/protocol/' },
      to: { path: '^client/src/(?!protocol/)' },
    },
    {
      name: 'ports-know-the-protocol-at-most',
      severity: 'error',
      from: { path: '^client/src/ports/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^client/src/(?!ports/|protocol/)' },
    },
    {
      name: 'the-wire-knows-no-cache',
      comment: 'connection, http and auth carry; what is carried is decided above',
      severity: 'error',
      from: { path: '^client/src/(connection|http|auth)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^client/src/(?!connection/|http/|auth/|ports/|protocol/)' },
    },
    {
      name: 'store-outbox-sync-know-no-facade',
      severity: 'error',
      from: { path: '^client/src/(store|outbox|sync|tabs)/', pathNot: '\\.spec\\.tsx?$' },
      to: { path: '^client/src/(?!store/|outbox/|sync/|tabs/|connection/|http/|auth/|ports/|protocol/)' },
    },
    {
      name: 'adapters-know-ports-alone',
      severity: 'error',
      from: { path: '^client/src/storage/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^client/src/(?!storage/|ports/|protocol/)' },
    },
    {
      name: 'core-knows-no-react',
      severity: 'error',
      from: { path: '^client/src/', pathNot: '^client/src/react/|\\.spec\\.tsx?$' },
      to: { path: '(^client/src/react/|node_modules/react)' },
    },
    {
      name: 'one-runtime-dependency',
      severity: 'error',
      from: { path: '^client/src/', pathNot: '\\.spec\\.tsx?$|/testing/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/(socket\\.io-client|react|@types/(react|node))/' },
    },
    {
      name: 'socket-io-is-one-port',
      severity: 'error',
      from: { path: '^client/src/', pathNot: '^client/src/ports/socket-io-client\\.ts$|\\.spec\\.tsx?$|/testing/' },
      to: { path: 'node_modules/socket\\.io-client/' },
    },
    {
      name: 'facade-is-the-top',
      severity: 'error',
      from: { path: '^client/src/', pathNot: `^client/src/(react|react-native)/|${TOP}|\\.spec\\.tsx?$|/testing/` },
      to: { path: TOP },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
