import { randomUUID } from 'node:crypto'
import { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { DirectoryPrincipal } from '../../domain/directory-principal.ts'
import { tenantId } from '../../domain/tenant.ts'
import { type ArmCall, type ArmHandlers, type ArmReply, ok } from '../arm-call.ts'
import { demandGuid } from '../authorization/demand-guid.ts'
import { idPrefix } from '../authorization/scope-of-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { type FilterTerm, readFilter, refuseTerm } from '../odata-filter.ts'
import { page } from '../page.ts'
import { nameIn, signedIn } from '../resources/resource-handlers.ts'
import { demandPowerOver } from './demand-power-over.ts'
import { kindName, principalJson } from './principal-json.ts'
import type { principalRoutes } from './principal-routes.ts'

type Handlers = ArmHandlers<typeof principalRoutes>
type Name<Group extends string> = Extract<keyof Handlers, `${Group}_${string}`>

/** Handlers of people and programs, and of the keys that their tokens are signed with. */
export function principalHandlers(parts: ManagementParts): Handlers {
  return { Me_Get: (call) => ok(me(parts, call)), ...directoryHandlers(parts), ...signingKeyHandlers(parts) }
}

function directoryHandlers(parts: ManagementParts): Pick<Handlers, Name<'Principals'>> {
  const { roleChanges } = parts
  const { directory } = parts.identity
  return {
    Principals_List: (call) => {
      const tests = readFilter(call.query).map(toTest)
      const found = directory
        .list()
        .filter((principal) => tests.every((test) => test(principal)))
        .map((principal) => ({ key: principal.id.toLowerCase(), principal }))
      return page(call, found, ({ principal }) => principalJson(principal))
    },
    Principals_Get: (call) => ok(principalJson(findPrincipal(parts, call))),
    Principals_Create: async (call) => {
      const id = demandGuid(nameIn(call.params, 'principalId'), 'principal')
      const { kind, displayName, signInName } = call.body.properties
      const standing = directory.find(id)
      if (standing) return ok(principalJson(demandSame(standing, call.body.properties)))
      // Roles may have been assigned to this id before it was anybody's.
      demandPowerOver(parts, call, id)
      const principal = await directory.create({
        kind: kind === 'User' ? 'user' : 'servicePrincipal',
        displayName,
        ...(typeof signInName === 'string' && { signInName }),
        ids: { id, clientId: randomUUID() },
      })
      return { status: 201, body: principalJson(principal) }
    },
    Principals_Update: async (call) => {
      let principal = findPrincipal(parts, call)
      const { displayName, enabled } = call.body.properties
      demandPowerOver(parts, call, principal.id)
      if (typeof enabled === 'boolean' && enabled !== principal.isEnabled) {
        const change = (): Promise<DirectoryPrincipal> => directory.setEnabled(principal.id, enabled)
        principal = enabled ? await change() : await roleChanges.shutOut(principal.id, change)
      }
      if (typeof displayName === 'string') principal = await directory.setDisplayName(principal.id, displayName)
      return ok(principalJson(principal))
    },
    Principals_Delete: async (call) => {
      const principal = directory.find(nameIn(call.params, 'principalId'))
      if (principal === undefined) return { status: 204 }
      demandPowerOver(parts, call, principal.id)
      refuseOwned(principal)
      await roleChanges.unassignAll(principal.id)
      return { status: (await directory.delete(principal.id)) ? 200 : 204 }
    },
    Principals_AddCredential: (call) => addCredential(parts, call, call.body),
    Principals_RemoveCredential: async (call) => {
      const { id, credentials } = findPrincipal(parts, call)
      demandPowerOver(parts, call, id)
      const credentialId = nameIn(call.params, 'credentialId').toLowerCase()
      if (!credentials.some((credential) => credential.id === credentialId)) return { status: 204 }
      await directory.removeCredential(id, credentialId)
      return { status: 200 }
    },
  }
}

function signingKeyHandlers({ identity, documents }: ManagementParts): Pick<Handlers, Name<'SigningKeys'>> {
  return {
    SigningKeys_List: () => {
      const current = identity.keys.current.id
      const keys = documents
        .list('signingKey')
        .map(({ document }) => document.value)
        .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
      return ok({
        value: keys.map(({ id, createdAt }) => ({ id, createdOn: createdAt.toISOString(), isCurrent: id === current })),
      })
    },
    SigningKeys_Rotate: async ({ body }) => ok({ id: await identity.keys.rotate({ revoke: body?.revoke === true }) }),
  }
}

type CredentialBody = Parameters<Handlers['Principals_AddCredential']>[0]['body']

async function addCredential(parts: ManagementParts, call: ArmCall, body: CredentialBody): Promise<ArmReply> {
  const { directory } = parts.identity
  const { id, clientId, kind } = findPrincipal(parts, call)
  demandPowerOver(parts, call, id)
  const label = {
    displayName: body.displayName ?? body.kind,
    ...(typeof body.expiresOn === 'string' && { expiresAt: futureDate(body.expiresOn, parts.now()) }),
  }
  switch (body.kind) {
    case 'secret': {
      const { credentialId, secret } = await directory.addSecret(id, label)
      return { status: 201, body: { credentialId, clientId, secret: secret.reveal() } }
    }
    case 'certificate': {
      const credentialId = await directory.addKey(id, needed(body.certificate, 'certificate'), label)
      return { status: 201, body: { credentialId, clientId } }
    }
    case 'password': {
      if (kind !== 'user') throw invalid('Only people have passwords; programs get a secret')
      await directory.setPassword(id, new Secret(needed(body.password, 'password')))
      return { status: 201, body: { clientId } }
    }
  }
}

function me({ roles }: ManagementParts, call: ArmCall): unknown {
  const caller = signedIn(call)
  const { id, name, kind, clientId, principalIds, expiresAtMs } = caller
  return {
    id,
    name,
    kind,
    ...(clientId !== undefined && { clientId }),
    tenantId,
    groups: principalIds.filter((each) => each !== id),
    ...(Number.isFinite(expiresAtMs) && { expiresOn: new Date(expiresAtMs).toISOString() }),
    roleAssignments: roles.assignmentsOf(principalIds).map((assignment) => ({
      id: `${idPrefix(assignment.scope)}/roleAssignments/${assignment.id}`,
      roleName: roles.definition(assignment.roleDefinitionId)?.roleName ?? assignment.roleDefinitionId,
      scope: assignment.scope,
    })),
  }
}

/** @throws {RelayError} ResourceNotFound */
function findPrincipal({ identity }: ManagementParts, { params }: ArmCall): DirectoryPrincipal {
  const id = nameIn(params, 'principalId')
  const principal = identity.directory.find(id)
  if (principal) return principal
  throw new RelayError('ResourceNotFound', { message: `There is no principal with the object id '${id.slice(0, 64)}'` })
}

/** A PUT that is repeated finds what it made. @throws {RelayError} ResourceConflict */
function demandSame(
  standing: DirectoryPrincipal,
  wanted: { readonly kind: string; readonly displayName: string; readonly signInName?: string | null | undefined },
): DirectoryPrincipal {
  const isSame =
    kindName(standing.kind) === wanted.kind &&
    standing.displayName === wanted.displayName &&
    (standing.signInName ?? '').toLowerCase() === (wanted.signInName ?? '').toLowerCase()
  if (isSame) return standing
  throw new RelayError('ResourceConflict', { message: `The object id ${standing.id} is somebody else's already` })
}

/** The identity of an app or a Hybrid Connection Manager goes with it. @throws {RelayError} ResourceConflict */
function refuseOwned({ kind, displayName }: DirectoryPrincipal): void {
  if (kind !== 'app' && kind !== 'hcm') return
  const owner = kind === 'app' ? 'an app: remove it there' : 'a Hybrid Connection Manager: revoke it'
  throw new RelayError('ResourceConflict', { message: `${displayName} is the identity of ${owner}` })
}

/** @throws {RelayError} RequestContentInvalid for conditions that this list does not know */
function toTest(term: FilterTerm): (principal: DirectoryPrincipal) => boolean {
  const valueOf = members.get(term.name)
  if (term.kind === 'call' || term.operator !== 'eq' || valueOf === undefined) {
    return refuseTerm(term, 'displayName eq, signInName eq, clientId eq and kind eq')
  }
  const wanted = term.value.toLowerCase()
  return (principal) => valueOf(principal).toLowerCase() === wanted
}

/** What principals are looked for by; names in lower case, as filters are read. */
const members: ReadonlyMap<string, (principal: DirectoryPrincipal) => string> = new Map([
  ['displayname', ({ displayName }: DirectoryPrincipal) => displayName],
  ['signinname', ({ signInName }: DirectoryPrincipal) => signInName ?? ''],
  ['clientid', ({ clientId }: DirectoryPrincipal) => clientId],
  ['kind', ({ kind }: DirectoryPrincipal) => kindName(kind)],
])

/** @throws {RelayError} RequestContentInvalid */
function futureDate(text: string, now: Date): Date {
  const date = new Date(text)
  if (date > now) return date
  throw invalid('expiresOn lies in the past')
}

/** @throws {RelayError} RequestContentInvalid */
function needed(text: string | null | undefined, name: string): string {
  if (typeof text === 'string' && text !== '') return text
  throw invalid(`${name}: is needed for a credential of this kind`)
}

function invalid(message: string): RelayError {
  return new RelayError('RequestContentInvalid', { message })
}
