import { randomUUID } from 'node:crypto'
import { isRelayError, RelayError } from '@postern/protocol'
import type { HcmEnrolment } from '../../domain/hcm.ts'
import { readCredentialKey } from '../../identity/credential-key.ts'
import { SignInThrottle } from '../../identity/sign-in-throttle.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { type ArmCall, type ArmHandlers, ok } from '../arm-call.ts'
import { demandGuid } from '../authorization/demand-guid.ts'
import type { ManagementParts } from '../management-parts.ts'
import { page } from '../page.ts'
import { nameIn, signedIn } from '../resources/resource-handlers.ts'
import { demandEntities, listKeysAction } from './demand-entities.ts'
import { enrolHcm } from './enrol-hcm.ts'
import { enrolmentSecretMatches, makeEnrolmentToken, readEnrolmentToken } from './enrolment-token.ts'
import { enrolledJson, enrolmentJson } from './hcm-json.ts'
import type { hcmRoutes } from './hcm-routes.ts'
import { entityOfId, type FoundEntity } from './served-hybrid-connections.ts'

type Handlers = ArmHandlers<typeof hcmRoutes>
type Name = Extract<keyof Handlers, `HcmEnrolments_${string}`> | 'Hcms_Enrol' | 'Hcms_Create'

const defaultTokenSeconds = 3600
/** Tokens at once that nobody has used yet. */
const maxEnrolments = 1000

/** How a Hybrid Connection Manager gets an identity: by a token that somebody made for it, or by the sign-in of a person. */
export function enrolmentHandlers(parts: ManagementParts): Pick<Handlers, Name> {
  return { ...tokenHandlers(parts), ...hcmMakers(parts) }
}

function tokenHandlers(parts: ManagementParts): Pick<Handlers, Exclude<Name, 'Hcms_Enrol' | 'Hcms_Create'>> {
  const { documents, store, now } = parts
  return {
    HcmEnrolments_List: (call) => {
      const found = documents.list('hcmEnrolment').filter((stored) => isAt(stored, call) && !isOver(parts, stored))
      return page(call, found, ({ document }) => enrolmentJson(document.value))
    },
    HcmEnrolments_Create: async (call) => {
      const { hybridConnections, expiresInSeconds } = call.body.properties
      const entities = demandEntities(parts, call, hybridConnections)
      if (documents.list('hcmEnrolment').length >= maxEnrolments) {
        throw new RelayError('QuotaExceeded', { message: `${maxEnrolments} enrolments wait already; delete some` })
      }
      const id = randomUUID()
      const { token, secretHash } = makeEnrolmentToken(id)
      const createdAt = now()
      const value: HcmEnrolment = {
        id,
        subscriptionId: nameIn(call.params, 'subscriptionId'),
        secretHash,
        hybridConnections: entities.map((entity) => entity.id),
        createdBy: signedIn(call).id,
        expiresAt: new Date(createdAt.getTime() + 1000 * (expiresInSeconds ?? defaultTokenSeconds)),
        createdAt,
        updatedAt: createdAt,
      }
      await store.put({ kind: 'hcmEnrolment', value }, 'absent')
      return { status: 201, body: enrolmentJson(value, token.reveal()) }
    },
    HcmEnrolments_Delete: async (call) => {
      const stored = documents.get('hcmEnrolment', nameIn(call.params, 'enrolmentId'))
      const isDeleted = stored !== undefined && isAt(stored, call) && (await store.delete(stored.key))
      return { status: isDeleted ? 200 : 204 }
    },
  }
}

function hcmMakers(parts: ManagementParts): Pick<Handlers, 'Hcms_Enrol' | 'Hcms_Create'> {
  const { documents, now } = parts
  const throttle = new SignInThrottle({ now: () => now().getTime() })
  return {
    Hcms_Enrol: async (call) => {
      const { token, name, version, publicKey } = call.body
      const attempt = { name: readEnrolmentToken(token)?.id ?? '', address: call.address }
      if (throttle.admit(attempt) > 0) throw new RelayError('EnrolmentThrottled')
      // A key that cannot be uses up no token.
      readCredentialKey(publicKey)
      const { id: _, subscriptionId, createdBy, ...enrolment } = await redeem(parts, token)
      throttle.succeeded(attempt)
      const entities = enrolment.hybridConnections
        .flatMap((id) => stillThere(parts, id, enrolment.createdAt) ?? [])
        .filter(({ id }) => mayStill(parts, createdBy, id))
      const wanted = { id: randomUUID(), name, version, publicKey, subscriptionId, entities, by: createdBy }
      return { status: 201, body: enrolledJson(parts, call, await enrolHcm(parts, wanted)) }
    },
    Hcms_Create: async (call) => {
      const id = demandGuid(nameIn(call.params, 'hcmId'), 'Hybrid Connection Manager')
      const { displayName, version, publicKey, hybridConnections } = call.body.properties
      const entities = demandEntities(parts, call, hybridConnections)
      const subscriptionId = nameIn(call.params, 'subscriptionId')
      refuseOtherSubscription(entities, subscriptionId)
      const key = readCredentialKey(publicKey)
      const standing = documents.get('hcm', id)?.document.value
      if (standing) {
        // An answer that was lost is asked for again, by the same person for the same key.
        const credentials = parts.identity.directory.find(standing.principalId)?.credentials ?? []
        const isSame = credentials.some((each) => each.kind === 'key' && each.publicKey === key.publicKey)
        if (isSame) return ok(enrolledJson(parts, call, standing))
        throw new RelayError('ResourceConflict', { message: `There is a Hybrid Connection Manager ${id} already` })
      }
      const hcm = await enrolHcm(parts, {
        id,
        name: displayName,
        subscriptionId,
        ...(typeof version === 'string' && { version }),
        publicKey,
        entities,
        by: signedIn(call).id,
      })
      return { status: 201, body: enrolledJson(parts, call, hcm) }
    },
  }
}

/**
 * Uses up a token. Of several who come with the same one, whoever deletes the enrolment has it.
 * @throws {RelayError} EnrolmentTokenInvalid
 */
/** Who may list keys somewhere has no say in the lists of other subscriptions. @throws {RelayError} RequestContentInvalid */
function refuseOtherSubscription(entities: readonly FoundEntity[], subscriptionId: string): void {
  const wanted = subscriptionId.toLowerCase()
  if (entities.some(({ namespace }) => namespace.subscriptionId.toLowerCase() === wanted)) return
  throw new RelayError('RequestContentInvalid', {
    message: 'A Hybrid Connection Manager belongs to the subscription of one of its hybrid connections',
  })
}

async function redeem(parts: ManagementParts, token: string): Promise<HcmEnrolment> {
  const read = readEnrolmentToken(token)
  const stored = read && parts.documents.get('hcmEnrolment', read.id)
  const isRight = enrolmentSecretMatches(read?.secret ?? '', stored?.document.value.secretHash ?? '')
  if (stored === undefined || !isRight || isOver(parts, stored)) throw new RelayError('EnrolmentTokenInvalid')
  try {
    await parts.store.delete(stored.key, { revision: stored.revision })
  } catch (error) {
    if (isRelayError(error, 'PreconditionFailed')) throw new RelayError('EnrolmentTokenInvalid')
    throw error
  }
  return stored.document.value
}

/** What was made anew since under the same name is another hybrid connection: the token does not stand for that one. */
function stillThere(parts: ManagementParts, id: string, since: Date): FoundEntity | undefined {
  const found = entityOfId(parts, id)
  return found && found.entity.createdAt <= since ? found : undefined
}

/**
 * Whether whoever made a token could make it now: who has left takes his tokens along. What groups people of other issuers
 * are in only their own tokens tell.
 */
function mayStill({ identity, roles }: ManagementParts, principalId: string, scope: string): boolean {
  if (principalId.includes(':')) return true
  if (identity.directory.find(principalId)?.isEnabled === false) return false
  return roles.decide({ principalIds: [principalId] }, { kind: 'action', action: listKeysAction, scope }).allowed
}

function isOver({ now }: ManagementParts, { document }: StoredDocument<'hcmEnrolment'>): boolean {
  return document.value.expiresAt <= now()
}

function isAt({ document }: StoredDocument<'hcmEnrolment'>, { params }: Pick<ArmCall, 'params'>): boolean {
  return document.value.subscriptionId.toLowerCase() === nameIn(params, 'subscriptionId').toLowerCase()
}
