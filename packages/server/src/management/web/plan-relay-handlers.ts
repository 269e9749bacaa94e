import { planId, RelayError } from '@postern/protocol'
import type { AppHybridConnection } from '../../domain/app.ts'
import { entityKey } from '../../domain/hybrid-connection.ts'
import type { Plan } from '../../domain/plan.ts'
import { type ArmCall, type ArmHandlers, type ArmReply, ok } from '../arm-call.ts'
import { page } from '../page.ts'
import { type AttachmentOwner, attachmentJson } from './attachment-json.ts'
import { gatewayKeyReply, sendKeyReply } from './attachment-keys.ts'
import { findAttachment } from './attachments.ts'
import { detachFromApps } from './detach-hybrid-connection.ts'
import { appsOfPlan, deploymentsOf, type FoundDeployment, findPlan } from './find-web-resource.ts'
import type { planRoutes } from './plan-routes.ts'
import { planUsage } from './plan-usage.ts'
import { relayIn } from './relay-reference.ts'
import type { WebParts } from './web-parts.ts'

type AllHandlers = ArmHandlers<typeof planRoutes>
type Handlers = Pick<
  AllHandlers,
  Extract<keyof AllHandlers, `AppServicePlans_${string}${'HybridConnection' | 'Gateway'}${string}`>
>

/** Handlers of the hybrid connections of a plan: of all its apps and slots together. */
export function planRelayHandlers(parts: WebParts): Handlers {
  const { documents } = parts
  const planOf = ({ params }: ArmCall): Plan => findPlan(documents, params).document.value
  return {
    AppServicePlans_ListHybridConnections: (call) => {
      const plan = planOf(call)
      return page(call, distinct(usesOf(parts, plan)), ({ attachment }) =>
        attachmentJson(parts, ownerOf(plan), attachment),
      )
    },
    AppServicePlans_GetHybridConnection: (call) => {
      const plan = planOf(call)
      return ok(attachmentJson(parts, ownerOf(plan), demandUse(parts, call, plan).attachment))
    },
    AppServicePlans_DeleteHybridConnection: async (call) => {
      const wasUsed = await detachFromApps(parts, call, appsOfPlan(documents, planOf(call)))
      return { status: wasUsed ? 200 : 204 }
    },
    AppServicePlans_ListHybridConnectionKeys: (call) => {
      const plan = planOf(call)
      return sendKeyReply(parts, call, ownerOf(plan), demandUse(parts, call, plan).attachment)
    },
    AppServicePlans_ListGatewayKeys: (call) =>
      gatewayKeyReply(parts, call, demandUse(parts, call, planOf(call)).attachment),
    AppServicePlans_ListWebAppsByHybridConnection: (call) => {
      const uses = usesOf(parts, planOf(call)).filter(({ found }) => findAttachment(found.deployment, call.params))
      return page(call, oncePerDeployment(uses), ({ found }) => userText(found))
    },
    AppServicePlans_GetHybridConnectionPlanLimit: (call) => limitReply(parts, planOf(call)),
  }
}

/** One attachment of one app or slot. */
interface Use {
  readonly key: string
  readonly found: FoundDeployment
  readonly attachment: AppHybridConnection
}

function usesOf({ documents }: WebParts, plan: Plan): readonly Use[] {
  return appsOfPlan(documents, plan)
    .flatMap(deploymentsOf)
    .flatMap((found) =>
      found.deployment.hybridConnections.map((attachment) => ({
        key: entityKey(attachment.namespace, attachment.relayName),
        found,
        attachment,
      })),
    )
}

/** Each hybrid connection once, as the first app has it, in key order. */
function distinct(uses: readonly Use[]): readonly Use[] {
  const byKey = new Map<string, Use>()
  for (const use of uses) if (!byKey.has(use.key)) byKey.set(use.key, use)
  return [...byKey.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

function oncePerDeployment(uses: readonly Use[]): readonly Use[] {
  return distinct(uses.map((use) => ({ ...use, key: use.found.id.toLowerCase() })))
}

/** @throws {RelayError} ResourceNotFound */
function demandUse(parts: WebParts, call: ArmCall, plan: Plan): Use {
  const { namespace, name } = relayIn(call.params)
  const key = entityKey(namespace, name)
  const use = usesOf(parts, plan).find((each) => each.key === key)
  if (use) return use
  throw new RelayError('ResourceNotFound', {
    message: `No app of the plan '${plan.name}' uses the hybrid connection '${namespace}/${name}'`,
  })
}

function ownerOf(plan: Plan): AttachmentOwner {
  return { id: planId(plan, plan.name), type: 'Microsoft.Web/serverfarms', location: plan.location }
}

/** A text that holds a dictionary: the Azure CLI reads it as a Python literal, and takes the name for the app's. */
function userText({ app, id }: FoundDeployment): string {
  return JSON.stringify({ name: app.name, id })
}

function limitReply(parts: WebParts, plan: Plan): ArmReply {
  const apps = appsOfPlan(parts.documents, plan).map(({ document }) => document.value)
  const { current, maximum } = planUsage(parts, plan, apps)
  return ok({
    id: `${planId(plan, plan.name)}/hybridConnectionPlanLimits/limit`,
    name: 'limit',
    type: 'Microsoft.Web/serverfarms/hybridConnectionPlanLimits',
    properties: { current, maximum },
  })
}
