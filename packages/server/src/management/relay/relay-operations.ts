/** One action of Microsoft.Relay, as clients that offer roles list them. */
export interface RelayOperation {
  readonly name: string
  readonly isDataAction: boolean
  readonly display: { readonly provider: string; readonly resource: string; readonly operation: string }
}

const verbs = { read: 'Get', write: 'Create or Update', delete: 'Delete' } as const
const keyVerbs = { 'listKeys/action': 'List Keys of', 'regenerateKeys/action': 'Regenerate Keys of' } as const
const all = { ...verbs, ...keyVerbs }

/** Resource type, what people call it, and what can be done with it. */
const actions: readonly (readonly [type: string, resource: string, verbs: Readonly<Record<string, string>>])[] = [
  ['namespaces', 'Namespace', verbs],
  ['namespaces/operationresults', 'Operation Result', { read: 'Get' }],
  ['namespaces/authorizationRules', 'Namespace Authorization Rule', all],
  ['namespaces/hybridConnections', 'Hybrid Connection', verbs],
  ['namespaces/hybridConnections/authorizationRules', 'Hybrid Connection Authorization Rule', all],
  ['namespaces/wcfRelays', 'WCF Relay', verbs],
  ['namespaces/wcfRelays/authorizationRules', 'WCF Relay Authorization Rule', all],
  ['namespaces/networkRuleSets', 'Network Rule Set', verbs],
  ['namespaces/ingress', 'Ingress Entry', verbs],
  ['namespaces/privateEndpointConnections', 'Private Endpoint Connection', verbs],
  ['namespaces/privateLinkResources', 'Private Link Resource', { read: 'Get' }],
]

const dataActions = { 'messages/send/action': 'Send', 'messages/listen/action': 'Listen' } as const

/** Every action that a route or the data door asks for. */
export const relayOperations: readonly RelayOperation[] = [
  operation('checkNameAvailability/action', 'Namespace', 'Check Name Availability'),
  operation('register/action', 'Provider', 'Register'),
  ...actions.flatMap(([type, resource, verbs]) =>
    Object.entries(verbs).map(([verb, text]) => operation(`${type}/${verb}`, resource, `${text} ${resource}`)),
  ),
  ...Object.entries(dataActions).map(([action, text]) => ({
    ...operation(`namespaces/${action}`, 'Namespace', text),
    isDataAction: true,
  })),
]

function operation(action: string, resource: string, text: string): RelayOperation {
  return {
    name: `Microsoft.Relay/${action}`,
    isDataAction: false,
    display: { provider: 'Microsoft Azure Relay', resource, operation: text },
  }
}
