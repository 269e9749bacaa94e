import { RelayError } from '@postern/protocol'
import type { App } from '../../domain/app.ts'
import type { DirectoryPrincipal } from '../../domain/directory-principal.ts'
import type { ManagementParts } from '../management-parts.ts'
import { writeDocument } from '../write-document.ts'
import { deletePrincipals } from './delete-principals.ts'
import { deploymentOf, type FoundDeployment, withDeployment } from './find-web-resource.ts'

type IdentityParts = Pick<ManagementParts, 'store' | 'documents' | 'identity' | 'roleChanges' | 'now'>

/** What a body says about the identity of an app; undefined: nothing. */
export type WantedIdentity = 'SystemAssigned' | 'None' | undefined

/** @throws {RelayError} RequestContentInvalid for kinds of identity that there are not */
export function readIdentity(body: { readonly type: string } | null | undefined): WantedIdentity {
  const type = body?.type.trim().toLowerCase()
  if (type === undefined) return undefined
  if (type === 'systemassigned') return 'SystemAssigned'
  if (type === 'none' || type === '') return 'None'
  throw new RelayError('RequestContentInvalid', {
    message: 'identity.type: must be SystemAssigned or None; an app here has one identity, its own',
  })
}

/** The principal of a deployment; undefined when it has none. */
export function principalOf(
  { identity }: Pick<ManagementParts, 'identity'>,
  { principalId }: FoundDeployment['deployment'],
): DirectoryPrincipal | undefined {
  return principalId === undefined ? undefined : identity.directory.find(principalId)
}

/**
 * Gives an app or slot its identity, or takes it away with everything that it may do.
 * @throws {RelayError} ResourceConflict when nobody would be Owner of everything without it
 */
export async function changeIdentity(
  parts: IdentityParts,
  found: FoundDeployment,
  wanted: WantedIdentity,
): Promise<void> {
  const standing = principalOf(parts, found.deployment)
  if (wanted === 'None' && found.deployment.principalId !== undefined) {
    await deletePrincipals(parts, [found.deployment])
    await writePrincipalId(parts, found, undefined)
  } else if (wanted === 'SystemAssigned' && !standing) {
    const { app, slot } = found
    const displayName = slot === undefined ? app.name : `${app.name}/slots/${slot}`
    const principal = await parts.identity.directory.create({ kind: 'app', displayName })
    // Two that ask at once make two: the one that is not the app's goes.
    const kept = await writePrincipalId(parts, found, principal.id).catch(() => undefined)
    if (kept === principal.id) return
    await parts.identity.directory.delete(principal.id)
    if (kept === undefined) throw new RelayError('ResourceConflict', { message: 'The app was deleted meanwhile' })
  }
}

/** @returns the principal that the deployment has afterwards */
async function writePrincipalId(
  parts: IdentityParts,
  { app, slot }: FoundDeployment,
  principalId: string | undefined,
): Promise<string | undefined> {
  const { stored } = await writeDocument(
    parts,
    { ifMatch: undefined, ifNoneMatch: undefined },
    {
      kind: 'app',
      path: [app.subscriptionId, app.resourceGroup, app.name],
      make: (standing) => {
        const current = standing && deploymentOf(standing, slot)
        if (!current) throw new RelayError('ResourceNotFound')
        if (principalId !== undefined && principalOf(parts, current.deployment)) return current.app
        return { ...withPrincipal(current, principalId), updatedAt: parts.now() }
      },
    },
  )
  return deploymentOf(stored, slot)?.deployment.principalId
}

function withPrincipal({ app, slot, deployment }: FoundDeployment, principalId: string | undefined): App {
  if (principalId !== undefined) return withDeployment(app, slot, { principalId })
  const { principalId: _, ...without } = deployment
  if (slot === undefined) return without as App
  return { ...app, slots: app.slots.map((each) => (each.name === slot ? { ...without, name: slot } : each)) }
}
