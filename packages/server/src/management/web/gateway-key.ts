import { formatConnectionString, RelayError } from '@postern/protocol'
import { namespaceHost } from '../../domain/namespace-host.ts'
import type { ArmCall } from '../arm-call.ts'
import type { FoundRelay } from './relay-reference.ts'
import { demandListKeys, type PlacedRule, placedRules } from './send-key.ts'
import type { WebParts } from './web-parts.ts'

/** Port of wss when an address names none. */
const defaultPort = 443

/** Host of a namespace, and the port when it is not the usual one. */
export function namespaceEndpoint(
  { settings, dataPort }: Pick<WebParts, 'settings' | 'dataPort'>,
  namespace: FoundRelay['namespace'],
): { readonly host: string; readonly port?: number } {
  const port = dataPort()
  return { host: namespaceHost(namespace, settings), ...(port !== defaultPort && { port }) }
}

/**
 * The gateway connection string: what a Hybrid Connection Manager listens with. Microsoft's demands this order of fields,
 * and these only.
 * @throws {RelayError} AccessDenied, HybridConnectionNotUsable when no rule has the right Listen
 */
export function gatewayKey(
  parts: WebParts,
  call: Pick<ArmCall, 'may'>,
  relay: FoundRelay,
): { readonly keyName: string; readonly gatewayConnectionString: string } {
  const name = `${relay.namespace.name}/${relay.entity.name}`
  const found = listenRule(relay)
  if (!found) {
    throw new RelayError('HybridConnectionNotUsable', {
      message: `The hybrid connection ${name} has no rule of its own with the right Listen. Create one: defaultListener`,
    })
  }
  demandListKeys(call, found, { name })
  const { rule } = found
  const gatewayConnectionString = formatConnectionString({
    endpoint: namespaceEndpoint(parts, relay.namespace),
    keyName: rule.name,
    key: rule.primaryKey.reveal(),
    entityPath: relay.entity.name,
  })
  return { keyName: rule.name, gatewayConnectionString }
}

/** App Service's own rule; else one that can do nothing but listen, as Microsoft's HCM chooses; else any that can. */
function listenRule(relay: FoundRelay): PlacedRule | undefined {
  const own = placedRules(relay).filter(
    ({ rule, scope }) => scope === 'hybridConnection' && rule.rights.includes('Listen'),
  )
  return (
    own.find(({ rule }) => rule.name.toLowerCase() === 'defaultlistener') ??
    own.find(({ rule }) => rule.rights.length === 1) ??
    own[0]
  )
}
