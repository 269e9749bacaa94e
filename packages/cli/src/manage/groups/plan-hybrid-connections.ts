import type { ManagedRun } from '../managed-command.ts'

interface PlanParams {
  readonly subscriptionId: string
  readonly resourceGroupName: string
  readonly name: string
}

/** An app, or a slot of one. */
interface UsingApp {
  readonly name: string
  readonly id: string
}

/** The plan of `--plan` and `--resource-group`. */
export function planParams({ values, subscriptionId }: ManagedRun): PlanParams {
  return { subscriptionId, resourceGroupName: String(values['resource-group']), name: String(values['plan']) }
}

/** `postern appservice hybrid-connection list`: used, maximum, and by which apps. */
export async function listPlanHybridConnections(run: ManagedRun): Promise<unknown> {
  const { client } = run
  const params = planParams(run)
  const { properties } = await client.call('AppServicePlans_GetHybridConnectionPlanLimit', { params })
  const hybridConnections: unknown[] = []
  for await (const each of client.items('AppServicePlans_ListHybridConnections', { params })) {
    const { relayName, serviceBusNamespace, hostname, port, status, target } = each.properties
    const apps = await appsThatUse(run, { namespaceName: serviceBusNamespace, relayName })
    const endpoint = `${hostname}:${port}`
    hybridConnections.push({ name: relayName, namespace: serviceBusNamespace, endpoint, status, target, apps })
  }
  return { used: properties.current, maximum: properties.maximum, hybridConnections }
}

/** The apps and slots of the plan that use a hybrid connection. */
export async function appsThatUse(
  run: ManagedRun,
  relay: { readonly namespaceName: string; readonly relayName: string },
): Promise<readonly UsingApp[]> {
  const apps: UsingApp[] = []
  const input = { params: { ...planParams(run), ...relay } }
  for await (const text of run.client.items('AppServicePlans_ListWebAppsByHybridConnection', input)) {
    // Azure's list holds texts with an object in them.
    const { name, id } = JSON.parse(text) as Readonly<Record<string, unknown>>
    apps.push({ name: String(name), id: String(id) })
  }
  return apps
}
