import { appId, namespaceId, planId } from '@postern/protocol'
import type { DocumentCopy } from '../../storage/document-copy.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import type { ArmCall } from '../arm-call.ts'

/** One namespace, plan or app in a list of resources. */
export interface ListedResource {
  readonly key: string
  readonly id: string
  readonly name: string
  readonly type: string
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
}

type Placed = StoredDocument<'namespace' | 'plan' | 'app'>

const kinds = {
  namespace: { type: 'Microsoft.Relay/namespaces', idOf: namespaceId },
  plan: { type: 'Microsoft.Web/serverfarms', idOf: planId },
  app: { type: 'Microsoft.Web/sites', idOf: appId },
} as const

/** What the caller may read in a subscription or one of its groups, in key order. */
export function listResources(
  documents: DocumentCopy,
  call: Pick<ArmCall, 'may' | 'query'>,
  subscriptionId: string,
  resourceGroup?: string,
): readonly ListedResource[] {
  const filter = readFilter(call.query.get('$filter') ?? '')
  const group = resourceGroup ?? filter.group
  return (Object.keys(kinds) as (keyof typeof kinds)[])
    .flatMap((kind): readonly Placed[] => documents.list(kind))
    .filter(({ document: { value } }) => isSame(value.subscriptionId, subscriptionId))
    .filter(({ document: { value } }) => group === undefined || isSame(value.resourceGroup, group))
    .map(toResource)
    .filter(({ type }) => filter.type === undefined || isSame(type, filter.type))
    .filter(({ id, type }) => call.may(`${type}/read`, id))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

export function resourceJson({ id, name, type, location, tags }: ListedResource): unknown {
  return { id, name, type, location, tags }
}

function toResource({ key, document: { kind, value } }: Placed): ListedResource {
  const { type, idOf } = kinds[kind]
  return { key, id: idOf(value, value.name), name: value.name, type, location: value.location, tags: value.tags }
}

/** The two comparisons that clients send: `resourceType eq '...'`, `resourceGroup eq '...'`. */
function readFilter(filter: string): { readonly type: string | undefined; readonly group: string | undefined } {
  return {
    type: /resourceType eq '([^']*)'/i.exec(filter)?.[1],
    group: /resourceGroup eq '([^']*)'/i.exec(filter)?.[1],
  }
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
