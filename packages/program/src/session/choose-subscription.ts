import type { ManagementClient } from '@postern/management'
import { RelayError } from '@postern/protocol'

/** Subscriptions that are named when there is no default. */
const maxNamed = 10

/** The only subscription that the caller sees. @throws {RelayError} InvalidConfiguration when there are none or several */
export async function onlySubscription(client: ManagementClient): Promise<string> {
  const ids: string[] = []
  for await (const { subscriptionId } of client.items('Subscriptions_List')) {
    ids.push(subscriptionId)
    if (ids.length > maxNamed) break
  }
  const [only] = ids
  if (only !== undefined && ids.length === 1) return only
  const found = only === undefined ? 'You have no role in any' : `You can see ${ids.join(', ')}`
  throw new RelayError('InvalidConfiguration', {
    message: `Which subscription? ${found}. Give --subscription, or run postern account set --subscription ID.`,
  })
}
