import { RelayError } from '@postern/protocol'
import type { DirectoryPrincipal } from '../../domain/directory-principal.ts'
import { tenantId } from '../../domain/tenant.ts'
import { type ArmCall, type ArmHandlers, type ArmReply, ok } from '../arm-call.ts'
import { demandPowerOver } from '../identity/demand-power-over.ts'
import { nameIn } from '../resources/resource-handlers.ts'
import { principalOf } from './app-identity.ts'
import { findDeployment } from './find-web-resource.ts'
import type { siteRoutes } from './site-routes.ts'
import type { WebParts } from './web-parts.ts'

type AllHandlers = ArmHandlers<typeof siteRoutes>
type Handlers = Pick<AllHandlers, Extract<keyof AllHandlers, `${string}ConnectorCredential${string}`>>

/** Handlers of the secrets with which the connector of an app signs in. */
export function connectorCredentialHandlers(parts: WebParts): Handlers {
  const { directory } = parts.identity
  const list = (call: ArmCall): ArmReply => {
    const credentials = findPrincipal(parts, call)?.credentials ?? []
    return ok({
      value: credentials.map(({ id, displayName, createdAt, expiresAt }) => ({
        credentialId: id,
        displayName,
        createdOn: createdAt.toISOString(),
        ...(expiresAt && { expiresOn: expiresAt.toISOString() }),
      })),
    })
  }
  const create = async (
    call: ArmCall<{ readonly displayName?: string | null | undefined } | undefined>,
  ): Promise<ArmReply> => {
    const principal = findPrincipal(parts, call)
    if (!principal) {
      throw new RelayError('ResourceConflict', {
        message: 'The app has no identity: give it one first, {"identity":{"type":"SystemAssigned"}}',
      })
    }
    demandPowerOver(parts, call, principal.id)
    const displayName = call.body?.displayName ?? 'connector'
    const { credentialId, secret } = await directory.addSecret(principal.id, { displayName })
    return {
      status: 201,
      body: {
        credentialId,
        tenantId,
        clientId: principal.clientId,
        principalId: principal.id,
        clientSecret: secret.reveal(),
        tokenEndpoint: `${call.origin}/${tenantId}/oauth2/v2.0/token`,
        scope: `${call.origin}/.default`,
      },
    }
  }
  const remove = async (call: ArmCall): Promise<ArmReply> => {
    const principal = findPrincipal(parts, call)
    const wanted = nameIn(call.params, 'credentialId').toLowerCase()
    const isThere = principal?.credentials.some(({ id }) => id === wanted) ?? false
    if (!principal || !isThere) return { status: 204 }
    await directory.removeCredential(principal.id, wanted)
    return { status: 200 }
  }
  return {
    WebApps_ListConnectorCredentials: list,
    WebApps_ListConnectorCredentialsSlot: list,
    WebApps_CreateConnectorCredential: create,
    WebApps_CreateConnectorCredentialSlot: create,
    WebApps_DeleteConnectorCredential: remove,
    WebApps_DeleteConnectorCredentialSlot: remove,
  }
}

function findPrincipal(parts: WebParts, call: ArmCall): DirectoryPrincipal | undefined {
  return principalOf(parts, findDeployment(parts.documents, call.params).deployment)
}
