import { RelayError } from '@postern/protocol'
import { findRule } from '../../domain/authorization-rule.ts'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import type { Namespace } from '../../domain/namespace.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import type { ArmCall } from '../arm-call.ts'
import { replacedSettings } from '../relay/replaced-settings.ts'
import { type HybridConnectionWriter, writeHybridConnection } from '../relay/write-hybrid-connection.ts'
import { deleteDocument } from '../write-document.ts'
import type { AtomRule } from './atom-entry.ts'
import type { AtomEntry } from './read-atom-entry.ts'

type Conditions = Pick<ArmCall, 'ifMatch' | 'ifNoneMatch'>

/** A hybrid connection of a namespace, by its whole name. */
export interface AtomTarget {
  readonly namespace: Namespace
  readonly name: string
}

export interface WrittenEntity {
  readonly entity: HybridConnection
  readonly revision: string
  readonly isNew: boolean
  /** The rules that the entry named, with the keys that this write set. */
  readonly rules: readonly AtomRule[]
}

/**
 * Writes what an entry asks for. Without If-Match it makes a hybrid connection and changes none (observed).
 * @throws {RelayError} EndpointAlreadyExists, EndpointNotFound, and what `writeHybridConnection` throws
 */
export async function putAtomEntity(
  writer: HybridConnectionWriter,
  { namespace, name }: AtomTarget,
  { entry, ...conditions }: Conditions & { readonly entry: AtomEntry },
): Promise<WrittenEntity> {
  const isUpdate = conditions.ifMatch !== undefined
  const { stored, previous } = await writeHybridConnection(writer, conditions, {
    namespace: currentNamespace(writer, namespace),
    name,
    settings: (standing) => {
      if (standing && !isUpdate) throw new RelayError('EndpointAlreadyExists')
      return { ...replacedSettings(entry, standing), ...(entry.rules && { rules: entry.rules }) }
    },
  }).catch((error: unknown) => {
    throw isUpdate && !exists(writer, { namespace, name }) ? new RelayError('EndpointNotFound') : error
  })
  const entity = stored.document.value
  const before = previous?.document.value.rules ?? []
  const rules = (entry.rules ?? []).flatMap(({ name: ruleName }): AtomRule[] => {
    const rule = findRule(entity.rules, ruleName)
    const old = findRule(before, ruleName)
    if (!rule) return []
    const told = (key: 'primaryKey' | 'secondaryKey'): Partial<AtomRule> =>
      rule[key].reveal() === old?.[key].reveal() ? {} : { [key]: rule[key].reveal() }
    return [{ name: rule.name, rights: rule.rights, ...told('primaryKey'), ...told('secondaryKey') }]
  })
  return { entity, revision: stored.revision, isNew: previous === undefined, rules }
}

/** @throws {RelayError} EndpointNotFound, ResourceConflict, PreconditionFailed */
export async function deleteAtomEntity(
  writer: HybridConnectionWriter,
  { namespace, name }: AtomTarget,
  conditions: Conditions,
): Promise<void> {
  const path = [currentNamespace(writer, namespace).document.value.name, name]
  if (
    !exists(writer, { namespace, name }) ||
    !(await deleteDocument(writer, conditions, { kind: 'hybridConnection', path }))
  ) {
    throw new RelayError('EndpointNotFound')
  }
}

function exists({ documents }: HybridConnectionWriter, { namespace, name }: AtomTarget): boolean {
  return documents.get('hybridConnection', namespace.name, name) !== undefined
}

/** The namespace that the caller was authorised for, not one that took its name while the body came. */
function currentNamespace({ documents }: HybridConnectionWriter, namespace: Namespace): StoredDocument<'namespace'> {
  const stored = documents.get('namespace', namespace.name)
  if (stored?.document.value.createdAt.getTime() === namespace.createdAt.getTime()) return stored
  throw new RelayError('EndpointNotFound')
}
