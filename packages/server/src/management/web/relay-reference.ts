import { hybridConnectionId, hybridConnectionOfId, RelayError } from '@postern/protocol'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import type { Namespace } from '../../domain/namespace.ts'
import type { ResourceCatalog } from '../../storage/resource-catalog.ts'
import type { ArmCall } from '../arm-call.ts'
import { nameIn } from '../resources/resource-handlers.ts'

/** A hybrid connection that a path of Microsoft.Web names. */
export interface FoundRelay {
  readonly namespace: Namespace
  readonly entity: HybridConnection
  /** ARM id of the hybrid connection. */
  readonly id: string
}

/** What a body says about which hybrid connection is meant, beside the path. */
export interface RelayNames {
  readonly serviceBusNamespace?: string | null | undefined
  readonly relayName?: string | null | undefined
  readonly relayArmUri?: string | null | undefined
}

/** Namespace and name in the path. */
export function relayIn(params: ArmCall['params']): { readonly namespace: string; readonly name: string } {
  return { namespace: nameIn(params, 'namespaceName'), name: nameIn(params, 'relayName') }
}

export function relayByName(catalog: ResourceCatalog, namespaceName: string, name: string): FoundRelay | undefined {
  const namespace = catalog.namespaceByName(namespaceName)
  const entity = catalog.get(namespaceName, name)
  return namespace && entity && { namespace, entity, id: hybridConnectionId(namespace, namespace.name, entity.name) }
}

/**
 * The path says which hybrid connection is meant; a body that repeats it must mean the same one. azurerm leaves out all but
 * the id, in which the last keyword is spelt in many ways.
 * @throws {RelayError} RequestContentInvalid
 */
export function checkRelayNames(params: ArmCall['params'], names: RelayNames): void {
  const { namespace, name } = relayIn(params)
  const { serviceBusNamespace, relayName, relayArmUri } = names
  if (isGiven(serviceBusNamespace)) refuseOther('serviceBusNamespace', serviceBusNamespace, namespace)
  if (isGiven(relayName)) refuseOther('relayName', relayName, name)
  if (!isGiven(relayArmUri)) return
  const named = hybridConnectionOfId(relayArmUri)
  if (named === undefined) {
    throw new RelayError('RequestContentInvalid', {
      message:
        'properties.relayArmUri: must be the id of a hybrid connection, /subscriptions/../resourceGroups/../providers/Microsoft.Relay/namespaces/../hybridConnections/..',
    })
  }
  refuseOther('relayArmUri', named.namespace, namespace)
  refuseOther('relayArmUri', named.name, name)
}

/** The id names subscription and resource group too. @throws {RelayError} RequestContentInvalid */
export function checkRelayPlace({ namespace }: FoundRelay, relayArmUri: string | null | undefined): void {
  const named = isGiven(relayArmUri) ? hybridConnectionOfId(relayArmUri) : undefined
  if (named === undefined) return
  refuseOther('relayArmUri', named.subscriptionId, namespace.subscriptionId)
  refuseOther('relayArmUri', named.resourceGroup, namespace.resourceGroup)
}

function isGiven(text: string | null | undefined): text is string {
  return text !== undefined && text !== null && text !== ''
}

function refuseOther(member: string, given: string, meant: string): void {
  if (decode(given).toLowerCase() === meant.toLowerCase()) return
  throw new RelayError('RequestContentInvalid', {
    message: `properties.${member}: names '${printable(given)}', but it is '${printable(meant)}' that is meant`,
  })
}

/** A name with a slash may come percent-encoded inside an id. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function printable(text: string): string {
  return text.slice(0, 100).replace(/[^\x20-\x7e]/g, '?')
}
