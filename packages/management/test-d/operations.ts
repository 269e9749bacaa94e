// Compiled only: what the compiler must accept and refuse.
import { createManagementClient, type Item, type Reply } from '../src/index.ts'

type Equals<A, B> = [A, B] extends [B, A] ? (unknown extends A ? (unknown extends B ? true : false) : true) : false
/** Takes only what is true. */
type Check<Value extends true> = Value

const client = createManagementClient({ endpoint: 'https://h', token: async () => 't' })
const params = { subscriptionId: 's', resourceGroupName: 'g' }

// What an operation takes is what its route takes.
void client.call('Tenants_List')
void client.call('Tenants_List', { timeoutMs: 1, signal: AbortSignal.timeout(1) })
void client.call('ResourceGroups_Get', { params })
void client.call('ResourceGroups_CreateOrUpdate', { params, body: { location: 'here', tags: { a: 'b' } } })
void client.call('Resources_List', { params, query: { $filter: 'x' } })
// @ts-expect-error there is no such operation
void client.call('ResourceGroups_Burn')
// @ts-expect-error parameters are needed
void client.call('ResourceGroups_Get')
// @ts-expect-error a parameter is missing
void client.call('ResourceGroups_Get', { params: { subscriptionId: 's' } })
// @ts-expect-error the body is needed
void client.call('ResourceGroups_CreateOrUpdate', { params })
// @ts-expect-error the body has no location
void client.call('ResourceGroups_CreateOrUpdate', { params, body: {} })
// @ts-expect-error there is no such query
void client.call('Resources_List', { params, query: { top: '1' } })

// What it gives is what its route gives.
const group = await client.call('ResourceGroups_Get', { params })
export type Check1 = Check<Equals<typeof group, Reply<'ResourceGroups_Get'>>>
export type Check2 = Check<Equals<typeof group.tags, Readonly<Record<string, string>>>>
export type Check3 = Check<Equals<Reply<'ResourceGroups_Delete'>, undefined>>

// Only lists have pages, and only what is long-running is waited for.
const groups = client.items('ResourceGroups_List', { params: { subscriptionId: 's' } })
export type Check4 = Check<Equals<typeof groups, AsyncGenerator<Item<'ResourceGroups_List'>>>>
export type Check5 = Check<Equals<Item<'ResourceGroups_List'>, Reply<'ResourceGroups_Get'>>>
void client.callAndWait('ResourceGroups_Delete', { params })
// @ts-expect-error one resource is no list
void client.items('ResourceGroups_Get', { params })
// @ts-expect-error it is done when it is answered
void client.callAndWait('ResourceGroups_Get', { params })
