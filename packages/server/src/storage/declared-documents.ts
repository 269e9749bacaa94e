import { isDeepStrictEqual } from 'node:util'
import { parseDuration, Secret } from '@postern/program'
import { addEndpointToMetadata, parseEndpoint } from '@postern/protocol'
import type { AuthorizationRule } from '../domain/authorization-rule.ts'
import { findRule } from '../domain/authorization-rule.ts'
import { generateKey } from '../domain/generate-key.ts'
import { defaultPlacement } from '../domain/resource-placement.ts'
import { ingressOf } from './declared-ingress.ts'
import { networkOf } from './declared-network.ts'
import type {
  DeclaredHybridConnection,
  DeclaredNamespace,
  DeclaredRule,
  ResourcesDeclaration,
} from './declared-resources-schema.ts'
import {
  type DocumentOf,
  documentKey,
  hybridConnectionKey,
  namespaceKey,
  type StoredDocument,
} from './resource-store.ts'

/** What a resources file can declare. */
export type DeclaredDocument = DocumentOf<'namespace' | 'hybridConnection'>

/**
 * The documents that a declaration asks for, beside those that stand in the store under the same keys: what is not
 * declared (left out keys, the date of creation) is taken from there. A document that would not change is the standing one.
 */
export function declaredDocuments(
  declaration: ResourcesDeclaration,
  standing: ReadonlyMap<string, StoredDocument>,
  now: Date,
): DeclaredDocument[] {
  const find = (key: string): DeclaredDocument | undefined => declaredDocument(standing.get(key))
  return declaration.namespaces.flatMap((namespace) => [
    keepUnchanged(namespaceDocument(namespace, find(namespaceKey(namespace.name)), now), standing),
    ...(namespace.hybridConnections ?? []).map((declared) => {
      const before = find(hybridConnectionKey(namespace.name, declared.name))
      return keepUnchanged(hybridConnectionDocument(namespace.name, declared, before, now), standing)
    }),
  ])
}

function namespaceDocument(
  declared: DeclaredNamespace,
  before: DeclaredDocument | undefined,
  now: Date,
): DeclaredDocument {
  const standing = before?.kind === 'namespace' ? before.value : undefined
  return {
    kind: 'namespace',
    origin: 'declared',
    value: {
      name: declared.name,
      subscriptionId: declared.subscription ?? defaultPlacement.subscriptionId,
      resourceGroup: declared.resourceGroup ?? defaultPlacement.resourceGroup,
      location: declared.location ?? defaultPlacement.location,
      tags: declared.tags ?? {},
      network: networkOf(declared, standing?.network),
      ingress: ingressOf(declared.ingress),
      privateEndpointConnections: standing?.privateEndpointConnections ?? [],
      hosts: (declared.hosts ?? []).map((host) => host.toLowerCase()),
      isDefault: declared.default ?? false,
      rules: rulesOf(declared.rules ?? [rootRule], before),
      createdAt: before?.value.createdAt ?? now,
      updatedAt: now,
    },
  }
}

/** What every namespace of Azure begins with; `rules: []` asks for a namespace without it. */
const rootRule: DeclaredRule = { name: 'RootManageSharedAccessKey', rights: ['Listen', 'Send', 'Manage'] }

function hybridConnectionDocument(
  namespace: string,
  declared: DeclaredHybridConnection,
  before: DeclaredDocument | undefined,
  now: Date,
): DeclaredDocument {
  const userMetadata = metadataOf(declared)
  const httpResponseTimeoutMs = parseDuration(declared.httpResponseTimeout ?? '')
  return {
    kind: 'hybridConnection',
    origin: 'declared',
    value: {
      namespace,
      name: declared.name,
      requiresClientAuthorization: declared.requiresClientAuthorization ?? true,
      ...(userMetadata !== undefined && { userMetadata }),
      ...(httpResponseTimeoutMs !== undefined && { httpResponseTimeoutMs }),
      ...(declared.maxListeners !== undefined && { maxListeners: declared.maxListeners }),
      ...(declared.actions !== undefined && { actions: declared.actions }),
      rules: rulesOf(declared.rules, before),
      createdAt: before?.value.createdAt ?? now,
      updatedAt: now,
    },
  }
}

function metadataOf({ endpoint, userMetadata }: DeclaredHybridConnection): string | undefined {
  const parsed = endpoint === undefined ? undefined : parseEndpoint(endpoint)
  const merged = parsed && addEndpointToMetadata(userMetadata, parsed)
  // The schema has refused what cannot be merged.
  return typeof merged === 'object' ? merged.userMetadata : userMetadata
}

function rulesOf(declared: readonly DeclaredRule[] = [], before: DeclaredDocument | undefined): AuthorizationRule[] {
  return declared.map(({ name, rights, primaryKey, secondaryKey }) => {
    const standing = findRule(before?.value.rules ?? [], name)
    return {
      name,
      rights,
      primaryKey: primaryKey === undefined ? (standing?.primaryKey ?? generateKey()) : new Secret(primaryKey),
      secondaryKey: secondaryKey === undefined ? (standing?.secondaryKey ?? generateKey()) : new Secret(secondaryKey),
    }
  })
}

function keepUnchanged(wanted: DeclaredDocument, standing: ReadonlyMap<string, StoredDocument>): DeclaredDocument {
  const before = declaredDocument(standing.get(documentKey(wanted)))
  return before && isDeepStrictEqual(comparable(wanted), comparable(before)) ? before : wanted
}

/** Keys as text, because secrets compare as equal whatever they hold; without the date of the change itself. */
function comparable({ kind, origin, value }: DeclaredDocument): unknown {
  const { updatedAt: _, rules, ...rest } = value
  const keys = rules.map((rule) => [rule.primaryKey.reveal(), rule.secondaryKey.reveal()])
  return { kind, origin, rest, rules: rules.map(({ name, rights }) => ({ name, rights })), keys }
}

function declaredDocument(stored: StoredDocument | undefined): DeclaredDocument | undefined {
  const document = stored?.document
  return document?.kind === 'namespace' || document?.kind === 'hybridConnection' ? document : undefined
}
