// The arrows that docs/architecture.md allows between the rooms of src/. A new arrow is a decision:
// add it here in the commit that needs it, and say why in the message.
const ROOMS = {
  seal: [],
  wire: [],
  registry: [],
  keys: ['seal'],
  store: ['wire'],
  objects: [
    'seal',
    'keys',
    'store',
    'registry/path',
    'wire/body.ts',
    'wire/segment-memory.ts',
    'wire/sinks.ts',
  ],
  reencryption: ['objects', 'keys', 'seal', 'store', 'registry/sqlite.ts'],
  front: ['objects', 'wire', 'store'],
  custody: ['registry/custody', 'keys', 'seal', 'evidence', 'console/routes.ts'],
  console: ['custody/approvals/approval.ts', 'custody/printable.ts', 'custody/state-words.ts'],
  evidence: ['custody/log', 'custody/canonical.ts', 'custody/errors.ts'],
  config: [],
}

const src = place => (place.endsWith('.ts') ? `^src/${place}$` : `^src/${place}/`)

module.exports = {
  forbidden: [
    ...Object.entries(ROOMS).map(([room, mayKnow]) => ({
      name: `${room}-may-know-${mayKnow.join('-').replaceAll('/', '-') || 'nothing'}`,
      severity: 'error',
      from: { path: src(room) },
      to: { path: '^src/', pathNot: [room, ...mayKnow].map(src) },
    })),
    {
      name: 'objects-and-front-know-the-store-by-its-words',
      severity: 'error',
      from: { path: '^src/(objects|front)/' },
      to: { path: '^src/store/(s3|directory)/' },
    },
    {
      name: 'stores-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/store/([^/]+)/' },
      to: { path: '^src/store/[^/]+/', pathNot: '^src/store/$1/' },
    },
    {
      name: 'the-format-does-no-io',
      severity: 'error',
      from: { path: '^src/seal/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|ffi|buffer)$' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'src-never-needs-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|tools)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
}
