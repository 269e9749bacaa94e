import { randomUUID } from 'node:crypto'
import { isManagementError, type Reply } from '@postern/management'
import { RelayError } from '@postern/protocol'
import { readTextOrFile } from '../flag-value.ts'
import type { FlagValues, ManagedRun } from '../managed-command.ts'
import { findPrincipal, type Principal } from './resolve-principal.ts'

/** `postern principal create`: as good as nothing without something to sign in with, so that is made too. */
export async function createPrincipal(run: ManagedRun): Promise<unknown> {
  const { client, values } = run
  const kind = values['kind'] === 'User' ? 'User' : 'ServicePrincipal'
  const { 'sign-in-name': signInName, 'display-name': displayName } = values
  const body = await credentialBody(values, kind)
  const params = { principalId: randomUUID() }
  const { properties } = await client.call('Principals_Create', {
    params,
    body: {
      properties: {
        kind,
        displayName: String(displayName),
        ...(typeof signInName === 'string' && { signInName }),
      },
    },
  })
  try {
    const credential = await client.call('Principals_AddCredential', { params, body })
    return {
      displayName: properties.displayName,
      principalId: properties.principalId,
      kind,
      ...(await withTenant(run, credential)),
    }
  } catch (error) {
    // A certificate or password that the relay does not take: nothing is left of the attempt.
    if (isManagementError(error)) await client.call('Principals_Delete', { params })
    throw error
  }
}

/** `postern principal show` */
export function showPrincipal(run: ManagedRun): Promise<Principal> {
  return findPrincipal(run, String(run.values['id']))
}

/** `postern principal update` */
export async function updatePrincipal(run: ManagedRun): Promise<unknown> {
  const { 'display-name': displayName, enabled } = run.values
  return run.client.call('Principals_Update', {
    params: await paramsOf(run),
    body: {
      properties: {
        ...(typeof displayName === 'string' && { displayName }),
        ...(typeof enabled === 'boolean' && { enabled }),
      },
    },
  })
}

/** `postern principal delete` */
export async function deletePrincipal(run: ManagedRun): Promise<undefined> {
  await run.client.call('Principals_Delete', { params: await paramsOf(run) })
  return undefined
}

/** `postern principal credential add` */
export async function addCredential(run: ManagedRun): Promise<unknown> {
  const { name, properties } = await findPrincipal(run, String(run.values['id']))
  const body = await credentialBody(run.values, properties.kind)
  return withTenant(run, await run.client.call('Principals_AddCredential', { params: { principalId: name }, body }))
}

/** `postern principal credential remove` */
export async function removeCredential(run: ManagedRun): Promise<undefined> {
  const params = { ...(await paramsOf(run)), credentialId: String(run.values['credential-id']) }
  await run.client.call('Principals_RemoveCredential', { params })
  return undefined
}

async function paramsOf(run: ManagedRun): Promise<{ readonly principalId: string }> {
  return { principalId: (await findPrincipal(run, String(run.values['id']))).name }
}

interface CredentialBody {
  readonly kind: 'secret' | 'certificate' | 'password'
  readonly certificate?: string
  readonly password?: string
  readonly expiresOn?: string
}

async function credentialBody(values: FlagValues, kind: Principal['properties']['kind']): Promise<CredentialBody> {
  const { certificate, password, 'end-date': endDate } = values
  const expires = typeof endDate === 'string' ? { expiresOn: readTime(endDate) } : {}
  if (typeof certificate === 'string') {
    return { kind: 'certificate', certificate: await readFileFlag('certificate', certificate), ...expires }
  }
  if (typeof password === 'string') {
    return { kind: 'password', password: (await readFileFlag('password', password)).replace(/\r?\n$/, ''), ...expires }
  }
  if (kind === 'User') throw invalid('A person needs --password @FILE')
  return { kind: 'secret', ...expires }
}

/** Other users see what stands on a command line. */
async function readFileFlag(flag: string, text: string): Promise<string> {
  if (text.startsWith('@')) return readTextOrFile(text, `--${flag}`)
  throw invalid(`--${flag} takes @FILE`)
}

function readTime(text: string): string {
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw invalid(`--end-date: "${text}" is no time`)
  return time.toISOString()
}

/** All that a program needs to sign in. */
async function withTenant(
  { client }: ManagedRun,
  credential: Reply<'Principals_AddCredential'>,
): Promise<Reply<'Principals_AddCredential'> & { readonly tenantId: string }> {
  const { tenantId } = await client.call('Me_Get')
  return { ...credential, tenantId }
}

function invalid(message: string): RelayError {
  return new RelayError('InvalidConfiguration', { message })
}
