import { isRelayError } from '@postern/protocol'
import { toDeclaration } from './check-declared-resources.ts'
import { declaredDocuments } from './declared-documents.ts'
import type { ResourcesDeclaration } from './declared-resources-schema.ts'
import { documentKey, type ResourceDocument, type ResourceStore } from './resource-store.ts'

/**
 * Adds what a declaration names and the store does not hold, as managed documents with keys of their own. Nothing that
 * stands there is changed, whoever owns it.
 * @returns the keys of what was added
 * @throws {RelayError} InvalidConfiguration when the declaration is not valid
 */
export async function addMissingResources(
  store: ResourceStore,
  declaration: ResourcesDeclaration,
): Promise<readonly string[]> {
  const standing = new Map((await store.list()).map((each) => [each.key, each]))
  const missing = declaredDocuments(toDeclaration(declaration), standing, new Date()).filter(
    (document) => !standing.has(documentKey(document)),
  )
  const added = await Promise.all(missing.map((document) => add(store, { ...document, origin: 'managed' })))
  return added.filter((key) => key !== undefined)
}

/** Somebody else may have added it since the store was listed: theirs stays. */
async function add(store: ResourceStore, document: ResourceDocument): Promise<string | undefined> {
  try {
    return (await store.put(document, 'absent')).key
  } catch (error) {
    if (isRelayError(error, 'PreconditionFailed')) return undefined
    throw error
  }
}
