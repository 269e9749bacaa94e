import { tenantId } from '../../domain/tenant.ts'
import type { FoundDeployment } from './find-web-resource.ts'
import { isLinux } from './plan-json.ts'

/** An app or slot as Azure answers it. It has no host names: this relay runs no apps, it only connects them. */
export function siteJson({ app, slot, deployment, id }: FoundDeployment): unknown {
  const name = slot === undefined ? app.name : `${app.name}/${slot}`
  const { principalId } = deployment
  return {
    id,
    name,
    type: slot === undefined ? 'Microsoft.Web/sites' : 'Microsoft.Web/sites/slots',
    kind: app.kind ?? 'app',
    location: app.location,
    tags: app.tags,
    ...(principalId !== undefined && { identity: { type: 'SystemAssigned', principalId, tenantId } }),
    properties: {
      name: slot === undefined ? app.name : `${app.name}(${slot})`,
      state: 'Running',
      enabled: true,
      usageState: 'Normal',
      availabilityState: 'Normal',
      provisioningState: 'Succeeded',
      serverFarmId: app.planId,
      resourceGroup: app.resourceGroup,
      repositorySiteName: app.name,
      defaultHostName: '',
      hostNames: [],
      enabledHostNames: [],
      hostNameSslStates: [],
      reserved: isLinux(app),
      lastModifiedTimeUtc: app.updatedAt.toISOString(),
    },
  }
}
