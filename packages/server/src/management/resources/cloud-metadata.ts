import { tenantId } from '../../domain/tenant.ts'
import type { ArmCall } from '../arm-call.ts'

/**
 * Where the parts of this cloud are, as `az cloud register` (2015-01-01) and Terraform (2022-09-01) ask. The `/adfs`
 * authority keeps clients from asking a Microsoft host whether the authority is genuine (observed).
 */
export function cloudMetadata({ origin, apiVersion }: Pick<ArmCall, 'origin' | 'apiVersion'>): unknown {
  const login = `${origin}/adfs`
  const audiences = [origin, `${origin}/`]
  if (apiVersion < '2019-01-01') {
    return {
      galleryEndpoint: origin,
      graphEndpoint: origin,
      portalEndpoint: origin,
      authentication: { loginEndpoint: login, audiences, tenant: tenantId, identityProvider: 'ADFS' },
    }
  }
  const cloud = {
    name: 'Postern',
    portal: origin,
    authentication: { loginEndpoint: login, audiences, tenant: tenantId, identityProvider: 'ADFS' },
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
    suffixes: {},
  }
  return apiVersion < '2022-09-01' ? [cloud] : cloud
}
