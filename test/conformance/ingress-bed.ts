import { Bridge } from '@postern/bridge'
import type { DeclaredNamespace, StartRelayOptions } from '@postern/server'
import { startTestRelay, type TestRelay } from '@postern/testkit'

export type Entry = NonNullable<DeclaredNamespace['ingress']>[number]

/** Resources of one namespace with the hybrid connections `site`, `other` and `db`, and these public ports. */
export function resourcesWith(
  ingress: readonly Entry[],
  more: Partial<DeclaredNamespace> = {},
): NonNullable<StartRelayOptions['resources']> {
  const hybridConnections = [{ name: 'site' }, { name: 'other' }, { name: 'db' }]
  return { namespaces: [{ name: 'local', default: true, hybridConnections, ingress, ...more }] }
}

/** A relay with public ports. */
export function startIngressRelay(
  ingress: readonly Entry[],
  options: Pick<StartRelayOptions, 'options'> & { readonly more?: Partial<DeclaredNamespace> } = {},
): Promise<TestRelay> {
  const { more, ...rest } = options
  return startTestRelay({ resources: resourcesWith(ingress, more), ...rest })
}

/** The port that an entry has. */
export function portOf(relay: TestRelay, name: string): number {
  const port = relay.relay.server.ingress.portOf(name)
  if (port === undefined) throw new Error(`ingress ${name} is not bound`)
  return port
}

/** A listener of ours with one target for each hybrid connection. */
export async function serveTargets(
  relay: TestRelay,
  targets: Readonly<Record<string, number>>,
  carriers: 'auto' | 'off' = 'auto',
): Promise<AsyncDisposable> {
  const bridge = new Bridge({
    relay: { connectionString: relay.access('site').listen.replace(/;EntityPath=[^;]*/, ''), tls: relay.tls },
    remoteForwards: Object.entries(targets).map(([name, port]) => `${name}:127.0.0.1:${port}`),
    framing: 'raw',
    carriers,
  })
  await bridge.start()
  await bridge.online(AbortSignal.timeout(15_000))
  return { [Symbol.asyncDispose]: () => bridge.stop({ graceMs: 0 }) }
}
