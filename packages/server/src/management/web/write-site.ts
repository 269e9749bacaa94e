import { planId, RelayError } from '@postern/protocol'
import type { App, AppSlot } from '../../domain/app.ts'
import type { Plan } from '../../domain/plan.ts'
import { plainLocation } from '../../domain/resource-placement.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import type { ArmCall } from '../arm-call.ts'
import { partConditions } from '../part-conditions.ts'
import { findResourceGroup } from '../resources/find-resource-group.ts'
import { nameIn, refuseName } from '../resources/resource-handlers.ts'
import { writeDocument } from '../write-document.ts'
import { appsOfPlan, findApp, pathOf, planById, planQueueKey } from './find-web-resource.ts'
import { checkAppChange } from './plan-usage.ts'
import type { WebParts } from './web-parts.ts'

/** What PUT and PATCH of an app or slot may hold. */
export interface SiteBody {
  readonly location?: string | undefined
  readonly kind?: string | null | undefined
  readonly tags?: Readonly<Record<string, string>> | null | undefined
  readonly identity?: { readonly type: string } | null | undefined
  readonly properties?: { readonly serverFarmId?: string | null | undefined } | null | undefined
}

/** Azure's number for the largest plans. */
const maxSlots = 20

/**
 * Creates or changes an app. One that moves to another plan must fit in there with what it uses.
 * @throws {RelayError} RequestContentInvalid, ParentResourceNotFound, ResourceConflict, PlanLimitReached, AccessDenied
 */
export async function writeSite(parts: WebParts, call: ArmCall<SiteBody>): Promise<StoredDocument<'app'>> {
  const path = pathOf(call.params)
  const { group } = findResourceGroup(parts.documents, path[0], path[1])
  const standing = parts.documents.get('app', ...path)?.document.value
  if (!standing) refuseName(siteNameProblem(path[2]))
  const plan = wantedPlan(parts, call, standing)
  const id = plan ? planId(plan, plan.name) : (standing?.planId ?? '')
  return parts.planQueue.run(planQueueKey(id), async () => {
    const now = parts.now()
    const make = (stored: StoredDocument<'app'> | undefined): App => {
      const before = stored?.document.value
      checkLocation(before?.location, call.body.location)
      const base =
        before ??
        newApp(
          { subscriptionId: group.subscriptionId, resourceGroup: group.name, name: path[2] },
          call.body.location ?? group.location,
          now,
        )
      const kind = call.body.kind ?? base.kind
      const app: App = { ...base, ...(kind && { kind }), tags: call.body.tags ?? base.tags, planId: id, updatedAt: now }
      if (plan) checkPlan(parts, id, { before, after: app })
      return app
    }
    return (await writeDocument(parts, call, { kind: 'app', path, make })).stored
  })
}

function newApp(place: Pick<App, 'subscriptionId' | 'resourceGroup' | 'name'>, location: string, now: Date): App {
  const { subscriptionId, resourceGroup, name } = place
  return {
    subscriptionId,
    resourceGroup,
    name,
    location,
    tags: {},
    planId: '',
    hybridConnections: [],
    slots: [],
    createdAt: now,
    updatedAt: now,
  }
}

/** Creates a slot; one that is there has nothing to change but its identity. @throws {RelayError} as {@link writeSite} */
export async function writeSlot(parts: WebParts, call: ArmCall<SiteBody>): Promise<StoredDocument<'app'>> {
  const wanted = nameIn(call.params, 'slot')
  const { value } = findApp(parts.documents, call.params).document
  const planName = call.body.properties?.serverFarmId ?? undefined
  if (planName !== undefined && planQueueKey(planIdOf(value, planName)) !== planQueueKey(value.planId)) {
    throw new RelayError('RequestContentInvalid', {
      message: 'properties.serverFarmId: a slot is in the plan of its app',
    })
  }
  checkLocation(value.location, call.body.location)
  const isSlot = ({ name }: AppSlot): boolean => name.toLowerCase() === wanted.toLowerCase()
  const isThere = value.slots.some(isSlot)
  if (!isThere) refuseName(slotNameProblem(wanted))
  const change = {
    kind: 'app' as const,
    path: pathOf(call.params),
    make: (stored: StoredDocument<'app'> | undefined): App => {
      const app = (stored ?? findApp(parts.documents, call.params)).document.value
      if (app.slots.some(isSlot)) return app
      if (app.slots.length >= maxSlots) {
        throw new RelayError('ResourceConflict', { message: `An app has at most ${maxSlots} slots` })
      }
      return { ...app, slots: [...app.slots, { name: wanted, hybridConnections: [] }], updatedAt: parts.now() }
    },
  }
  return (await writeDocument(parts, partConditions(call, { isThere }), change)).stored
}

/** The plan that the body names; undefined when it names none and the app has one. */
function wantedPlan(parts: WebParts, call: ArmCall<SiteBody>, standing: App | undefined): Plan | undefined {
  const text = call.body.properties?.serverFarmId ?? undefined
  if (text === undefined) {
    if (standing) return undefined
    throw new RelayError('RequestContentInvalid', {
      message: 'properties.serverFarmId: an app needs a plan; create one first and name its id here',
    })
  }
  const [subscriptionId, resourceGroup] = pathOf(call.params)
  const id = planIdOf({ subscriptionId, resourceGroup }, text)
  const plan = planById(parts.documents, id)?.document.value
  const isMove = !standing || planQueueKey(standing.planId) !== planQueueKey(id)
  // To be in a plan is to use what it may use.
  if (isMove) call.demand('Microsoft.Web/serverfarms/join/action', id)
  return plan ?? noPlan(id)
}

/** Clients write the whole id, and Azure also takes the name of a plan in the same group. */
function planIdOf(place: { readonly subscriptionId: string; readonly resourceGroup: string }, text: string): string {
  return text.includes('/') ? text : planId(place, text)
}

function checkPlan(
  parts: WebParts,
  id: string,
  { before, after }: { readonly before: App | undefined; readonly after: App },
): void {
  const plan = planById(parts.documents, id)?.document.value ?? noPlan(id)
  const isInside = before !== undefined && planQueueKey(before.planId) === planQueueKey(id)
  const others = appsOfPlan(parts.documents, plan)
    .map(({ document }) => document.value)
    .filter((app) => app !== before)
  checkAppChange(parts, plan, { others, before: isInside ? before : undefined, after })
}

function noPlan(id: string): never {
  throw new RelayError('ParentResourceNotFound', {
    message: `Cannot find a plan '${id.slice(0, 300)}'. Create it first`,
  })
}

/** @throws {RelayError} ResourceConflict */
export function checkLocation(standing: string | undefined, wanted: string | undefined): void {
  if (standing === undefined || wanted === undefined || plainLocation(standing) === plainLocation(wanted)) return
  throw new RelayError('ResourceConflict', {
    message: `The resource is in location '${standing}' and cannot move to '${wanted}': delete it and make it anew`,
  })
}

/** Azure: 1 to 60 letters, digits and hyphens, no hyphen first or last. */
export function siteNameProblem(name: string): string | undefined {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])?$/.test(name)) return undefined
  return 'of an app must have 1 to 60 letters, digits and hyphens, and no hyphen first or last'
}

function slotNameProblem(name: string): string | undefined {
  if (name.toLowerCase() === 'production') return "of a slot cannot be 'production': that is the app itself"
  return siteNameProblem(name)?.replace('an app', 'a slot')
}
