import { randomUUID } from 'node:crypto'
import type { DirectoryPrincipal } from '../../domain/directory-principal.ts'
import type { ArmBed } from '../arm-calls.contract.ts'

/** Puts somebody into the directory of a test bed; his id is also his token there. */
export async function addPrincipal(
  bed: ArmBed,
  wanted: Partial<Pick<DirectoryPrincipal, 'id' | 'kind' | 'isEnabled'>> = {},
): Promise<string> {
  const { id = randomUUID(), kind = 'servicePrincipal', isEnabled = true } = wanted
  const dates = { createdAt: bed.parts.now(), updatedAt: bed.parts.now() }
  const value = { id, clientId: id, kind, displayName: 'somebody', credentials: [], isEnabled, ...dates }
  await bed.store.put({ kind: 'principal', value })
  return id
}

/** Puts a namespace with a hybrid connection `db` into resource group `g` of subscription `s`. */
export async function addEntity(bed: ArmBed, namespace = 'contoso'): Promise<void> {
  const dates = { createdAt: bed.parts.now(), updatedAt: bed.parts.now() }
  await bed.store.put({
    kind: 'namespace',
    value: {
      subscriptionId: 's',
      resourceGroup: 'g',
      location: 'local',
      tags: {},
      name: namespace,
      hosts: [],
      isDefault: false,
      rules: [],
      network: {
        publicNetworkAccess: 'Enabled',
        defaultAction: 'Allow',
        defaultActions: {},
        rules: [],
        trustedServiceAccessEnabled: false,
      },
      privateEndpointConnections: [],
      ingress: [],
      ...dates,
    },
  })
  await bed.store.put({
    kind: 'hybridConnection',
    value: {
      namespace,
      name: 'db',
      requiresClientAuthorization: true,
      userMetadata: '[{"key":"endpoint","value":"db.corp:5432"}]',
      rules: [],
      ...dates,
    },
  })
}
