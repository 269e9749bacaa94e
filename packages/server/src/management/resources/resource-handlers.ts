import { namespaceId, RelayError } from '@postern/protocol'
import type { Caller } from '../../domain/caller.ts'
import { tenantId } from '../../domain/tenant.ts'
import { type ArmCall, type ArmHandlers, ok } from '../arm-call.ts'
import { etagOf } from '../etag.ts'
import type { ManagementParts } from '../management-parts.ts'
import { page } from '../page.ts'
import { writeDocument } from '../write-document.ts'
import { cloudMetadata } from './cloud-metadata.ts'
import { deleteGroup } from './delete-group.ts'
import { type FoundGroup, findResourceGroup, idOfGroup, listResourceGroups } from './find-resource-group.ts'
import { listResources, resourceJson } from './list-resources.ts'
import { findProvider, listProviders } from './providers.ts'
import type { resourceRoutes } from './resource-routes.ts'
import { maySeeSubscription, visibleSubscriptions } from './subscriptions.ts'

type Handlers = ArmHandlers<typeof resourceRoutes>
type GroupRoute = Extract<keyof Handlers, `ResourceGroups_${string}`>

/** Handlers of subscriptions, resource groups and providers. */
export function resourceHandlers(parts: ManagementParts): Handlers {
  return { ...groupHandlers(parts), ...subscriptionHandlers(parts) }
}

function subscriptionHandlers(parts: ManagementParts): Omit<Handlers, GroupRoute> {
  const { documents } = parts
  return {
    Metadata_Endpoints: (call) => ok(cloudMetadata(call)),
    Tenants_List: () =>
      ok({ value: [{ id: `/tenants/${tenantId}`, tenantId, displayName: parts.settings.publicHost }] }),
    Subscriptions_List: (call) => ok({ value: visibleSubscriptions(parts, signedIn(call)).map(subscriptionJson) }),
    Subscriptions_Get: (call) => ok(subscriptionJson(demandSubscription(parts, call))),
    Subscriptions_ListLocations: (call) => {
      const id = demandSubscription(parts, call)
      const visible = documents
        .list('namespace')
        .map(({ document }) => document.value)
        .filter((each) => each.subscriptionId.toLowerCase() === id.toLowerCase())
        .filter((each) => call.may('Microsoft.Relay/namespaces/read', namespaceId(each, each.name)))
      const names = new Set(visible.map(({ location }) => location))
      const toJson = (name: string): unknown => ({
        id: `/subscriptions/${id}/locations/${name}`,
        name,
        displayName: name,
      })
      return ok({ value: [...names].toSorted().map(toJson) })
    },
    Resources_List: (call) => page(call, listResources(documents, call, demandSubscription(parts, call)), resourceJson),
    Resources_ListByResourceGroup: (call) => {
      const { group } = groupOf(parts, call)
      return page(call, listResources(documents, call, group.subscriptionId, group.name), resourceJson)
    },
    Providers_List: (call) => ok({ value: listProviders(demandSubscription(parts, call)) }),
    Providers_Get: (call) => ok(findProvider(demandSubscription(parts, call), providerIn(call))),
    Providers_Register: (call) => ok(findProvider(demandSubscription(parts, call), providerIn(call))),
  }
}

function groupHandlers(parts: ManagementParts): Pick<Handlers, GroupRoute> {
  const { documents } = parts
  return {
    ResourceGroups_List: (call) => {
      const id = demandSubscription(parts, call)
      const visible = listResourceGroups(documents, id).filter(({ group }) =>
        call.may('Microsoft.Resources/subscriptions/resourceGroups/read', idOfGroup(group)),
      )
      return page(call, visible, groupJson)
    },
    ResourceGroups_Get: (call) => {
      const found = groupOf(parts, call)
      return ok(groupJson(found), found.stored && etagOf(found.stored))
    },
    ResourceGroups_CheckExistence: (call) => {
      groupOf(parts, call)
      return { status: 204 }
    },
    ResourceGroups_CreateOrUpdate: async (call) => {
      const { location, tags } = call.body
      const subscriptionId = nameIn(call.params, 'subscriptionId')
      const name = nameIn(call.params, 'resourceGroupName')
      refuseName(groupNameProblem(name))
      const now = parts.now()
      const { stored, previous } = await writeDocument(parts, call, {
        kind: 'resourceGroup',
        path: [subscriptionId, name],
        make: (standing) => ({
          subscriptionId,
          name: standing?.document.value.name ?? name,
          location,
          tags: tags ?? {},
          createdAt: standing?.document.value.createdAt ?? now,
          updatedAt: now,
        }),
      })
      return {
        status: previous ? 200 : 201,
        body: groupJson({ key: stored.key, group: stored.document.value }),
        headers: etagOf(stored),
      }
    },
    ResourceGroups_Update: async (call) => {
      const { group } = groupOf(parts, call)
      const { stored } = await writeDocument(parts, call, {
        kind: 'resourceGroup',
        path: [group.subscriptionId, group.name],
        make: () => ({ ...group, tags: call.body.tags ?? group.tags, updatedAt: parts.now() }),
      })
      return ok(groupJson({ key: stored.key, group: stored.document.value }), etagOf(stored))
    },
    ResourceGroups_Delete: async (call) => {
      await deleteGroup(parts, call, groupOf(parts, call))
      const location = `${call.origin}/subscriptions/${encodeURIComponent(nameIn(call.params, 'subscriptionId'))}/operationresults/${call.requestId}?api-version=${call.apiVersion}`
      return { status: 202, headers: { Location: location, 'Retry-After': '1' } }
    },
    ResourceGroups_DeleteResult: () => ({ status: 200 }),
  }
}

function groupOf({ documents }: ManagementParts, { params }: ArmCall): FoundGroup {
  return findResourceGroup(documents, nameIn(params, 'subscriptionId'), nameIn(params, 'resourceGroupName'))
}

/** The caller of a route that demands one. @throws {RelayError} AuthenticationMissing */
export function signedIn({ caller }: Pick<ArmCall, 'caller'>): Caller {
  if (caller === undefined) throw new RelayError('AuthenticationMissing')
  return caller
}

/** A path parameter that the route's template has. */
export function nameIn(params: Readonly<Record<string, string>>, name: string): string {
  const value = params[name]
  if (value === undefined) throw new TypeError(`the route has no parameter ${name}`)
  return value
}

/** @throws {RelayError} RequestContentInvalid */
export function refuseName(problem: string | undefined): void {
  if (problem !== undefined) throw new RelayError('RequestContentInvalid', { message: `The name ${problem}` })
}

function providerIn({ params }: ArmCall): string {
  return nameIn(params, 'resourceProviderNamespace')
}

/** What the caller must not see is not there. @throws {RelayError} ResourceNotFound */
function demandSubscription(parts: ManagementParts, call: ArmCall): string {
  const id = nameIn(call.params, 'subscriptionId')
  if (maySeeSubscription(parts, signedIn(call), id)) return id
  throw new RelayError('ResourceNotFound', { message: `The subscription '${id.slice(0, 64)}' could not be found` })
}

function subscriptionJson(id: string): unknown {
  return {
    id: `/subscriptions/${id}`,
    subscriptionId: id,
    tenantId,
    displayName: id,
    state: 'Enabled',
    authorizationSource: 'RoleBased',
  }
}

function groupJson({ group }: FoundGroup): unknown {
  return {
    id: idOfGroup(group),
    name: group.name,
    type: 'Microsoft.Resources/resourceGroups',
    location: group.location,
    tags: group.tags,
    properties: { provisioningState: 'Succeeded' },
  }
}

/** Azure: 1 to 90 letters, digits, `_`, `-`, `.`, parentheses; no dot at the end. */
function groupNameProblem(name: string): string | undefined {
  if (/^[\p{L}\p{N}_.()-]{0,89}[\p{L}\p{N}_()-]$/u.test(name)) return undefined
  return 'of a resource group must have 1 to 90 letters, digits and ._-(), and not end with a dot'
}
