import { appId, parseArmId, plainScope, planId, RelayError } from '@postern/protocol'
import type { App, AppDeployment } from '../../domain/app.ts'
import type { Plan } from '../../domain/plan.ts'
import type { DocumentCopy } from '../../storage/document-copy.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { nameIn } from '../resources/resource-handlers.ts'

type Params = Readonly<Record<string, string>>

/** Production of an app, or one of its slots. */
export interface FoundDeployment {
  readonly stored: StoredDocument<'app'>
  readonly app: App
  /** As it is spelt in the app; absent for production. */
  readonly slot?: string
  readonly deployment: AppDeployment
  /** ARM id of the site or slot. */
  readonly id: string
}

/** Parts of the key of a plan or app in a path. */
export function pathOf(params: Params): readonly [subscriptionId: string, resourceGroup: string, name: string] {
  return [nameIn(params, 'subscriptionId'), nameIn(params, 'resourceGroupName'), nameIn(params, 'name')]
}

/** @throws {RelayError} ResourceNotFound */
export function findPlan(documents: DocumentCopy, params: Params): StoredDocument<'plan'> {
  const path = pathOf(params)
  return documents.get('plan', ...path) ?? missing('Microsoft.Web/serverfarms', path)
}

/** @throws {RelayError} ResourceNotFound */
export function findApp(documents: DocumentCopy, params: Params): StoredDocument<'app'> {
  const path = pathOf(params)
  return documents.get('app', ...path) ?? missing('Microsoft.Web/sites', path)
}

/** The site of a path, or its slot when the path has one. @throws {RelayError} ResourceNotFound */
export function findDeployment(documents: DocumentCopy, params: Params): FoundDeployment {
  const stored = findApp(documents, params)
  const found = deploymentOf(stored, params['slot'])
  if (found) return found
  const { name } = stored.document.value
  throw new RelayError('ResourceNotFound', {
    message: `The app '${name}' has no slot '${nameIn(params, 'slot').slice(0, 64)}'`,
  })
}

/** Production, or the slot of this name in any case; undefined when there is none. */
export function deploymentOf(stored: StoredDocument<'app'>, slotName: string | undefined): FoundDeployment | undefined {
  const app = stored.document.value
  if (slotName === undefined) return { stored, app, deployment: app, id: appId(app, app.name) }
  const slot = app.slots.find(({ name }) => name.toLowerCase() === slotName.toLowerCase())
  return slot && { stored, app, slot: slot.name, deployment: slot, id: appId(app, app.name, slot.name) }
}

/** Production and every slot. */
export function deploymentsOf(stored: StoredDocument<'app'>): readonly FoundDeployment[] {
  const names = [undefined, ...stored.document.value.slots.map(({ name }) => name)]
  return names.flatMap((name) => deploymentOf(stored, name) ?? [])
}

/** The site or slot whose identity this is. */
export function deploymentByPrincipal(documents: DocumentCopy, principalId: string): FoundDeployment | undefined {
  for (const stored of documents.list('app')) {
    const found = deploymentsOf(stored).find(({ deployment }) => deployment.principalId === principalId)
    if (found) return found
  }
  return undefined
}

/** The app with another production or slot. */
export function withDeployment(app: App, slot: string | undefined, change: Partial<AppDeployment>): App {
  if (slot === undefined) return { ...app, ...change }
  const slots = app.slots.map((each) => (each.name === slot ? { ...each, ...change } : each))
  return { ...app, slots }
}

/** The plan that an ARM id names; undefined when there is none. */
export function planById(documents: DocumentCopy, id: string): StoredDocument<'plan'> | undefined {
  const { subscriptionId, resourceGroup, provider, path } = parseArmId(id) ?? { path: [] }
  const [type, name, ...rest] = path
  if (provider?.toLowerCase() !== 'microsoft.web' || type?.toLowerCase() !== 'serverfarms' || rest.length > 0) return
  if (subscriptionId === undefined || resourceGroup === undefined || name === undefined) return
  return documents.get('plan', subscriptionId, resourceGroup, name)
}

/** The apps of a plan, in key order. */
export function appsOfPlan(documents: DocumentCopy, plan: Plan): readonly StoredDocument<'app'>[] {
  const id = planQueueKey(planId(plan, plan.name))
  return documents.list('app').filter(({ document }) => planQueueKey(document.value.planId) === id)
}

/** The form in which ids of plans are compared. */
export function planQueueKey(id: string): string {
  return plainScope(id)
}

function missing(type: string, [, group, name]: readonly [string, string, string]): never {
  throw new RelayError('ResourceNotFound', {
    message: `The Resource '${type}/${name.slice(0, 64)}' under resource group '${group.slice(0, 90)}' was not found`,
  })
}
