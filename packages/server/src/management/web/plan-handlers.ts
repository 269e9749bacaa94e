import { planId, RelayError } from '@postern/protocol'
import type { App } from '../../domain/app.ts'
import type { Plan } from '../../domain/plan.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { type ArmCall, type ArmHandlers, type ArmReply, ok } from '../arm-call.ts'
import { etagOf } from '../etag.ts'
import { page } from '../page.ts'
import { findResourceGroup } from '../resources/find-resource-group.ts'
import { nameIn, refuseName } from '../resources/resource-handlers.ts'
import { deleteDocument, writeDocument } from '../write-document.ts'
import { appsOfPlan, deploymentOf, findPlan, pathOf, planQueueKey } from './find-web-resource.ts'
import { planJson } from './plan-json.ts'
import type { planRoutes } from './plan-routes.ts'
import { readSku, type SkuBody } from './plan-sku.ts'
import { checkPlanUsage, planUsage } from './plan-usage.ts'
import { siteJson } from './site-json.ts'
import type { WebParts } from './web-parts.ts'
import { checkLocation } from './write-site.ts'

type Handlers = ArmHandlers<typeof planRoutes>
type PlanRoute = Extract<
  keyof Handlers,
  `AppServicePlans_${'List' | 'ListByResourceGroup' | 'Get' | 'CreateOrUpdate' | 'Update' | 'Delete' | 'ListWebApps'}`
>

/** Handlers of App Service plans. */
export function planHandlers(parts: WebParts): Pick<Handlers, PlanRoute> {
  const { documents } = parts
  const toJson = (stored: StoredDocument<'plan'>): unknown => planReplyBody(parts, stored)
  return {
    AppServicePlans_List: (call) => {
      const subscriptionId = nameIn(call.params, 'subscriptionId')
      const visible = documents
        .list('plan', subscriptionId)
        .filter(({ document: { value } }) => call.may('Microsoft.Web/serverfarms/read', planId(value, value.name)))
      return page(call, visible, toJson)
    },
    AppServicePlans_ListByResourceGroup: (call) => {
      const { group } = findResourceGroup(
        documents,
        nameIn(call.params, 'subscriptionId'),
        nameIn(call.params, 'resourceGroupName'),
      )
      return page(call, documents.list('plan', group.subscriptionId, group.name), toJson)
    },
    AppServicePlans_Get: ({ params }) => replyOf(parts, findPlan(documents, params)),
    AppServicePlans_CreateOrUpdate: async (call) => {
      const { group } = findResourceGroup(
        documents,
        nameIn(call.params, 'subscriptionId'),
        nameIn(call.params, 'resourceGroupName'),
      )
      refuseName(planNameProblem(nameIn(call.params, 'name')))
      return writePlan(parts, call, (standing) => ({
        subscriptionId: group.subscriptionId,
        resourceGroup: group.name,
        name: standing?.name ?? nameIn(call.params, 'name'),
        location: standing?.location ?? call.body.location,
      }))
    },
    AppServicePlans_Update: async (call) => {
      findPlan(documents, call.params)
      return writePlan(parts, call, (standing) => standing ?? findPlan(documents, call.params).document.value)
    },
    AppServicePlans_Delete: (call) => deletePlan(parts, call),
    AppServicePlans_ListWebApps: (call) => {
      const apps = appsOfPlan(documents, findPlan(documents, call.params).document.value)
      return page(call, apps, (stored) => siteJsonOf(stored))
    },
  }
}

interface PlanBody {
  readonly location?: string | undefined
  readonly kind?: string | null | undefined
  readonly tags?: Readonly<Record<string, string>> | null | undefined
  readonly sku?: SkuBody | null | undefined
  readonly properties?: { readonly reserved?: boolean | null | undefined } | null | undefined
}

/** @throws {RelayError} PlanLimitReached, HybridConnectionsNotInTier when the apps use more than the new SKU allows */
async function writePlan(
  parts: WebParts,
  call: ArmCall<PlanBody>,
  baseOf: (standing: Plan | undefined) => Pick<Plan, 'subscriptionId' | 'resourceGroup' | 'name' | 'location'>,
): Promise<ArmReply> {
  const { body } = call
  const path = pathOf(call.params)
  const now = parts.now()
  const make = (stored: StoredDocument<'plan'> | undefined): Plan => {
    const standing = stored?.document.value
    checkLocation(standing?.location, body.location)
    const { subscriptionId, resourceGroup, name, location } = baseOf(standing)
    const kind = body.kind ?? standing?.kind ?? (body.properties?.reserved ? 'linux' : undefined)
    const plan: Plan = {
      subscriptionId,
      resourceGroup,
      name,
      location,
      ...(kind !== undefined && { kind }),
      tags: body.tags ?? standing?.tags ?? {},
      ...readSku(body.sku, standing),
      createdAt: standing?.createdAt ?? now,
      updatedAt: now,
    }
    if (standing) checkNewSku(parts, standing, plan)
    return plan
  }
  const { stored } = await inPlanQueue(parts, path, () => writeDocument(parts, call, { kind: 'plan', path, make }))
  return replyOf(parts, stored)
}

function checkNewSku(parts: WebParts, standing: Plan, plan: Plan): void {
  const apps = valuesOf(appsOfPlan(parts.documents, standing))
  checkPlanUsage(plan, { before: planUsage(parts, standing, apps), after: planUsage(parts, plan, apps) })
}

function deletePlan(parts: WebParts, call: ArmCall): Promise<ArmReply> {
  const path = pathOf(call.params)
  return inPlanQueue(parts, path, async () => {
    const standing = parts.documents.get('plan', ...path)
    const [app, ...more] = standing ? appsOfPlan(parts.documents, standing.document.value) : []
    if (app) {
      throw new RelayError('ResourceConflict', {
        message: `Server farm '${nameIn(call.params, 'name')}' cannot be deleted because it has web app(s) ${app.document.value.name}${more.length > 0 ? ` and ${more.length} more` : ''} assigned to it`,
      })
    }
    return { status: (await deleteDocument(parts, call, { kind: 'plan', path })) ? 200 : 204 }
  })
}

function inPlanQueue<Result>(
  { planQueue }: WebParts,
  [subscriptionId, resourceGroup, name]: ReturnType<typeof pathOf>,
  task: () => Promise<Result>,
): Promise<Result> {
  return planQueue.run(planQueueKey(planId({ subscriptionId, resourceGroup }, name)), task)
}

function replyOf(parts: WebParts, stored: StoredDocument<'plan'>): ArmReply {
  return ok(planReplyBody(parts, stored), etagOf(stored))
}

function planReplyBody({ documents }: WebParts, { document }: StoredDocument<'plan'>): unknown {
  return planJson(document.value, { numberOfSites: appsOfPlan(documents, document.value).length })
}

function siteJsonOf(stored: StoredDocument<'app'>): unknown {
  const found = deploymentOf(stored, undefined)
  return found && siteJson(found)
}

function valuesOf(stored: readonly StoredDocument<'app'>[]): readonly App[] {
  return stored.map(({ document }) => document.value)
}

/** Azure: 1 to 60 letters, digits and hyphens. */
function planNameProblem(name: string): string | undefined {
  return /^[\p{L}\p{N}-]{1,60}$/u.test(name) ? undefined : 'of a plan must have 1 to 60 letters, digits and hyphens'
}
