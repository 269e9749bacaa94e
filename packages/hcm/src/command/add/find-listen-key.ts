import type { ManagementClient } from '@postern/management'
import { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { RelayPlace } from './relay-place.ts'

/**
 * Gets the connection string with which an HCM listens: of a rule that may do nothing else if there is one, else of any
 * that may listen. Rules of the namespace are left alone: their keys open all of its hybrid connections.
 *
 * @throws {ManagementError} when the caller may not list the keys.
 * @throws {RelayError} ResourceNotFound when no rule may listen.
 */
export async function findListenKey(client: ManagementClient, place: RelayPlace): Promise<Secret> {
  const rules: { readonly name: string; readonly rights: readonly string[] }[] = []
  for await (const { name, properties } of client.items('HybridConnections_ListAuthorizationRules', { params: place }))
    rules.push({ name, rights: properties.rights })
  const rule = chooseRule(rules)
  if (!rule) throw noRule(place)
  const params = { ...place, authorizationRuleName: rule.name }
  const { primaryConnectionString } = await client.call('HybridConnections_ListKeys', { params })
  return new Secret(primaryConnectionString)
}

/** First a rule with exactly Listen, else any holding it: as Microsoft's HCM chooses. */
export function chooseRule<Rule extends { readonly rights: readonly string[] }>(
  rules: readonly Rule[],
): Rule | undefined {
  return (
    rules.find(({ rights }) => rights.length === 1 && rights[0] === 'Listen') ??
    rules.find(({ rights }) => rights.includes('Listen'))
  )
}

function noRule({ resourceGroupName, namespaceName, hybridConnectionName }: RelayPlace): RelayError {
  const names = `--resource-group ${resourceGroupName} --namespace-name ${namespaceName} --hybrid-connection-name ${hybridConnectionName}`
  return new RelayError('ResourceNotFound', {
    message: `The hybrid connection ${namespaceName}/${hybridConnectionName} has no rule with the right Listen`,
    help: `Make one: postern relay hyco authorization-rule create ${names} --name defaultListener --rights Listen`,
  })
}
