import type { DeclarationProblem } from './declaration-problem.ts'
import type { ResourcesDeclaration } from './declared-resources-schema.ts'
import { namespaceKey, type ResourceDocument, type StoredDocument } from './resource-store.ts'

/** Whether the resources file owns a document, so that nobody else may change or delete it. */
export function isDeclared({ document }: StoredDocument): boolean {
  return document.origin === 'declared'
}

/** What a declaration claims although a namespace that it does not name has it. */
export function findConflicts(
  declaration: ResourcesDeclaration,
  stored: readonly StoredDocument[],
): readonly DeclarationProblem[] {
  const named = new Set(declaration.namespaces.map(({ name }) => namespaceKey(name)))
  const others = stored.flatMap((each) =>
    each.document.kind === 'namespace' && !isDeclared(each) && !named.has(each.key) ? [each.document.value] : [],
  )
  return declaration.namespaces.flatMap((namespace, at) => {
    const problems: DeclarationProblem[] = []
    const otherDefault = namespace.default && others.find(({ isDefault }) => isDefault)
    if (otherDefault) {
      const message = `namespace ${otherDefault.name} is the default already; write false, or change that one first`
      problems.push({ path: ['namespaces', at, 'default'], message })
    }
    for (const [hostAt, host] of (namespace.hosts ?? []).entries()) {
      const owner = others.find(({ hosts }) => hosts.includes(host.toLowerCase()))
      if (!owner) continue
      const message = `namespace ${owner.name} has this host already; leave it out, or take it from that one first`
      problems.push({ path: ['namespaces', at, 'hosts', hostAt], message })
    }
    return problems
  })
}

export interface UnnamedDocuments {
  /** Without those that go with a deleted namespace anyway. */
  readonly deleted: readonly StoredDocument[]
  /** Namespaces that must stay for the managed hybrid connections under them. */
  readonly released: readonly ResourceDocument[]
}

/** What is declared in the store and no longer in the declaration. `wanted` holds the keys of the declaration. */
export function findUnnamed(stored: readonly StoredDocument[], wanted: ReadonlySet<string>): UnnamedDocuments {
  const unnamed = stored.filter((each) => isDeclared(each) && !wanted.has(each.key))
  const inUse = new Set(stored.filter((each) => !isDeclared(each)).map(namespaceOf))
  const isLeaving = ({ key }: StoredDocument): boolean => !inUse.has(key)
  const leaving = new Set(
    unnamed
      .filter(isNamespace)
      .filter(isLeaving)
      .map(({ key }) => key),
  )
  return {
    deleted: unnamed.filter((each) => (isNamespace(each) ? leaving.has(each.key) : !leaving.has(namespaceOf(each)))),
    released: unnamed
      .filter((each) => isNamespace(each) && !leaving.has(each.key))
      .map(({ document }) => ({ ...document, origin: 'managed' })),
  }
}

function isNamespace({ document }: StoredDocument): boolean {
  return document.kind === 'namespace'
}

/** Key of the namespace that a document is under, or is; its own key for everything else. */
function namespaceOf({ key, document }: StoredDocument): string {
  if (document.kind === 'namespace') return key
  return document.kind === 'hybridConnection' ? namespaceKey(document.value.namespace) : key
}
