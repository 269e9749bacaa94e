// Who may import whom: ARCHITECTURE.md says it in words, this file is what `npm run boundaries` checks.
// tools/check-boundaries.ts counts the modules that were looked at and plants a violation of every rule below.

const source = (name) => `^packages/${name}/src/`
const server = source('server')
const testFile = '\\.(test|contract)\\.ts$'

/** Files under `from`, tests aside, may import from packages only what `allowed` matches. */
function only(name, from, allowed) {
  return {
    name,
    severity: 'error',
    from: { path: from, pathNot: testFile },
    to: { path: '^packages/', pathNot: allowed },
  }
}

const workspacePackage = (name, ...uses) => only(`package-${name}`, source(name), [source(name), ...uses.map(source)])

/** A folder of the server may import itself, protocol, program and what is listed. */
function serverFolder(name, folders, packages = []) {
  const from = `${server}${name}/`
  const allowed = ['protocol', 'program', ...packages].map(source)
  return only(`server-${name}`, from, [from, ...allowed, ...folders.map((path) => server + path)])
}

const storagePort = 'storage/[^/]+\\.ts$'
const clusterPort = 'cluster/[^/]+\\.ts$'

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-unresolved',
      comment: 'The official clients are installed beside the workspace, in test/interop/fixture.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^hyco-(ws|https)(/|$)' },
    },
    {
      name: 'public-entry-only',
      comment: 'Across packages only the package name: never a file inside another package.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/[^/]+/src/(?!index\\.ts$)', pathNot: '^packages/$1/' },
    },
    {
      name: 'examples-use-packages',
      comment: 'An example shows what a reader can write in another repository.',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^packages/[^/]+/src/(?!index\\.ts$)' },
    },
    {
      name: 'packages-stand-alone',
      comment: 'What is published cannot reach the folders that are not.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(test|tools|bench|fuzz|examples|deploy)/' },
    },
    {
      name: 'testkit-only-in-tests',
      severity: 'error',
      from: { path: '^(packages/(?!testkit/)|examples/)', pathNot: testFile },
      to: { path: source('testkit') },
    },
    {
      name: 'protocol-is-pure',
      comment: 'It runs in a browser: no Node module, no dependency.',
      severity: 'error',
      from: { path: source('protocol'), pathNot: testFile },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg'] },
    },
    {
      name: 'management-client-is-pure',
      comment: 'The portal runs it in a browser: no Node module, no dependency but the protocol.',
      severity: 'error',
      from: { path: source('management'), pathNot: testFile },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg'],
        pathNot: source('protocol'),
      },
    },
    {
      name: 'websocket-codec-is-pure',
      comment: 'Bytes in, events out: the codec knows no Node module.',
      severity: 'error',
      from: { path: `${source('websocket')}(mask/|frame-|close-payload|opcode)`, pathNot: testFile },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'carrier-state-is-pure',
      comment:
        'Bytes and time in, bytes and calls out: no socket, no clock. Tunnels are the way from a socket into it.',
      severity: 'error',
      from: { path: source('carrier'), pathNot: [testFile, `${source('carrier')}tunnels/`] },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg'] },
    },
    workspacePackage('protocol'),
    workspacePackage('websocket'),
    workspacePackage('program', 'management', 'protocol'),
    workspacePackage('management', 'protocol'),
    workspacePackage('carrier', 'protocol', 'websocket'),
    workspacePackage('client', 'protocol', 'websocket'),
    workspacePackage('server', 'protocol', 'websocket', 'carrier', 'program'),
    workspacePackage('bridge', 'carrier', 'client', 'protocol', 'program', 'websocket'),
    workspacePackage('hcm', 'bridge', 'client', 'management', 'protocol', 'program'),
    workspacePackage('connector', 'bridge', 'client', 'management', 'protocol', 'program'),
    workspacePackage('portal', 'management', 'protocol'),

    serverFolder('domain', []),
    serverFolder('telemetry', ['domain/']),
    serverFolder('config', ['domain/']),
    serverFolder('certificates', ['domain/']),
    only('server-relay', `${server}relay/`, [
      `${server}relay/`,
      source('websocket'),
      `${server}telemetry/counters\\.ts$`,
    ]),
    serverFolder('rendezvous', ['domain/', 'telemetry/'], ['websocket']),
    serverFolder('identity', ['domain/', storagePort, 'telemetry/']),
    serverFolder('audit', ['domain/', storagePort, 'telemetry/']),
    serverFolder('auth', ['domain/', 'identity/', 'audit/', storagePort, 'telemetry/']),
    serverFolder('listeners', ['domain/', 'auth/', clusterPort, 'telemetry/'], ['websocket']),
    serverFolder('http-relay', ['domain/', 'listeners/', 'rendezvous/', 'telemetry/'], ['websocket']),
    serverFolder('messages', ['domain/', 'auth/', 'listeners/', 'telemetry/'], ['websocket']),
    serverFolder(
      'ingress',
      ['domain/', 'auth/', 'identity/', 'listeners/', 'rendezvous/', 'relay/', 'telemetry/'],
      ['websocket', 'carrier'],
    ),
    serverFolder('management', [
      'domain/',
      'auth/',
      'identity/',
      'audit/',
      storagePort,
      'listeners/listener-counts\\.ts$',
      'telemetry/',
    ]),
    serverFolder(
      'gateway',
      [
        'domain/',
        'auth/',
        'identity/',
        'audit/',
        storagePort,
        'listeners/',
        'rendezvous/',
        'relay/',
        'http-relay/',
        'messages/',
        'ingress/',
        'management/',
        'telemetry/',
      ],
      ['websocket'],
    ),
    only('server-ports', `${server}(storage|cluster)/[^/]+\\.ts$`, [
      ...['protocol', 'program'].map(source),
      `${server}domain/`,
      `${server}telemetry/`,
      `${server}$1/[^/]+\\.ts$`,
    ]),
    only('server-engines', `${server}(storage|cluster)/([^/]+)/`, [
      ...['protocol', 'program'].map(source),
      `${server}domain/`,
      `${server}telemetry/`,
      `${server}$1/[^/]+\\.ts$`,
      `${server}$1/$2/`,
    ]),
    {
      name: 'composition-root',
      comment:
        'Only relay-server.ts, start-relay.ts for tests of other programs, start-recovery.ts for stopped relays, and start-ingress-process.ts beside relays, know engines, options and certificates.',
      severity: 'error',
      from: {
        path: server,
        pathNot: [
          `${server}(relay-server|start-relay|start-recovery|start-ingress-process|index)\\.ts$`,
          `${server}(storage|cluster|config|certificates)/`,
          testFile,
        ],
      },
      to: { path: [`${server}(storage|cluster)/[^/]+/`, `${server}(config|certificates)/`] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    exclude: { path: ['(^|/)dist/', '^test/interop/fixture/', '^bench/peers/'] },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      conditionNames: ['@postern/source', 'import', 'default'],
      exportsFields: ['exports'],
    },
  },
}
