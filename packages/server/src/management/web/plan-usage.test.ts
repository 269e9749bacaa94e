import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import type { App, AppHybridConnection } from '../../domain/app.ts'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import { type Plan, tierOfSku } from '../../domain/plan.ts'
import { checkAppChange, planUsage } from './plan-usage.ts'

const then = new Date(0)
const place = { subscriptionId: 's', resourceGroup: 'g', location: 'x', tags: {}, createdAt: then, updatedAt: then }

/** An app that uses the hybrid connections from `from` to before `to`, the last ten of them in a slot. */
function app(name: string, from: number, to: number): App {
  const all = Array.from({ length: to - from }, (_, at): AppHybridConnection => {
    const relayName = `hc${from + at}`
    const key = { sendKeyName: 'defaultSender', sendKeyScope: 'hybridConnection', sendKey: 'primary' } as const
    return { namespace: 'contoso', relayName, relayArmUri: '/', ...key, attachedAt: then }
  })
  const slots = [{ name: 'slot', hybridConnections: all.slice(-10) }]
  return { ...place, name, planId: '/p', hybridConnections: all.slice(0, -10), slots }
}

function plan(sku: string): Plan {
  return { ...place, name: 'plan', sku, tier: tierOfSku(sku)!, capacity: 1 }
}

const entity = { createdAt: then } as HybridConnection
const parts = (table: 'seed' | 'today') => ({
  catalog: { get: () => entity },
  settings: { hybridConnectionLimits: table },
})

test('by the table of today each app of a Premium plan counts for itself, its slots included', () => {
  const apps = [app('a', 0, 220), app('b', 100, 300)]
  assert.deepEqual(planUsage(parts('today'), plan('P1v3'), apps), { current: 220, maximum: 220, per: 'app' })
  assert.deepEqual(planUsage(parts('seed'), plan('P1v3'), apps), { current: 300, maximum: 200, per: 'plan' })
  const grow = (before: App, after: App) => () =>
    checkAppChange(parts('today'), plan('P1v3'), { others: [app('big', 0, 250)], before, after })
  assert.doesNotThrow(grow(app('b', 0, 219), app('b', 0, 220)))
  assert.throws(grow(app('b', 0, 220), app('b', 0, 221)), (error) => isRelayError(error, 'PlanLimitReached'))
})

test('what is above the limit may stay, not grow', () => {
  const over = app('a', 0, 30)
  const change = (after: App) => () =>
    checkAppChange(parts('seed'), plan('S1'), { others: [app('b', 30, 45)], before: over, after })
  assert.doesNotThrow(change(app('a', 0, 29)))
  assert.doesNotThrow(change(app('a', 1, 31)), 'one of them is counted at the other app')
  assert.throws(change(app('a', 0, 46)), (error) => isRelayError(error, 'PlanLimitReached'))
})
