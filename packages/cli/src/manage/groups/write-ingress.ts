import type { Input } from '@postern/management'
import { readTextOrFile } from '../flag-value.ts'
import type { FlagValues, ManagedRun } from '../managed-command.ts'
import { tellingFlags } from './ingress-words.ts'

type Settings = Input<'Ingress_CreateOrUpdate'>['body']['properties']

/** Whatever is not named is what the relay takes for it. */
export async function createIngress({ client, values, subscriptionId }: ManagedRun): Promise<unknown> {
  const params = paramsOf(values, subscriptionId)
  const body = { properties: await changed({}, values) }
  return tellingFlags(client.call('Ingress_CreateOrUpdate', { params, body }))
}

/** PUT replaces everything, so what stands is read first; a change in between is refused by its ETag. */
export async function updateIngress({ client, values, subscriptionId }: ManagedRun): Promise<unknown> {
  const params = paramsOf(values, subscriptionId)
  const { etag, properties } = await client.call('Ingress_Get', { params })
  const body = { properties: await changed(properties, values) }
  const headers = { 'If-Match': `"${etag}"` }
  return tellingFlags(client.call('Ingress_CreateOrUpdate', { params, body, headers }))
}

function paramsOf(values: FlagValues, subscriptionId: string): Input<'Ingress_Get'>['params'] {
  return {
    subscriptionId,
    resourceGroupName: String(values['resource-group']),
    namespaceName: String(values['namespace-name']),
    ingressName: String(values['name']),
  }
}

/** Their values are read from files. */
const fileFlags: ReadonlySet<string> = new Set(['certificate', 'private-key', 'client-authority'])

/** Flags that say where, and not what. */
const placeFlags: ReadonlySet<string> = new Set(['name', 'namespace-name', 'resource-group', 'subscription'])

async function changed(standing: object, values: FlagValues): Promise<Settings> {
  const members = Object.entries(values)
    .filter(([flag]) => !(placeFlags.has(flag) || fileFlags.has(flag)))
    .map(([flag, value]) => [memberOf(flag), flag === 'users' ? usersOf(value) : value] as const)
  const all = Object.entries({ ...standing, ...Object.fromEntries(members), ...(await pemMembers(standing, values)) })
  // What was emptied, and the word for no open door, are said by leaving them out.
  return Object.fromEntries(all.filter(([name, value]) => !isNothing(name, value))) as Settings
}

async function pemMembers(standing: object, values: FlagValues): Promise<object> {
  const read = async (flag: string): Promise<string | undefined> => {
    const { [flag]: value } = values
    return typeof value === 'string' ? readTextOrFile(value, `--${flag}`) : undefined
  }
  const [certPem, keyPem, clientAuthorityPem] = await Promise.all(
    ['certificate', 'private-key', 'client-authority'].map(read),
  )
  // Whoever lets bytes pass again shows no certificate any more.
  const isDropped = values['tls'] === 'pass'
  const before = 'certificate' in standing ? (standing.certificate as object) : {}
  const certificate = {
    ...before,
    ...(certPem !== undefined && { certPem }),
    ...(keyPem !== undefined && { keyPem }),
  }
  return {
    ...(clientAuthorityPem !== undefined && { clientAuthorityPem }),
    certificate: isDropped || Object.keys(certificate).length === 0 ? '' : certificate,
  }
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
