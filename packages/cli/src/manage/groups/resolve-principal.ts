import type { Item } from '@postern/management'
import { RelayError } from '@postern/protocol'
import type { ManagedRun } from '../managed-command.ts'

/** A person or program of the built-in identity. */
export type Principal = Item<'Principals_List'>

const guid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

/**
 * Finds a principal by object id, client id, sign-in name or display name.
 * @throws {RelayError} ResourceNotFound; InvalidConfiguration when a name is of several
 */
export async function findPrincipal({ client }: Pick<ManagedRun, 'client'>, wanted: string): Promise<Principal> {
  const quoted = `'${wanted.replaceAll("'", "''")}'`
  if (guid.test(wanted)) {
    const byObjectId = client.call('Principals_Get', { params: { principalId: wanted } }).catch(notThere)
    const found =
      (await byObjectId) ?? (await firstOf(client.items('Principals_List', filter(`clientId eq ${quoted}`))))
    if (found) return found
  }
  for (const member of ['signInName', 'displayName']) {
    const [first, second] = await someOf(client.items('Principals_List', filter(`${member} eq ${quoted}`)))
    if (first && second) {
      const message = `Several are called "${wanted}": name one by its id, ${first.name} or ${second.name}`
      throw new RelayError('InvalidConfiguration', { message })
    }
    if (first) return first
  }
  throw new RelayError('ResourceNotFound', { message: `There is no person or program "${wanted}"` })
}

function filter(text: string): { readonly query: { readonly $filter: string } } {
  return { query: { $filter: text } }
}

function notThere(error: unknown): undefined {
  if ((error as { readonly status?: unknown }).status === 404) return undefined
  throw error
}

async function firstOf(items: AsyncIterable<Principal>): Promise<Principal | undefined> {
  return (await someOf(items))[0]
}

/** Two are enough to know that there are several. */
async function someOf(items: AsyncIterable<Principal>): Promise<readonly Principal[]> {
  const some: Principal[] = []
  for await (const item of items) {
    some.push(item)
    if (some.length === 2) break
  }
  return some
}
