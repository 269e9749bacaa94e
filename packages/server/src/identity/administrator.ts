import { randomUUID } from 'node:crypto'
import type { Secret } from '@postern/program'
import type { DocumentCopy } from '../storage/document-copy.ts'
import type { ResourceStore } from '../storage/resource-store.ts'
import type { Directory } from './directory.ts'
import { generateSecret } from './secret-hash.ts'

/** What the first administrator signs in with. */
export interface AdministratorAccess {
  readonly clientId: string
  readonly clientSecret: Secret
}

export interface AdministratorOptions {
  readonly directory: Directory
  readonly store: ResourceStore
  readonly documents: DocumentCopy
  /** Default: a new one. */
  readonly secret?: Secret
  /** Keeps the access where its owner finds it; called before the administrator exists, so that it is never lost. */
  readonly keep: (access: AdministratorAccess) => Promise<void>
}

/** Name by which the administrator signs in at the device page. */
const administratorName = 'admin'
/** Azure's id of the role Owner. */
const ownerRoleId = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'

/** Makes the administrator of a directory in which there is nobody yet; undefined when there is somebody. */
export async function ensureAdministrator(options: AdministratorOptions): Promise<AdministratorAccess | undefined> {
  return options.directory.size > 0 ? undefined : await createAdministrator(options)
}

/** Gives the administrator a new secret, and back what makes an administrator: enabled, Owner of everything. */
export async function resetAdministrator(options: AdministratorOptions): Promise<AdministratorAccess> {
  const { directory, secret, keep } = options
  const standing = directory.findBySignInName(administratorName)
  if (standing === undefined) return await createAdministrator(options)
  const access = { clientId: standing.clientId, clientSecret: secret ?? generateSecret() }
  await keep(access)
  await makeOwner(options, standing.id)
  await directory.replaceCredentials(standing.id, access.clientSecret, { displayName: 'reset secret' })
  return access
}

/** In this order: whatever is cut short is begun anew at the next start, because there is no principal yet. */
async function createAdministrator(options: AdministratorOptions): Promise<AdministratorAccess> {
  const { directory, secret, keep } = options
  const ids = { id: randomUUID(), clientId: randomUUID() }
  const access = { clientId: ids.clientId, clientSecret: secret ?? generateSecret() }
  await keep(access)
  await makeOwner(options, ids.id)
  await directory.create({
    kind: 'servicePrincipal',
    displayName: 'Administrator',
    signInName: administratorName,
    ids,
    secret: access.clientSecret,
  })
  return access
}

async function makeOwner({ store, documents }: AdministratorOptions, principalId: string): Promise<void> {
  const isOwner = documents
    .list('roleAssignment')
    .map(({ document }) => document.value)
    .some((given) => given.principalId === principalId && given.roleDefinitionId === ownerRoleId && given.scope === '/')
  if (isOwner) return
  const now = new Date()
  await store.put({
    kind: 'roleAssignment',
    value: {
      id: randomUUID(),
      scope: '/',
      roleDefinitionId: ownerRoleId,
      principalId,
      principalType: 'ServicePrincipal',
      description: 'Administrator of the relay',
      createdBy: principalId,
      createdAt: now,
      updatedAt: now,
    },
  })
}
