import { actions, RelayError } from '@postern/protocol'
import { addMissingResources, type HybridConnectionAccess, type RunningRelay } from '@postern/server'

/** Hybrid connection of the demo tunnel. */
const demoName = 'demo'
/** One that nobody listens on: listeners of the reader's own would share `demo` with the demo. */
const freeName = 'hello'

/** A hybrid connection with both connection strings. */
export interface UsableHybridConnection extends HybridConnectionAccess {
  readonly listen: string
  readonly send: string
}

export interface DemoResources {
  readonly demo: UsableHybridConnection
  readonly free: UsableHybridConnection
}

/**
 * Adds the hybrid connections of the demo, with a rule for listeners and one for senders, where they are missing: to the
 * default namespace, which is `local` when there is none yet.
 * @throws {RelayError} InvalidConfiguration when one stands there without the rules that the demo needs
 */
export async function addDemoResources(relay: RunningRelay): Promise<DemoResources> {
  const { catalog, store } = relay.server
  const standing = catalog.namespaces().find(({ isDefault }) => isDefault)
  const namespace = standing?.name ?? 'local'
  const rules = [
    { name: 'listener', rights: ['Listen'] },
    { name: 'sender', rights: ['Send'] },
  ] as const
  const hybridConnections = [
    { name: demoName, rules },
    // Whoever tries things out may try messages too.
    { name: freeName, rules, actions },
  ]
  await addMissingResources(store, { namespaces: [{ name: namespace, default: true, hybridConnections }] })
  return { demo: findUsable(relay, namespace, demoName), free: findUsable(relay, namespace, freeName) }
}

function findUsable(relay: RunningRelay, namespace: string, name: string): UsableHybridConnection {
  const found = relay
    .hybridConnections()
    .find((access) => access.namespace === namespace && access.name.toLowerCase() === name)
  if (found?.listen && found.send) return { ...found, listen: found.listen, send: found.send }
  throw new RelayError('InvalidConfiguration', {
    message: `The hybrid connection ${namespace}/${name} needs a rule with Listen and one with Send for the demo. Add them, delete it, or choose another folder with --data.`,
  })
}
