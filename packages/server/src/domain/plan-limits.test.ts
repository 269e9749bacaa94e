import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tierOfSku } from './plan.ts'
import { planLimit } from './plan-limits.ts'

const limits = (table: 'seed' | 'today', skus: readonly string[]): readonly string[] =>
  skus.map((sku) => {
    const tier = tierOfSku(sku)
    assert.ok(tier, sku)
    const { maximum, per } = planLimit(tier, table)
    return `${sku} ${maximum} per ${per}`
  })

test('a plan may use as many hybrid connections as its tier says', () => {
  assert.deepEqual(limits('seed', ['F1', 'D1', 'Y1', 'B3', 'S1', 'P1', 'P1v3', 'P0v3', 'P1mv4', 'I1', 'I1v2', 'EP1']), [
    'F1 0 per plan',
    'D1 0 per plan',
    'Y1 0 per plan',
    'B3 5 per plan',
    'S1 25 per plan',
    'P1 200 per plan',
    'P1v3 200 per plan',
    'P0v3 200 per plan',
    'P1mv4 200 per plan',
    'I1 200 per plan',
    'I1v2 200 per plan',
    'EP1 200 per plan',
  ])
})

test("by today's table every app of a Premium or Isolated plan may use 220", () => {
  assert.deepEqual(limits('today', ['F1', 'B1', 'S1', 'P1v2', 'I1v2']), [
    'F1 0 per plan',
    'B1 5 per plan',
    'S1 25 per plan',
    'P1v2 220 per app',
    'I1v2 220 per app',
  ])
})
