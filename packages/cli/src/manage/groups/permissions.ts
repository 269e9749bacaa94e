import type { Item, ManagementClient } from '@postern/management'

type Permission = Item<'Permissions_List'>

/** What the caller may do at a scope, asked once for each scope. */
export class Permissions {
  readonly #client: ManagementClient
  readonly #byScope = new Map<string, Promise<readonly Permission[]>>()

  constructor(client: ManagementClient) {
    this.#client = client
  }

  /** Whether an action is allowed at a scope. For display: the relay decides again when it is done. */
  async may(action: string, scope: string): Promise<boolean> {
    const permissions = this.#byScope.get(scope) ?? this.#read(scope)
    this.#byScope.set(scope, permissions)
    return (await permissions).some(
      ({ actions, notActions }) => matches(actions, action) && !matches(notActions, action),
    )
  }

  async #read(scope: string): Promise<readonly Permission[]> {
    const all: Permission[] = []
    for await (const permission of this.#client.items('Permissions_List', { params: { scope } })) all.push(permission)
    return all
  }
}

/** `*` stands for any characters; case does not count. */
function matches(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.\\^$+?()[\]{}|]/g, '\\$&'))
    return new RegExp(`^${parts.join('.*')}$`, 'i').test(action)
  })
}
