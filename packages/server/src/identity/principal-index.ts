import type { DirectoryPrincipal } from '../domain/directory-principal.ts'
import type { DocumentCopy } from '../storage/document-copy.ts'
import type { ResourceChange } from '../storage/resource-store.ts'

/** Finds principals by each of their names, kept current by the changes of the store: no look-up walks the list. */
export class PrincipalIndex {
  readonly #byId = new Map<string, DirectoryPrincipal>()
  readonly #byClientId = new Map<string, DirectoryPrincipal>()
  readonly #bySignInName = new Map<string, DirectoryPrincipal>()
  readonly #unsubscribe: () => void

  constructor(documents: DocumentCopy, onChange: (id: string) => void) {
    for (const { document } of documents.list('principal')) this.#add(document.value)
    this.#unsubscribe = documents.onChange((change) => {
      const id = this.#follow(change)
      if (id !== undefined) onChange(id)
    })
  }

  get size(): number {
    return this.#byId.size
  }

  byId(id: string): DirectoryPrincipal | undefined {
    return this.#byId.get(id.toLowerCase())
  }

  byClientId(clientId: string): DirectoryPrincipal | undefined {
    return this.#byClientId.get(clientId.toLowerCase())
  }

  bySignInName(name: string): DirectoryPrincipal | undefined {
    return this.#bySignInName.get(name.toLowerCase())
  }

  close(): void {
    this.#unsubscribe()
  }

  /** @returns the id of the principal that changed */
  #follow(change: ResourceChange): string | undefined {
    const before = change.previous?.document
    const after = change.kind === 'put' ? change.stored.document : undefined
    if (before?.kind === 'principal') this.#remove(before.value)
    if (after?.kind === 'principal') this.#add(after.value)
    const changed = after ?? before
    return changed?.kind === 'principal' ? changed.value.id : undefined
  }

  #add(principal: DirectoryPrincipal): void {
    this.#byId.set(principal.id.toLowerCase(), principal)
    claim(this.#byClientId, principal.clientId, principal)
    if (principal.signInName !== undefined) claim(this.#bySignInName, principal.signInName, principal)
  }

  #remove(principal: DirectoryPrincipal): void {
    this.#byId.delete(principal.id.toLowerCase())
    release(this.#byClientId, principal.clientId, principal)
    if (principal.signInName !== undefined) release(this.#bySignInName, principal.signInName, principal)
  }
}

/** Two nodes may give one name away at the same moment: the older principal keeps it, on every node. */
function claim(names: Map<string, DirectoryPrincipal>, name: string, principal: DirectoryPrincipal): void {
  const key = name.toLowerCase()
  const holder = names.get(key)
  if (holder === undefined || holder.id === principal.id || comesBefore(principal, holder)) names.set(key, principal)
}

function release(names: Map<string, DirectoryPrincipal>, name: string, { id }: DirectoryPrincipal): void {
  const key = name.toLowerCase()
  if (names.get(key)?.id === id) names.delete(key)
}

function comesBefore(a: DirectoryPrincipal, b: DirectoryPrincipal): boolean {
  const difference = a.createdAt.getTime() - b.createdAt.getTime()
  return difference < 0 || (difference === 0 && a.id < b.id)
}
