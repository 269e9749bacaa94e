import { withoutTrailingSlashes } from './trailing-slashes.ts'

/** Where a resource stands: subscription and resource group. */
export interface ArmPlace {
  readonly subscriptionId: string
  readonly resourceGroup: string
}

/** The parts of an ARM resource id. */
export interface ArmId {
  readonly subscriptionId?: string
  readonly resourceGroup?: string
  /** `Microsoft.Relay`; absent for a subscription or resource group. */
  readonly provider?: string
  /** Types and names in turn: `['namespaces', 'contoso', 'hybridConnections', 'db']`. */
  readonly path: readonly string[]
}

/** `/subscriptions/{subscription}/resourceGroups/{group}` */
export function resourceGroupId({ subscriptionId, resourceGroup }: ArmPlace): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`
}

/** ARM id of a Microsoft.Relay namespace. */
export function namespaceId(place: ArmPlace, namespace: string): string {
  return `${resourceGroupId(place)}/providers/Microsoft.Relay/namespaces/${namespace}`
}

/** ARM id of a hybrid connection. Slashes in its name stay: that is how Azure writes them. */
export function hybridConnectionId(place: ArmPlace, namespace: string, name: string): string {
  return `${namespaceId(place, namespace)}/hybridConnections/${name}`
}

/** ARM id of an App Service plan. */
export function planId(place: ArmPlace, plan: string): string {
  return `${resourceGroupId(place)}/providers/Microsoft.Web/serverfarms/${plan}`
}

/** ARM id of an app, or of one of its slots. */
export function appId(place: ArmPlace, app: string, slot?: string): string {
  const site = `${resourceGroupId(place)}/providers/Microsoft.Web/sites/${app}`
  return slot === undefined ? site : `${site}/slots/${slot}`
}

/**
 * Reads an ARM id; keywords in any case (observed), names as written. Undefined for what is no id. A hybrid connection's
 * name may hold slashes, as its last part or percent-encoded.
 */
export function parseArmId(text: string): ArmId | undefined {
  const match = /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+))?(?:\/providers\/([^/]+)(\/.+)?)?\/?$/i.exec(
    text,
  )
  if (match === null) return undefined
  const [, subscriptionId, resourceGroup, provider, rest] = match
  const path = rest === undefined ? [] : splitPath(rest.slice(1))
  if (path.some((part) => part === '')) return undefined
  return {
    ...(subscriptionId !== undefined && { subscriptionId }),
    ...(resourceGroup !== undefined && { resourceGroup }),
    ...(provider !== undefined && { provider }),
    path,
  }
}

/** The hybrid connection that an ARM id names, undefined when it names something else. */
export function hybridConnectionOfId(
  text: string,
): (ArmPlace & { readonly namespace: string; readonly name: string }) | undefined {
  const id = parseArmId(text)
  const [type, namespace, childType, name, ...rest] = id?.path ?? []
  const { subscriptionId, resourceGroup, provider } = id ?? {}
  if (provider?.toLowerCase() !== 'microsoft.relay' || type?.toLowerCase() !== 'namespaces') return undefined
  if (childType?.toLowerCase() !== 'hybridconnections' || rest.length > 0) return undefined
  if (subscriptionId === undefined || resourceGroup === undefined) return undefined
  if (namespace === undefined || name === undefined) return undefined
  return { subscriptionId, resourceGroup, namespace, name }
}

/** Whether `scope` is `id` itself or stands above it; compared in lower case, segment by segment. `/` covers everything. */
export function scopeCovers(scope: string, id: string): boolean {
  return plainScopeCovers(plainScope(scope), plainScope(id))
}

/**
 * The same for scopes in plain form. A slash in the name of a hybrid connection puts it below no other one: whoever has a
 * role at `a` has none at `a/b`.
 */
export function plainScopeCovers(above: string, below: string): boolean {
  if (above === '' || below === above) return true
  if (!below.startsWith(`${above}/`)) return false
  return !hybridConnectionScope.test(above) || below.startsWith('/authorizationrules/', above.length)
}

const hybridConnectionScope =
  /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+\/providers\/microsoft\.relay\/namespaces\/[^/]+\/hybridconnections\/./

/** The form in which scopes are compared: lower case, no slash at the end; empty for `/`. */
export function plainScope(scope: string): string {
  return withoutTrailingSlashes(scope).toLowerCase()
}

/** Everything behind `hybridConnections/` is one name, unless a rule's segment follows. */
function splitPath(path: string): readonly string[] {
  const match = /^(namespaces)\/([^/]+)\/(hybridConnections)\/(.+?)(?:\/(authorizationRules)\/([^/]+))?$/i.exec(path)
  if (match === null) return path.split('/')
  return match.slice(1).filter((part) => part !== undefined)
}
