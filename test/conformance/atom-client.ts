import { signToken, type TestRelay } from '@postern/testkit'
import { type Answer, send } from './http-client.ts'

/** Two namespaces with rules of their own, and one hybrid connection that nobody may change by ATOM. */
export const resources = {
  namespaces: [
    {
      name: 'local',
      default: true,
      rules: [
        { name: 'Root', rights: ['Listen', 'Send', 'Manage'] },
        { name: 'lister', rights: ['Send'] },
      ],
      hybridConnections: [{ name: 'declared', rules: [{ name: 'owner', rights: ['Listen', 'Send', 'Manage'] }] }],
    },
    { name: 'foreign', rules: [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'] }] },
  ],
} as const

/** A token of a rule of a namespace, or of one of its entities. */
export function tokenOf(
  relay: TestRelay,
  rule = 'Root',
  { entity, namespace = 'local', path = '' }: { entity?: string; namespace?: string; path?: string } = {},
): string {
  const { catalog } = relay.relay.server
  const rules = entity === undefined ? catalog.namespaceByName(namespace)!.rules : catalog.get(namespace, entity)!.rules
  const key = rules.find(({ name }) => name === rule)!.primaryKey.reveal()
  return signToken(`Endpoint=sb://localhost/;SharedAccessKeyName=${rule};SharedAccessKey=${key}`, { path })
}

const connect = 'http://schemas.microsoft.com/netservices/2010/10/servicebus/connect'

/** An Atom entry with these members of HybridConnectionDescription. */
export function entryOf(members: string): string {
  return (
    '<entry xmlns="http://www.w3.org/2005/Atom"><title type="text">any</title><content type="application/xml">' +
    `<HybridConnectionDescription xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="${connect}">${members}` +
    '</HybridConnectionDescription></content></entry>'
  )
}

export function ruleOf(name: string, rights: readonly string[], keys = ''): string {
  const granted = rights.map((right) => `<AccessRights>${right}</AccessRights>`).join('')
  return `<AuthorizationRule i:type="SharedAccessAuthorizationRule"><ClaimType>SharedAccessKey</ClaimType><ClaimValue>None</ClaimValue><Rights>${granted}</Rights><KeyName>${name}</KeyName>${keys}</AuthorizationRule>`
}

interface Ask {
  readonly token?: string
  readonly body?: string | Uint8Array
  readonly headers?: Record<string, string>
}

/** A call of the ATOM API, with a token of the namespace's rule Root unless another is given. */
export function ask(
  relay: TestRelay,
  method: string,
  path: string,
  { token = tokenOf(relay), body, headers = {} }: Ask = {},
): Promise<Answer> {
  const sent = { 'X-PROCESS-AT': 'ServiceBus', Authorization: token, ...headers }
  return send(relay, `${path}?api-version=2016-07`, { method, headers: sent }, body)
}

/** Status and the error's text, without its tracking. */
export function refusal({ status, body }: Answer): string {
  return `${status} ${/<Detail>(.*?)\. TrackingId:/.exec(body.toString())?.[1] ?? body.toString()}`
}
