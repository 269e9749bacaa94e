import { inNamespace } from '../flags.ts'
import type { ManagedCommand, ManagedRun } from '../managed-command.ts'

const columns = {
  DefaultAction: 'properties.defaultAction',
  IpRules: 'properties.ipRules[].ipMask',
  PublicNetworkAccess: 'properties.publicNetworkAccess',
}

/** `postern relay namespace network-rule-set ...` */
export const networkRuleCommands: readonly ManagedCommand[] = [
  {
    words: 'relay namespace network-rule-set show',
    summary: 'Shows the network rules of a namespace.',
    flags: inNamespace,
    does: 'Namespaces_GetNetworkRuleSet',
    columns,
    examples: ['--namespace-name contoso -g demo'],
  },
  {
    words: 'relay namespace network-rule-set update',
    summary: 'Changes the network rules of a namespace; what is not named stays.',
    flags: [
      ...inNamespace,
      {
        long: 'default-action',
        value: 'ACTION',
        help: 'what becomes of addresses that no rule names',
        choices: ['Allow', 'Deny'],
        to: 'run',
      },
      {
        long: 'ip-rules',
        value: 'ADDRESS',
        help: 'addresses and networks that are allowed, in place of those before; "" for none',
        kind: 'list',
        to: 'run',
      },
    ],
    does: updateNetworkRules,
    columns,
    examples: [
      '--namespace-name contoso -g demo --default-action Deny --ip-rules 192.0.2.0/24 2001:db8::/32',
      '--namespace-name contoso -g demo --default-action Allow --ip-rules ""',
    ],
  },
]

/** PUT replaces everything, so what stands is read first; a change in between is not overwritten: PreconditionFailed. */
async function updateNetworkRules({ client, values, subscriptionId }: ManagedRun): Promise<unknown> {
  const params = {
    subscriptionId,
    resourceGroupName: String(values['resource-group']),
    namespaceName: String(values['namespace-name']),
  }
  const { reply, etag } = await client.callWithTag('Namespaces_GetNetworkRuleSet', { params })
  const { 'default-action': defaultAction, 'ip-rules': masks } = values
  const changes = {
    ...(typeof defaultAction === 'string' && ({ defaultAction: defaultAction === 'Deny' ? 'Deny' : 'Allow' } as const)),
    ...(Array.isArray(masks) && {
      ipRules: masks.map((ipMask) => ({ ipMask: String(ipMask), action: 'Allow' as const })),
    }),
  }
  return client.call('Namespaces_CreateOrUpdateNetworkRuleSet', {
    params,
    body: { properties: { ...reply.properties, ...changes } },
    ...(etag !== undefined && { headers: { 'If-Match': etag } }),
  })
}
