import { RelayError } from '@postern/protocol'
import { type ApiVersionGroup, apiVersions } from '../api-versions.ts'

interface ProviderEntry {
  readonly namespace: string
  readonly versions: ApiVersionGroup
  readonly types: readonly string[]
}

/** Providers and their resource types, as clients look them up before they use one. */
const providers: readonly ProviderEntry[] = [
  {
    namespace: 'Microsoft.Relay',
    versions: 'relay',
    types: [
      'namespaces',
      'namespaces/hybridConnections',
      'namespaces/hybridConnections/authorizationRules',
      'namespaces/authorizationRules',
      'namespaces/wcfRelays',
      'namespaces/wcfRelays/authorizationRules',
      'namespaces/networkRuleSets',
      'namespaces/ingress',
      'namespaces/privateEndpointConnections',
      'checkNameAvailability',
      'operations',
    ],
  },
  {
    namespace: 'Microsoft.Web',
    versions: 'web',
    types: [
      'serverfarms',
      'sites',
      'sites/slots',
      'sites/hybridConnectionNamespaces/relays',
      'serverfarms/hybridConnectionNamespaces/relays',
    ],
  },
  { namespace: 'Microsoft.Authorization', versions: 'authorization', types: ['roleDefinitions', 'roleAssignments'] },
  { namespace: 'Microsoft.Insights', versions: 'insights', types: ['eventtypes'] },
  { namespace: 'Postern.Management', versions: 'postern', types: ['hcms', 'audit'] },
]

export function listProviders(subscriptionId: string): readonly unknown[] {
  return providers.map((provider) => providerJson(subscriptionId, provider))
}

/** @throws {RelayError} ResourceNotFound */
export function findProvider(subscriptionId: string, namespace: string): unknown {
  const provider = providers.find((each) => each.namespace.toLowerCase() === namespace.toLowerCase())
  if (provider) return providerJson(subscriptionId, provider)
  throw new RelayError('ResourceNotFound', {
    message: `The resource provider '${namespace.slice(0, 64)}' is none of this relay's; there are ${providers.map((each) => each.namespace).join(', ')}`,
  })
}

function providerJson(subscriptionId: string, { namespace, versions, types }: ProviderEntry): unknown {
  const known: readonly string[] | string = apiVersions[versions]
  return {
    id: `/subscriptions/${subscriptionId}/providers/${namespace}`,
    namespace,
    registrationState: 'Registered',
    registrationPolicy: 'RegistrationFree',
    resourceTypes: types.map((resourceType) => ({
      resourceType,
      locations: [],
      apiVersions: typeof known === 'string' ? [] : known,
    })),
  }
}
