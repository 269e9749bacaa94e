import type { Item, Reply } from '@postern/management'
import { parseDuration } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { ManagedRun } from '../managed-command.ts'
import { findNamespace } from './find-namespace.ts'

type Hcm = Item<'Hcms_List'>

/** Finds an HCM by the name that it gave itself, or by its id. @throws {RelayError} ResourceNotFound */
export async function findHcm({ client, values, subscriptionId }: ManagedRun): Promise<Hcm> {
  const wanted = String(values['name']).toLowerCase()
  const found: Hcm[] = []
  for await (const hcm of client.items('Hcms_List', { params: { subscriptionId } })) {
    if (hcm.name.toLowerCase() === wanted || hcm.id.toLowerCase() === wanted) return hcm
    if (hcm.properties.displayName.toLowerCase() === wanted) found.push(hcm)
  }
  const [only] = found
  if (only && found.length === 1) return only
  if (only) {
    const ids = found.map(({ name }) => name).join(', ')
    throw new RelayError('InvalidConfiguration', {
      message: `Several HCMs have this name: name one by its id, of ${ids}`,
    })
  }
  throw new RelayError('ResourceNotFound', { message: `There is no HCM "${String(values['name'])}": postern hcm list` })
}

/** `postern hcm revoke` */
export async function revokeHcm(run: ManagedRun): Promise<undefined> {
  const { name: hcmId } = await findHcm(run)
  await run.client.call('Hcms_Delete', { params: { subscriptionId: run.subscriptionId, hcmId } })
  return undefined
}

/** `postern hcm enrol` */
export async function createEnrolment(run: ManagedRun): Promise<Reply<'HcmEnrolments_Create'>> {
  const { client, values, subscriptionId } = run
  const names = values['hybrid-connections'] as readonly string[]
  const hybridConnections = await Promise.all(names.map((name) => hybridConnectionId(run, name)))
  const { 'expires-in': expiresIn } = values
  const expires = typeof expiresIn === 'string' ? { expiresInSeconds: readSeconds(expiresIn) } : {}
  return client.call('HcmEnrolments_Create', {
    params: { subscriptionId },
    body: { properties: { hybridConnections, ...expires } },
  })
}

/** An id as it is; of `NAMESPACE/NAME` the first slash ends the namespace, because names may have more. */
async function hybridConnectionId(run: ManagedRun, name: string): Promise<string> {
  if (name.startsWith('/')) return name
  const at = name.indexOf('/')
  if (at <= 0) throw new RelayError('InvalidConfiguration', { message: `"${name}" is no NAMESPACE/NAME` })
  const { id } = await findNamespace(run, name.slice(0, at))
  return `${id}/hybridConnections/${name.slice(at + 1)}`
}

function readSeconds(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms >= 1000) return Math.round(ms / 1000)
  throw new RelayError('InvalidConfiguration', { message: `--expires-in: "${text}" is no duration, such as 30m or 1d` })
}
