import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exampleRecord, testAuditStore } from '../audit-store.contract.ts'
import { MemoryAuditStore } from './memory-audit-store.ts'

testAuditStore('memory', async () => new MemoryAuditStore())

test('memory keeps the newest records only, and what it keeps still verifies', async () => {
  const store = new MemoryAuditStore({ capacity: 100 })
  for (let at = 0; at < 1000; at += 1) store.append([exampleRecord({ trackingId: `t${at}` })])
  const { first = 0, count, head, broken } = await store.verify()
  assert.equal(broken, undefined)
  assert.ok(count >= 100 && count <= 110, `${count}`)
  assert.equal(head.sequence, 1000)
  assert.equal(first, 1001 - count)
})
