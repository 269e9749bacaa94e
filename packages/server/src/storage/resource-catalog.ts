import type { HybridConnection } from '../domain/hybrid-connection.ts'
import type { Namespace } from '../domain/namespace.ts'
import { DocumentCopy } from './document-copy.ts'
import type { ResourceChange, ResourceDocument, ResourceStore } from './resource-store.ts'

export interface ResourceCatalogOptions {
  /** Namespaces answer for `{name}.{baseDomain}`; without it only for their own hosts. */
  readonly baseDomain?: string
}

/** What an entity path leads to. */
export interface CatalogMatch {
  readonly entity: HybridConnection
  /** What follows the entity's name in the path: empty, or beginning with `/`. */
  readonly suffix: string
}

/**
 * Finds namespaces and hybrid connections without waiting: a copy of the store in memory, kept current by its changes.
 * Names and hosts are compared without regard to case.
 */
export class ResourceCatalog {
  readonly #baseDomainSuffix: string | undefined
  readonly #namespaces = new Map<string, Namespace>()
  readonly #entities = new Map<string, Map<string, HybridConnection>>()
  /** The whole store, for those who look for more than a data door does. */
  readonly documents: DocumentCopy
  /** Made on the first look-up after a namespace changed. */
  #hosts: HostTable | undefined

  private constructor(documents: DocumentCopy, options: ResourceCatalogOptions) {
    this.documents = documents
    const baseDomain = options.baseDomain && normalizeHost(options.baseDomain)
    this.#baseDomainSuffix = baseDomain ? `.${baseDomain}` : undefined
  }

  /** Reads the whole store, then follows it until `close`. The store stays the caller's to close. */
  static async open(store: ResourceStore, options: ResourceCatalogOptions = {}): Promise<ResourceCatalog> {
    const documents = await DocumentCopy.open(store)
    const catalog = new ResourceCatalog(documents, options)
    for (const kind of ['namespace', 'hybridConnection'] as const) {
      for (const { document } of documents.list(kind)) catalog.#set(document)
    }
    documents.onChange((change) => catalog.#follow(change))
    return catalog
  }

  /**
   * The namespace that answers for a host name: the one that lists it, else the one named by `{name}.{baseDomain}`, else
   * the default one. `host` carries no port; brackets of an IPv6 address and a final dot do not matter.
   */
  namespaceByHost(host: string): Namespace | undefined {
    this.#hosts ??= new HostTable(this.#namespaces.values())
    const wanted = normalizeHost(host)
    return this.#hosts.byHost.get(wanted) ?? this.#underBaseDomain(wanted) ?? this.#hosts.default
  }

  namespaceByName(name: string): Namespace | undefined {
    return this.#namespaces.get(name.toLowerCase())
  }

  /**
   * The hybrid connection with the longest name that is the path, or the path up to one of its slashes. `path` is
   * percent-decoded and has no leading slash.
   */
  find(namespaceName: string, path: string): CatalogMatch | undefined {
    const namespace = namespaceName.toLowerCase()
    const entities = this.#entities.get(namespace)
    if (!entities || !this.#namespaces.has(namespace)) return undefined
    // Strangers choose the path: prefixes that no permitted name can equal are not looked at.
    for (let end = lastSegmentEnd(path, path.length); end > 0; end = lastSegmentEnd(path, end - 1)) {
      const entity = entities.get(path.slice(0, end).toLowerCase())
      if (entity) return { entity, suffix: path.slice(end) }
    }
    return undefined
  }

  get(namespaceName: string, name: string): HybridConnection | undefined {
    return this.#entities.get(namespaceName.toLowerCase())?.get(name.toLowerCase())
  }

  /** All hybrid connections, or those of one namespace, in no particular order. */
  list(namespaceName?: string): readonly HybridConnection[] {
    if (namespaceName !== undefined) return [...(this.#entities.get(namespaceName.toLowerCase())?.values() ?? [])]
    return [...this.#entities.values()].flatMap((entities) => [...entities.values()])
  }

  /** All namespaces, in no particular order. */
  namespaces(): readonly Namespace[] {
    return [...this.#namespaces.values()]
  }

  /** Calls back after each change, when look-ups already answer by it, until the returned function is called. */
  onChange(callback: (change: ResourceChange) => void): () => void {
    return this.documents.onChange(callback)
  }

  /** Stops following the store; look-ups go on answering by what was known last. */
  close(): void {
    this.documents.close()
  }

  #underBaseDomain(host: string): Namespace | undefined {
    const suffix = this.#baseDomainSuffix
    return suffix && host.endsWith(suffix) ? this.#namespaces.get(host.slice(0, -suffix.length)) : undefined
  }

  #follow(change: ResourceChange): void {
    if (change.kind === 'put') this.#set(change.stored.document)
    else this.#remove(change.previous.document)
  }

  #set(document: ResourceDocument): void {
    if (document.kind === 'namespace') {
      this.#namespaces.set(document.value.name.toLowerCase(), document.value)
      this.#hosts = undefined
    } else if (document.kind === 'hybridConnection') {
      const namespace = document.value.namespace.toLowerCase()
      const entities = this.#entities.get(namespace) ?? new Map<string, HybridConnection>()
      this.#entities.set(namespace, entities.set(document.value.name.toLowerCase(), document.value))
    }
  }

  #remove(document: ResourceDocument): void {
    if (document.kind === 'namespace') {
      this.#namespaces.delete(document.value.name.toLowerCase())
      this.#hosts = undefined
    } else if (document.kind === 'hybridConnection') {
      const namespace = document.value.namespace.toLowerCase()
      const entities = this.#entities.get(namespace)
      entities?.delete(document.value.name.toLowerCase())
      if (entities?.size === 0) this.#entities.delete(namespace)
    }
  }
}

class HostTable {
  readonly byHost = new Map<string, Namespace>()
  readonly default: Namespace | undefined

  /** Where two namespaces claim the same host, or both to be the default, the one whose name sorts first has it. */
  constructor(namespaces: Iterable<Namespace>) {
    const sorted = [...namespaces].toSorted((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
    for (const namespace of sorted) {
      for (const host of namespace.hosts.map(normalizeHost)) {
        if (!this.byHost.has(host)) this.byHost.set(host, namespace)
      }
    }
    this.default = sorted.find((namespace) => namespace.isDefault)
  }
}

/** Characters of the longest hybrid connection name (Azure's portal allows 260). */
const maxNameLength = 260

/** Where the longest prefix of at most `limit` characters ends that is the whole path or stands before a slash. */
function lastSegmentEnd(path: string, limit: number): number {
  if (limit >= path.length && path.length <= maxNameLength) return path.length
  return path.lastIndexOf('/', Math.min(limit, maxNameLength))
}

function normalizeHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
}
