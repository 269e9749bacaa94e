import { tenantId } from '../../domain/tenant.ts'
import type { ArmCall } from '../arm-call.ts'

/**
 * Where the parts of this cloud are, as `az cloud register` and Terraform ask it. The `/adfs` authority keeps az from asking
 * a Microsoft host whether the authority is genuine; Terraform's azurerm refuses any identity provider but AAD, any tenant but
 * `common`, and clouds without key vault and storage, which it has to be told names of (all observed).
 */
export function cloudMetadata({ origin, apiVersion }: Pick<ArmCall, 'origin' | 'apiVersion'>): unknown {
  const login = { loginEndpoint: `${origin}/adfs`, audiences: [origin, `${origin}/`] }
  const adfs = { ...login, tenant: tenantId, identityProvider: 'ADFS' }
  if (apiVersion < '2019-01-01') {
    return { galleryEndpoint: origin, graphEndpoint: origin, portalEndpoint: origin, authentication: adfs }
  }
  const isNewest = apiVersion >= '2022-09-01'
  const { host } = new URL(origin)
  const cloud = {
    name: 'Postern',
    portal: origin,
    authentication: isNewest ? { ...login, tenant: 'common', identityProvider: 'AAD' } : adfs,
    resourceManager: `${origin}/`,
    graph: origin,
    graphAudience: origin,
    microsoftGraphResourceId: origin,
    activeDirectoryDataLake: origin,
    gallery: origin,
    batch: origin,
    media: origin,
    sqlManagement: origin,
    ossrDbmsResourceId: origin,
    vmImageAliasDoc: origin,
    // There is neither; a client that asks for a token of one gets one that opens nothing else than this relay.
    suffixes: { keyVaultDns: host, storage: host },
  }
  return isNewest ? cloud : [cloud]
}
