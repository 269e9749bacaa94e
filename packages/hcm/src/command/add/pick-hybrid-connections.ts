import type { ManagementClient } from '@postern/management'
import { safeText } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { type Candidate, listCandidates } from './list-candidates.ts'
import type { RelayPlace } from './relay-place.ts'

/** One line of a list to pick from. */
export interface Choice<Value> {
  readonly name: string
  readonly value: Value
  /** Why it cannot be picked. */
  readonly disabled?: string
}

/** Asks a person; tests answer in his place. */
export interface Prompts {
  one<Value>(message: string, choices: readonly Choice<Value>[]): Promise<Value>
  several<Value>(message: string, choices: readonly Choice<Value>[]): Promise<readonly Value[]>
}

/**
 * Lets a person pick a subscription and tick hybrid connections in it.
 *
 * @param isKnown tells those that are here already
 * @throws {RelayError} ResourceNotFound when there is nothing to pick.
 */
export async function pickHybridConnections(
  client: ManagementClient,
  options: { readonly prompts: Prompts; readonly isKnown: (candidate: Candidate) => boolean },
): Promise<readonly RelayPlace[]> {
  const { prompts, isKnown } = options
  const subscriptionId = await pickSubscription(client, prompts)
  const candidates = await listCandidates(client, subscriptionId)
  if (candidates.length === 0) {
    throw new RelayError('ResourceNotFound', {
      message: `You see no hybrid connection in the subscription ${subscriptionId}`,
      help: 'Make one: postern relay hyco create -g GROUP --namespace-name NAMESPACE -n NAME --endpoint HOST:PORT',
    })
  }
  const choices = candidates.map((each) => choiceOf(each, isKnown(each)))
  return prompts.several('Hybrid connections to serve here', choices)
}

async function pickSubscription(client: ManagementClient, prompts: Prompts): Promise<string> {
  const choices: Choice<string>[] = []
  for await (const { subscriptionId, displayName } of client.items('Subscriptions_List'))
    choices.push({ name: safeText(`${displayName} (${subscriptionId})`), value: subscriptionId })
  const [only] = choices
  if (only === undefined) {
    const help = 'Somebody with the role Owner can give you one: postern role assignment create'
    throw new RelayError('ResourceNotFound', { message: 'You have no role in any subscription', help })
  }
  return choices.length === 1 ? only.value : prompts.one('Subscription', choices)
}

function choiceOf({ place, endpoint }: Candidate, isKnown: boolean): Choice<RelayPlace> {
  const where = endpoint === undefined ? 'it says no endpoint' : `leads to ${endpoint}`
  const name = safeText(`${place.namespaceName}/${place.hybridConnectionName}  ${where}`)
  return { name, value: place, ...(isKnown && { disabled: '(is here already)' }) }
}
