/** The page is one of the client's users like any other: it sees what the package exports, and Preact. */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'the-client-by-its-entries',
      severity: 'error',
      from: { path: '^web/src/' },
      to: {
        path: '^client/src/',
        pathNot: '^client/src/(index|cookies|react/index|storage/indexeddb|web-push/index)\\.ts$',
      },
    },
    {
      name: 'design-knows-no-chat',
      comment: 'buttons, menus and dialogs are the same wherever they are',
      severity: 'error',
      from: { path: '^web/src/design/' },
      to: { path: '^web/src/(app|session|conversations|messages|people|settings|search)/' },
    },
    {
      name: 'few-dependencies',
      severity: 'error',
      from: { path: '^web/src/', pathNot: '\\.spec\\.tsx?$' },
      to: { path: 'node_modules/', pathNot: 'node_modules/(preact|blurhash|vite)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|^client/src' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
