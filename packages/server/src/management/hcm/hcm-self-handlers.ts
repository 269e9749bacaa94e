import { hybridConnectionId, RelayError } from '@postern/protocol'
import type { Hcm } from '../../domain/hcm.ts'
import { type ArmCall, type ArmHandlers, type ArmReply, ok } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { signedIn } from '../resources/resource-handlers.ts'
import { selfJson } from './hcm-json.ts'
import type { hcmRoutes } from './hcm-routes.ts'
import { etagOfAnswer, keyOf, servedEntities } from './served-hybrid-connections.ts'
import { type SelfWatch, waitForChange } from './wait-for-change.ts'

type Handlers = ArmHandlers<typeof hcmRoutes>

/** What one HCM may wait for at once: the old wait of a program that was restarted, and the new one. */
const maxWaits = 2
/** Proxies cut what is silent for longer. */
const maxWaitSeconds = 60

/** For Hybrid Connection Managers themselves. */
export function hcmSelfHandlers(parts: ManagementParts): Pick<Handlers, 'Hcms_GetSelf' | 'Hcms_Report'> {
  const waiting = new Map<string, number>()
  return {
    Hcms_GetSelf: async (call) => {
      const hcm = findSelf(parts, call)
      const waitMs = 1000 * readWaitSeconds(call.query)
      const now = answer(parts, hcm)
      if (call.ifNoneMatch !== now.etag) return now.reply
      const waits = waiting.get(hcm.id) ?? 0
      if (waitMs > 0 && waits < maxWaits) {
        waiting.set(hcm.id, waits + 1)
        try {
          await waitForChange(parts.documents, watchOf(parts, hcm, now.etag), { waitMs, signal: call.signal })
        } finally {
          const left = (waiting.get(hcm.id) ?? 1) - 1
          if (left > 0) waiting.set(hcm.id, left)
          else waiting.delete(hcm.id)
        }
      }
      const later = answer(parts, findSelf(parts, call))
      return later.etag === now.etag ? { status: 304, headers: { ETag: now.etag } } : later.reply
    },
    Hcms_Report: async (call) => {
      const hcm = findSelf(parts, call)
      const { version, entities } = call.body
      const known = entities.filter(({ namespace, name }) => mayListen(parts, hcm, { namespace, name }))
      await parts.hcms.heard(hcm.id, {
        version,
        address: call.address,
        entities: known.map(({ namespace, name, target, lastError }) => ({
          namespace,
          name,
          target,
          ...(typeof lastError === 'string' && { lastError: lastError.replace(/\p{Cc}/gu, ' ') }),
        })),
      })
      return answer(parts, findSelf(parts, call)).reply
    },
  }
}

/** @throws {RelayError} ResourceNotFound for everybody who is no Hybrid Connection Manager */
function findSelf({ hcms }: ManagementParts, call: ArmCall): Hcm {
  const stored = hcms.findByPrincipal(signedIn(call).id)
  if (stored) return stored.document.value
  throw new RelayError('ResourceNotFound', { message: 'The caller is no Hybrid Connection Manager, or was revoked' })
}

function answer(parts: ManagementParts, hcm: Hcm): { readonly etag: string; readonly reply: ArmReply } {
  const body = selfJson(parts, hcm)
  const etag = etagOfAnswer(body)
  return { etag, reply: ok(body, { ETag: etag }) }
}

/** What an HCM says of other people's hybrid connections would be shown to those. */
function mayListen(
  { catalog, roles }: ManagementParts,
  { principalId }: Hcm,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): boolean {
  const [found, entity] = [catalog.namespaceByName(namespace), catalog.get(namespace, name)]
  if (found === undefined || entity === undefined) return false
  return roles.decide(
    { principalIds: [principalId] },
    {
      kind: 'dataAction',
      action: 'Microsoft.Relay/namespaces/messages/listen/action',
      scope: hybridConnectionId(found, found.name, entity.name),
    },
  ).allowed
}

function watchOf(parts: ManagementParts, hcm: Hcm, etag: string): SelfWatch {
  const served = servedEntities(parts, hcm.principalId)
  return {
    hcmId: hcm.id,
    principalId: hcm.principalId,
    entities: new Set(served.map(keyOf)),
    namespaces: new Set(served.map(({ namespace }) => namespace.name.toLowerCase())),
    hasChanged: () => {
      const standing = parts.hcms.findByPrincipal(hcm.principalId)
      return standing === undefined || answer(parts, standing.document.value).etag !== etag
    },
  }
}

/** @throws {RelayError} RequestContentInvalid */
function readWaitSeconds(query: URLSearchParams): number {
  const text = [...query].find(([name]) => name.toLowerCase() === 'waitseconds')?.[1] ?? '0'
  const seconds = Number(text)
  if (/^\d{1,2}$/.test(text) && seconds <= maxWaitSeconds) return seconds
  throw new RelayError('RequestContentInvalid', { message: `waitSeconds must be from 0 to ${maxWaitSeconds}` })
}
