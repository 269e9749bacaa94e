/** A file that breaks one import rule, to prove that the gate sees it. */
export interface Plant {
  /** The rule's name in .dependency-cruiser.mjs. */
  readonly rule: string
  /** Where the offending file is put. */
  readonly file: string
  /** What it imports against the rule. */
  readonly imports: string
  /** A file that must exist for the import to lead somewhere; made when the sources do not have it. */
  readonly target?: string
}

const inPackage = (name: string, imports: string): Plant => ({
  rule: `package-${name}`,
  file: `packages/${name}/src/planted-package.ts`,
  imports,
})

const server = 'packages/server/src'

/** `target` is a path below server/src. */
const inServer = (rule: string, folder: string, target: string): Plant => ({
  rule,
  file: `${server}/${folder}/planted-${rule}.ts`,
  imports: `${'../'.repeat(folder.split('/').length)}${target}`,
  target: `${server}/${target}`,
})

/** At least one for each rule; a rule without one fails the gate. */
export const plants: readonly Plant[] = [
  {
    rule: 'no-cycles',
    file: `${server}/domain/planted-cycle.ts`,
    imports: './planted-cycle-end.ts',
    target: `${server}/domain/planted-cycle-end.ts`,
  },
  { rule: 'no-unresolved', file: `${server}/domain/planted-unresolved.ts`, imports: './not-there.ts' },
  {
    rule: 'public-entry-only',
    file: 'packages/client/src/planted-entry.ts',
    imports: '../../protocol/src/planted-inside.ts',
    target: 'packages/protocol/src/planted-inside.ts',
  },
  {
    rule: 'examples-use-packages',
    file: 'examples/planted-example.ts',
    imports: '../packages/protocol/src/planted-inside.ts',
    target: 'packages/protocol/src/planted-inside.ts',
  },
  {
    rule: 'packages-stand-alone',
    file: 'packages/client/src/planted-tool.ts',
    imports: '../../../tools/planted-tool.ts',
    target: 'tools/planted-tool.ts',
  },
  { rule: 'testkit-only-in-tests', file: 'packages/client/src/planted-testkit.ts', imports: '@postern/testkit' },
  { rule: 'protocol-is-pure', file: 'packages/protocol/src/planted-core.ts', imports: 'node:fs' },
  { rule: 'protocol-is-pure', file: 'packages/protocol/src/planted-dependency.ts', imports: 'ws' },
  { rule: 'management-client-is-pure', file: 'packages/management/src/planted-core.ts', imports: 'node:fs' },
  { rule: 'management-client-is-pure', file: 'packages/management/src/planted-dependency.ts', imports: 'ws' },
  { rule: 'websocket-codec-is-pure', file: 'packages/websocket/src/frame-planted.ts', imports: 'node:net' },
  { rule: 'carrier-state-is-pure', file: 'packages/carrier/src/planted-core.ts', imports: 'node:net' },

  inPackage('protocol', '@postern/websocket'),
  inPackage('websocket', '@postern/protocol'),
  inPackage('program', '@postern/client'),
  inPackage('management', '@postern/client'),
  inPackage('carrier', '@postern/client'),
  inPackage('client', '@postern/program'),
  inPackage('server', '@postern/client'),
  inPackage('bridge', '@postern/server'),
  inPackage('hcm', '@postern/server'),
  inPackage('connector', '@postern/server'),
  inPackage('portal', '@postern/client'),

  inServer('server-domain', 'domain', 'auth/authorize.ts'),
  inServer('server-telemetry', 'telemetry', 'gateway/data-door.ts'),
  inServer('server-config', 'config', 'gateway/data-door.ts'),
  inServer('server-certificates', 'certificates', 'config/option-table.ts'),
  inServer('server-relay', 'relay', 'auth/authorize.ts'),
  inServer('server-rendezvous', 'rendezvous', 'relay/relayed-connection.ts'),
  inServer('server-identity', 'identity', 'gateway/data-door.ts'),
  inServer('server-audit', 'audit', 'identity/planted-target.ts'),
  inServer('server-auth', 'auth', 'listeners/listener-registry.ts'),
  inServer('server-listeners', 'listeners', 'rendezvous/offer-book.ts'),
  inServer('server-http-relay', 'http-relay', 'relay/relayed-connection.ts'),
  inServer('server-messages', 'messages', 'gateway/data-door.ts'),
  inServer('server-ingress', 'ingress', 'http-relay/http-exchange.ts'),
  inServer('server-management', 'management', 'listeners/listener-registry.ts'),
  inServer('server-gateway', 'gateway', 'cluster/planted-target.ts'),
  inServer('server-ports', 'storage', 'gateway/data-door.ts'),
  inServer('server-ports', 'cluster', 'storage/resource-store.ts'),
  inServer('server-engines', 'storage/memory', 'storage/sqlite/sqlite-store.ts'),
  inServer('server-engines', 'cluster/nats', 'listeners/listener-registry.ts'),
  inServer('composition-root', 'gateway', 'storage/sqlite/sqlite-store.ts'),
  inServer('composition-root', 'auth', 'config/option-table.ts'),
  inServer('composition-root', 'listeners', 'certificates/certificate-source.ts'),
]
