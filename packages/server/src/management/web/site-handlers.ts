import { appId } from '@postern/protocol'
import type { App } from '../../domain/app.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { type ArmCall, type ArmHandlers, type ArmReply, ok } from '../arm-call.ts'
import { deleteRolesUnder } from '../delete-with-roles.ts'
import { etagOf, writeCondition } from '../etag.ts'
import { page } from '../page.ts'
import { partConditions } from '../part-conditions.ts'
import { findResourceGroup } from '../resources/find-resource-group.ts'
import { nameIn } from '../resources/resource-handlers.ts'
import { deleteDocument, writeDocument } from '../write-document.ts'
import { changeIdentity, readIdentity } from './app-identity.ts'
import { allDeployments, deletePrincipals } from './delete-principals.ts'
import {
  appsOfPlan,
  deploymentOf,
  deploymentsOf,
  type FoundDeployment,
  findApp,
  findDeployment,
  pathOf,
  planById,
  planQueueKey,
} from './find-web-resource.ts'
import type { planRoutes } from './plan-routes.ts'
import { siteJson } from './site-json.ts'
import type { siteRoutes } from './site-routes.ts'
import type { WebParts } from './web-parts.ts'
import { type SiteBody, siteNameProblem, writeSite, writeSlot } from './write-site.ts'

type AllHandlers = ArmHandlers<typeof siteRoutes> & ArmHandlers<typeof planRoutes>
type SiteVerb = 'Get' | 'CreateOrUpdate' | 'Update' | 'Delete'
type SiteRoute = `WebApps_${SiteVerb | `${SiteVerb}Slot` | 'List' | 'ListByResourceGroup' | 'ListSlots'}`
type Handlers = Pick<AllHandlers, SiteRoute | 'WebSites_CheckNameAvailability'>

/** Handlers of apps and their slots. */
export function siteHandlers(parts: WebParts): Handlers {
  const { documents } = parts
  const get = (call: ArmCall): ArmReply => replyOf(findDeployment(documents, call.params))
  const put = (call: ArmCall<SiteBody>): Promise<ArmReply> => write(parts, call)
  const patch = async (call: ArmCall<SiteBody>): Promise<ArmReply> => {
    findDeployment(documents, call.params)
    return write(parts, call)
  }
  return {
    WebSites_CheckNameAvailability: (call) => {
      const { name } = call.body
      const problem = siteNameProblem(name)
      if (problem !== undefined) return ok({ nameAvailable: false, reason: 'Invalid', message: `The name ${problem}` })
      const isTaken = documents
        .list('app', nameIn(call.params, 'subscriptionId'))
        .some(({ document }) => document.value.name.toLowerCase() === name.toLowerCase())
      if (!isTaken) return ok({ nameAvailable: true, reason: '', message: '' })
      return ok({ nameAvailable: false, reason: 'AlreadyExists', message: `There is an app '${name}' already` })
    },
    WebApps_List: (call) => {
      const apps = documents
        .list('app', nameIn(call.params, 'subscriptionId'))
        .filter(({ document: { value } }) => call.may('Microsoft.Web/sites/read', appId(value, value.name)))
      return page(call, apps, productionJson)
    },
    WebApps_ListByResourceGroup: (call) => {
      const { group } = findResourceGroup(
        documents,
        nameIn(call.params, 'subscriptionId'),
        nameIn(call.params, 'resourceGroupName'),
      )
      return page(call, documents.list('app', group.subscriptionId, group.name), productionJson)
    },
    WebApps_ListSlots: (call) => {
      const slots = deploymentsOf(findApp(documents, call.params))
        .filter(({ slot }) => slot !== undefined)
        .map((found) => ({ ...found, key: found.id.toLowerCase() }))
        .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      return page(call, slots, siteJson)
    },
    WebApps_Get: get,
    WebApps_GetSlot: get,
    WebApps_CreateOrUpdate: put,
    WebApps_CreateOrUpdateSlot: put,
    WebApps_Update: patch,
    WebApps_UpdateSlot: patch,
    WebApps_Delete: (call) => deleteSite(parts, call),
    WebApps_DeleteSlot: (call) => deleteSlot(parts, call),
  }
}

async function write(parts: WebParts, call: ArmCall<SiteBody>): Promise<ArmReply> {
  const slot = call.params['slot']
  const wanted = readIdentity(call.body.identity)
  const stored = slot === undefined ? await writeSite(parts, call) : await writeSlot(parts, call)
  await changeIdentity(parts, deploymentOf(stored, slot) ?? findDeployment(parts.documents, call.params), wanted)
  return replyOf(findDeployment(parts.documents, call.params))
}

async function deleteSite(parts: WebParts, call: ArmCall): Promise<ArmReply> {
  const path = pathOf(call.params)
  const standing = parts.documents.get('app', ...path)
  const app = standing?.document.value
  writeCondition(call, standing)
  // First: what is left of an app whose deletion was cut short is an app that nobody can sign in as.
  if (app) await deletePrincipals(parts, allDeployments(app))
  if (!(await deleteDocument(parts, call, { kind: 'app', path }))) return { status: 204 }
  if (app && wantsPlanGone(call)) await deleteEmptyPlan(parts, call, app)
  return { status: 200 }
}

/** Azure deletes the plan with its last app unless told not to; here somebody has to say so. */
function wantsPlanGone({ query }: ArmCall): boolean {
  return [...query].some(([name, value]) => name.toLowerCase() === 'deleteemptyserverfarm' && /^true$/i.test(value))
}

async function deleteEmptyPlan(parts: WebParts, call: ArmCall, { planId }: App): Promise<void> {
  await parts.planQueue.run(planQueueKey(planId), async () => {
    const plan = planById(parts.documents, planId)
    const isMine = call.may('Microsoft.Web/serverfarms/delete', planId)
    if (!plan || !isMine || appsOfPlan(parts.documents, plan.document.value).length > 0) return
    const { subscriptionId, resourceGroup, name } = plan.document.value
    const path = [subscriptionId, resourceGroup, name]
    await deleteDocument(parts, { ifMatch: undefined, ifNoneMatch: undefined }, { kind: 'plan', path })
  })
}

async function deleteSlot(parts: WebParts, call: ArmCall): Promise<ArmReply> {
  const found = deploymentOf(findApp(parts.documents, call.params), nameIn(call.params, 'slot'))
  if (found?.slot === undefined) return { status: 204 }
  const { slot } = found
  const make = (stored: StoredDocument<'app'> | undefined): App => {
    const app = (stored ?? findApp(parts.documents, call.params)).document.value
    return { ...app, slots: app.slots.filter(({ name }) => name !== slot), updatedAt: parts.now() }
  }
  const conditions = partConditions(call, { isThere: true })
  writeCondition(conditions, found.stored)
  await deletePrincipals(parts, [found.deployment])
  const { stored } = await writeDocument(parts, conditions, { kind: 'app', path: pathOf(call.params), make })
  const app = stored.document.value
  await deleteRolesUnder(parts, appId(app, app.name, slot))
  return { status: 200 }
}

function replyOf(found: FoundDeployment): ArmReply {
  return ok(siteJson(found), etagOf(found.stored))
}

function productionJson(stored: StoredDocument<'app'>): unknown {
  const found = deploymentOf(stored, undefined)
  return found && siteJson(found)
}
