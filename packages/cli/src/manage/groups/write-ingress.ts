import type { Input } from '@postern/management'
import type { FlagValues, ManagedRun } from '../managed-command.ts'

type Settings = Input<'Ingress_CreateOrUpdate'>['body']['properties']

/** Whatever is not named is what the relay takes for it. */
export async function createIngress({ client, values, subscriptionId }: ManagedRun): Promise<unknown> {
  const params = paramsOf(values, subscriptionId)
  return client.call('Ingress_CreateOrUpdate', { params, body: { properties: changed({}, values) } })
}

/** PUT replaces everything, so what stands is read first; a change in between is refused by its ETag. */
export async function updateIngress({ client, values, subscriptionId }: ManagedRun): Promise<unknown> {
  const params = paramsOf(values, subscriptionId)
  const { etag, properties } = await client.call('Ingress_Get', { params })
  return client.call('Ingress_CreateOrUpdate', {
    params,
    body: { properties: changed(properties, values) },
    headers: { 'If-Match': `"${etag}"` },
  })
}

function paramsOf(values: FlagValues, subscriptionId: string): Input<'Ingress_Get'>['params'] {
  return {
    subscriptionId,
    resourceGroupName: String(values['resource-group']),
    namespaceName: String(values['namespace-name']),
    ingressName: String(values['name']),
  }
}

/** Flags that say where, and not what. */
const placeFlags: ReadonlySet<string> = new Set(['name', 'namespace-name', 'resource-group', 'subscription'])

function changed(standing: object, values: FlagValues): Settings {
  const members = Object.entries(values)
    .filter(([flag]) => !placeFlags.has(flag))
    .map(([flag, value]) => [memberOf(flag), flag === 'users' ? usersOf(value) : value] as const)
  const all = Object.entries({ ...standing, ...Object.fromEntries(members) })
  // What was emptied, and the word for no open door, are said by leaving them out.
  return Object.fromEntries(all.filter(([name, value]) => !isNothing(name, value))) as Settings
}

function isNothing(name: string, value: unknown): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0) || (name === 'access' && value === 'guarded')
}

/** `max-connections` is `maxConnections` in the body. */
function memberOf(flag: string): string {
  return flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function usersOf(value: unknown): unknown {
  const words = Array.isArray(value) ? value.map(String) : []
  return words.map((word) => {
    const [name = '', passwordHash] = word.split(/=(.*)/s)
    return { name, ...(passwordHash !== undefined && { passwordHash }) }
  })
}
