import { type Endpoint, RelayError } from '@postern/protocol'
import type { App, AppHybridConnection } from '../../domain/app.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import type { ArmCall } from '../arm-call.ts'
import { partConditions } from '../part-conditions.ts'
import { writeDocument } from '../write-document.ts'
import { demandAttachment, findAttachment } from './attachments.ts'
import {
  appsOfPlan,
  type FoundDeployment,
  findDeployment,
  pathOf,
  planById,
  planQueueKey,
  withDeployment,
} from './find-web-resource.ts'
import { checkAppChange, isAlive } from './plan-usage.ts'
import {
  demandEndpointChange,
  demandUsable,
  type EndpointBody,
  wantedEndpoint,
  writeEndpoint,
} from './relay-endpoint.ts'
import {
  checkRelayNames,
  checkRelayPlace,
  type FoundRelay,
  type RelayNames,
  relayByName,
  relayIn,
} from './relay-reference.ts'
import { chooseSendKey } from './send-key.ts'
import type { WebParts } from './web-parts.ts'

/** Body of PUT and PATCH of an app's hybrid connection. */
export interface AttachBody {
  readonly properties: RelayNames &
    EndpointBody & {
      readonly sendKeyName?: string | null | undefined
      readonly sendKeyValue?: string | null | undefined
    }
}

/** What a request comes to, before anything is written. */
interface Intent {
  readonly found: FoundDeployment
  readonly relay: FoundRelay
  /** Endpoint that the hybrid connection shall have from now on; absent when it has it. */
  readonly endpoint: Endpoint | undefined
  /** The very app that stands there when nothing changes. */
  readonly app: App
}

/**
 * Attaches a hybrid connection to an app or slot, or changes the key or the endpoint of one that is attached.
 * @throws {RelayError} for whatever stands against it; nothing has been written then
 */
export function attachHybridConnection(parts: WebParts, call: ArmCall<AttachBody>): Promise<StoredDocument<'app'>> {
  checkRelayNames(call.params, call.body.properties)
  const { planId } = findDeployment(parts.documents, call.params).app
  return parts.planQueue.run(planQueueKey(planId), async () => {
    const { found, relay, endpoint, app } = intend(parts, call, planId)
    const isThere = findAttachment(found.deployment, call.params) !== undefined
    const conditions = partConditions(call, { isThere })
    if (endpoint) await writeEndpoint(parts, relay, endpoint)
    if (app === found.app && conditions.ifMatch === undefined) return found.stored
    // Read again: who was quicker has changed the app, not what this request wants of it.
    const make = (): App => intend(parts, call, planId).app
    return (await writeDocument(parts, conditions, { kind: 'app', path: pathOf(call.params), make })).stored
  })
}

function intend(parts: WebParts, call: ArmCall<AttachBody>, planId: string): Intent {
  const { catalog, documents } = parts
  const { properties } = call.body
  const found = findDeployment(documents, call.params)
  if (planQueueKey(found.app.planId) !== planQueueKey(planId)) {
    throw new RelayError('ResourceConflict', { message: `The app '${found.app.name}' is moving to another plan` })
  }
  const isPatch = call.route.method === 'PATCH'
  const standing = isPatch ? demandAttachment(found, call.params) : findAttachment(found.deployment, call.params)
  const { namespace, name } = relayIn(call.params)
  const relay = relayByName(catalog, namespace, name)
  const live = standing && isAlive(catalog, standing) ? standing : undefined
  const sendKey = chooseSendKey(call, relay, {
    ruleName: properties.sendKeyName || undefined,
    value: properties.sendKeyValue || undefined,
    standing: live,
    name: `${namespace}/${name}`,
  })
  if (!relay) throw new RelayError('EntityNotFound')
  checkRelayPlace(relay, properties.relayArmUri)
  const endpoint = wantedEndpoint(demandUsable(relay), properties)
  if (endpoint) demandEndpointChange(parts, call, { relay, isAttached: live !== undefined, endpoint })
  const attachment: AppHybridConnection = {
    namespace: relay.namespace.name,
    relayName: relay.entity.name,
    relayArmUri: properties.relayArmUri || live?.relayArmUri || relay.id,
    ...sendKey,
    // Not before the hybrid connection: a clock may go back, and what is older than it counts as attached to another one.
    attachedAt: live?.attachedAt ?? new Date(Math.max(parts.now().getTime(), relay.entity.createdAt.getTime())),
  }
  return { found, relay, endpoint, app: withAttachment(parts, found, { standing, attachment }) }
}

/** The app with the attachment in place; what is attached to things that are gone falls away. */
function withAttachment(
  parts: WebParts,
  { app, slot, deployment }: FoundDeployment,
  {
    standing,
    attachment,
  }: { readonly standing: AppHybridConnection | undefined; readonly attachment: AppHybridConnection },
): App {
  if (standing && isEqual(standing, attachment)) return app
  const plan = planById(parts.documents, app.planId)?.document.value
  if (!plan) {
    throw new RelayError('ResourceConflict', { message: `The plan of the app is gone: move the app to another one` })
  }
  const kept = deployment.hybridConnections
    .filter((each) => each === standing || isAlive(parts.catalog, each))
    .map((each) => (each === standing ? attachment : each))
  const after: App = {
    ...withDeployment(app, slot, { hybridConnections: standing ? kept : [...kept, attachment] }),
    updatedAt: parts.now(),
  }
  const others = appsOfPlan(parts.documents, plan)
    .map(({ document }) => document.value)
    .filter((each) => each !== app)
  checkAppChange(parts, plan, { others, before: app, after })
  return after
}

function isEqual(a: AppHybridConnection, b: AppHybridConnection): boolean {
  return (
    a.namespace === b.namespace &&
    a.relayName === b.relayName &&
    a.relayArmUri === b.relayArmUri &&
    a.sendKeyName === b.sendKeyName &&
    a.sendKeyScope === b.sendKeyScope &&
    a.sendKey === b.sendKey &&
    a.attachedAt.getTime() === b.attachedAt.getTime()
  )
}
