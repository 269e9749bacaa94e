import {
  hybridConnectionNameProblem,
  maxUserMetadataLength,
  metadataEndpointProblem,
  RelayError,
} from '@postern/protocol'
import { type AuthorizationRule, rulesProblem, type WantedRule, withRule } from '../../domain/authorization-rule.ts'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import type { ArmCall } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { writeDocument } from '../write-document.ts'
import { parentNotFound } from './find-namespace.ts'

/** What writing a hybrid connection takes. */
export type HybridConnectionWriter = Pick<ManagementParts, 'store' | 'documents' | 'catalog' | 'now'>

/** Hybrid connections of one namespace, as in Azure. */
export const maxHybridConnections = 10_000

/** What can be said of a hybrid connection; rules that are left out stay. */
export type HybridConnectionSettings = Pick<HybridConnection, 'requiresClientAuthorization'> & {
  readonly [Name in 'userMetadata' | 'maxListeners' | 'httpResponseTimeoutMs' | 'actions']?:
    | HybridConnection[Name]
    | undefined
} & { readonly rules?: readonly WantedRule[] }

/**
 * Creates or changes a hybrid connection, whoever asks in whatever form: ARM or ATOM.
 *
 * @param target.settings makes the new settings from what stands there
 * @throws {RelayError} RequestContentInvalid, ResourceLimitReached, ResourceConflict, PreconditionFailed,
 *   ParentResourceNotFound when the namespace was deleted meanwhile, and what `settings` throws
 */
export async function writeHybridConnection(
  parts: HybridConnectionWriter,
  conditions: Pick<ArmCall, 'ifMatch' | 'ifNoneMatch'>,
  target: {
    readonly namespace: StoredDocument<'namespace'>
    readonly name: string
    readonly settings: (standing: HybridConnection | undefined) => HybridConnectionSettings
  },
): Promise<{
  readonly stored: StoredDocument<'hybridConnection'>
  readonly previous: StoredDocument<'hybridConnection'> | undefined
}> {
  const namespace = target.namespace.document.value
  const written = await writeDocument(parts, conditions, {
    kind: 'hybridConnection',
    path: [namespace.name, target.name],
    make: (stored) => {
      const standing = stored?.document.value
      const settings = target.settings(standing)
      refuseSettings(settings)
      if (!standing) refuseNew(parts, namespace.name, target.name)
      const now = parts.now()
      return {
        namespace: standing?.namespace ?? namespace.name,
        name: standing?.name ?? target.name,
        ...settingsOf(settings),
        rules: rulesOf(settings.rules, standing?.rules ?? []),
        createdAt: standing?.createdAt ?? now,
        updatedAt: now,
      }
    },
  })
  await removeOrphan(parts, target.namespace, written.stored)
  return written
}

function settingsOf(
  settings: HybridConnectionSettings,
): Omit<HybridConnection, 'namespace' | 'name' | 'rules' | 'createdAt' | 'updatedAt'> {
  const { requiresClientAuthorization, userMetadata, maxListeners, httpResponseTimeoutMs, actions } = settings
  return {
    requiresClientAuthorization,
    ...(userMetadata !== undefined && { userMetadata }),
    ...(maxListeners !== undefined && { maxListeners }),
    ...(httpResponseTimeoutMs !== undefined && { httpResponseTimeoutMs }),
    ...(actions !== undefined && { actions }),
  }
}

function rulesOf(
  wanted: readonly WantedRule[] | undefined,
  standing: readonly AuthorizationRule[],
): readonly AuthorizationRule[] {
  if (wanted === undefined) return standing
  const kept = standing.filter(({ name }) => wanted.some((rule) => rule.name.toLowerCase() === name.toLowerCase()))
  return wanted.reduce<readonly AuthorizationRule[]>(withRule, kept)
}

/** @throws {RelayError} RequestContentInvalid */
function refuseSettings({ userMetadata, rules }: HybridConnectionSettings): void {
  const problem =
    userMetadata !== undefined && userMetadata.length > maxUserMetadataLength
      ? `userMetadata can have at most ${maxUserMetadataLength} characters, not ${userMetadata.length}`
      : (metadataEndpointProblem(userMetadata ?? '') ?? rulesProblem(rules ?? []))
  if (problem !== undefined) throw new RelayError('RequestContentInvalid', { message: problem })
}

/** @throws {RelayError} RequestContentInvalid, ResourceLimitReached */
function refuseNew({ catalog }: HybridConnectionWriter, namespace: string, name: string): void {
  const problem = hybridConnectionNameProblem(name)
  if (problem !== undefined) {
    throw new RelayError('RequestContentInvalid', { message: `The name of a hybrid connection ${problem}` })
  }
  if (catalog.list(namespace).length < maxHybridConnections) return
  throw new RelayError('ResourceLimitReached', {
    message: `The namespace ${namespace} has ${maxHybridConnections} hybrid connections already; it cannot have more`,
  })
}

/** A namespace that was deleted while we wrote must not leave anything to whoever takes its name next. */
async function removeOrphan(
  { documents, store }: HybridConnectionWriter,
  namespace: StoredDocument<'namespace'>,
  { key, revision }: StoredDocument<'hybridConnection'>,
): Promise<void> {
  const { name, createdAt } = namespace.document.value
  const now = documents.get('namespace', name)?.document.value
  if (now?.createdAt.getTime() === createdAt.getTime()) return
  await store.delete(key, { revision })
  throw parentNotFound(name)
}
