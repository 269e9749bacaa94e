import { hybridConnectionId, namespaceId, RelayError } from '@postern/protocol'
import type { Namespace } from '../../domain/namespace.ts'
import type { DocumentCopy } from '../../storage/document-copy.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import type { ArmCall } from '../arm-call.ts'
import { nameIn } from '../resources/resource-handlers.ts'
import { parentNamespace } from './find-namespace.ts'

/** What has authorization rules: a namespace, or a hybrid connection of one. */
export interface RuleOwner {
  readonly namespace: Namespace
  readonly stored: StoredDocument<'namespace' | 'hybridConnection'>
  /** The parts of its document's key. */
  readonly path: readonly string[]
  /** ARM id that its rules stand under. */
  readonly id: string
  /** Type of its rules. */
  readonly ruleType: string
  /** Name of the hybrid connection, for connection strings. */
  readonly entityPath?: string
}

/** @throws {RelayError} ParentResourceNotFound, EntityNotFound */
export function ruleOwner(documents: DocumentCopy, { params }: Pick<ArmCall, 'params'>): RuleOwner {
  const parent = parentNamespace(documents, params)
  const namespace = parent.document.value
  if (!('hybridConnectionName' in params)) {
    return {
      namespace,
      stored: parent,
      path: [namespace.name],
      id: namespaceId(namespace, namespace.name),
      ruleType: 'Microsoft.Relay/Namespaces/AuthorizationRules',
    }
  }
  const path = [namespace.name, nameIn(params, 'hybridConnectionName')]
  const stored = documents.get('hybridConnection', ...path)
  if (!stored) throw new RelayError('EntityNotFound')
  const { name } = stored.document.value
  return {
    namespace,
    stored,
    path,
    id: hybridConnectionId(namespace, namespace.name, name),
    ruleType: 'Microsoft.Relay/Namespaces/HybridConnections/AuthorizationRules',
    entityPath: name,
  }
}
