import { isRelayError, namespaceId, plainScope } from '@postern/protocol'
import { invalidDeclaration, type Locate } from './declaration-problem.ts'
import { findConflicts, findUnnamed, isDeclared } from './declared-difference.ts'
import { type DeclaredDocument, declaredDocuments } from './declared-documents.ts'
import type { ResourcesDeclaration } from './declared-resources-schema.ts'
import { assignmentsUnder, scopeOfDocument } from './document-scope.ts'
import {
  documentKey,
  namespaceKey,
  type ResourceStore,
  type StoredDocument,
  type WriteCondition,
} from './resource-store.ts'

/** What applying a declaration did, as document keys. */
export interface DeclaredChanges {
  readonly written: readonly string[]
  readonly deleted: readonly string[]
  /** Namespaces that are no longer declared, kept as managed ones for what is managed under them. */
  readonly released: readonly string[]
}

export interface ApplyOptions {
  /** Names the place of a problem; without it only the path is told. */
  readonly locate?: Locate
  /** Default: the clock. */
  readonly now?: () => Date
}

/**
 * Brings a store to what a declaration says. Named documents are written with the origin `declared`, also over managed
 * ones of the same name; declared ones that are no longer named are deleted; nothing else is touched. Keys that the
 * declaration leaves out stay as they are in the store, and are made where there are none. Applying the same again writes
 * nothing. On SQLite a crash leaves all of it or nothing.
 *
 * @throws {RelayError} InvalidConfiguration when it claims a host, or to be the default, against a managed namespace.
 */
export async function applyDeclaredResources(
  store: ResourceStore,
  declaration: ResourcesDeclaration,
  options: ApplyOptions = {},
): Promise<DeclaredChanges> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyOnce(store, declaration, { now: () => new Date(), ...options })
    } catch (error) {
      // Somebody wrote between our reading and our writing.
      if (!isRelayError(error, 'PreconditionFailed') || attempt === maxAttempts) throw error
    }
  }
}

/** Gives declared documents to the management API: for a start without the file that owned them. */
export async function releaseDeclaredResources(store: ResourceStore): Promise<readonly string[]> {
  const declared = (await store.list()).filter(isDeclared)
  await Promise.all(
    declared.map(({ document, revision }) => store.put({ ...document, origin: 'managed' }, { revision })),
  )
  return declared.map(({ key }) => key)
}

/** Writers are few and the attempts follow at once: the second one succeeds unless something is wrong. */
const maxAttempts = 5

async function applyOnce(
  store: ResourceStore,
  declaration: ResourcesDeclaration,
  { locate, now }: ApplyOptions & { readonly now: () => Date },
): Promise<DeclaredChanges> {
  const stored = await store.list()
  const conflicts = findConflicts(declaration, stored)
  if (conflicts.length > 0) throw invalidDeclaration(conflicts, locate)

  const standing = new Map(stored.map((each) => [each.key, each]))
  const wanted = declaredDocuments(declaration, standing, now())
  const changed = wanted.filter((document) => standing.get(documentKey(document))?.document !== document)
  const { deleted, released } = findUnnamed(stored, new Set(wanted.map(documentKey)))
  const endedRoles = rolesOfGone(stored, [...deleted, ...moved(changed, standing)])
  // All in one turn: SQLite makes one transaction of it.
  await Promise.all([
    ...[...changed, ...released].map((document) => store.put(document, asRead(standing.get(documentKey(document))))),
    ...deleted.map(({ key, revision }) => store.delete(key, { revision })),
    ...endedRoles.map(({ key }) => store.delete(key)),
  ])
  return {
    written: changed.map(documentKey),
    deleted: deleted.map(({ key }) => key),
    released: released.map(documentKey),
  }
}

/** Holds when nobody has written the document since it was read. */
function asRead(stored: StoredDocument | undefined): WriteCondition {
  return stored ? { revision: stored.revision } : 'absent'
}

/** Namespaces as they stood at ids that they have no longer. */
function moved(
  changed: readonly DeclaredDocument[],
  standing: ReadonlyMap<string, StoredDocument>,
): readonly StoredDocument[] {
  return changed.flatMap((document) => {
    const before = standing.get(documentKey(document))
    if (document.kind !== 'namespace' || before?.document.kind !== 'namespace') return []
    const [from, to] = [before.document.value, document.value].map((value) =>
      plainScope(namespaceId(value, value.name)),
    )
    return from === to ? [] : [before]
  })
}

/** Roles that were assigned at what is gone: whoever takes its name later must not find them there. */
function rolesOfGone(
  stored: readonly StoredDocument[],
  gone: readonly StoredDocument[],
): readonly StoredDocument<'roleAssignment'>[] {
  if (gone.length === 0) return []
  const namespaces = new Map(
    stored.flatMap(({ key, document }) => (document.kind === 'namespace' ? [[key, document.value] as const] : [])),
  )
  const assignments = stored.filter(
    (each): each is StoredDocument<'roleAssignment'> => each.document.kind === 'roleAssignment',
  )
  const scopes = gone.flatMap(
    ({ document }) => scopeOfDocument(document, (name) => namespaces.get(namespaceKey(name))) ?? [],
  )
  return assignmentsUnder(scopes, assignments)
}
