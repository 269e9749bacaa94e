import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import { type FilterTerm, readFilter } from './odata-filter.ts'

const read = (filter: string): readonly FilterTerm[] => readFilter(new URLSearchParams([['$FILTER', filter]]))

test('the filters that clients send are read', () => {
  assert.deepEqual(readFilter(new URLSearchParams()), [])
  assert.deepEqual(read('atScope()'), [{ kind: 'call', name: 'atscope' }])
  assert.deepEqual(read("atScope() and assignedTo('a b')"), [
    { kind: 'call', name: 'atscope' },
    { kind: 'call', name: 'assignedto', argument: 'a b' },
  ])
  assert.deepEqual(read("roleName eq 'it''s and that'"), [
    { kind: 'comparison', name: 'rolename', operator: 'eq', value: "it's and that" },
  ])
  assert.deepEqual(read("eventTimestamp ge '2026-01-01T00:00:00Z' AND eventTimestamp le 2026-01-02T00:00:00.5Z"), [
    { kind: 'comparison', name: 'eventtimestamp', operator: 'ge', value: '2026-01-01T00:00:00Z' },
    { kind: 'comparison', name: 'eventtimestamp', operator: 'le', value: '2026-01-02T00:00:00.5Z' },
  ])
  assert.deepEqual(read("(type eq 'CustomRole')"), [
    { kind: 'comparison', name: 'type', operator: 'eq', value: 'CustomRole' },
  ])
})

test('what is no filter of ours is refused, however long', () => {
  for (const filter of [
    'x',
    "a eq 'b",
    "a eq 'b' or c eq 'd'",
    "a ne 'b'",
    "a eq 'b' and",
    "a eq 'b' and ",
    "a eq 'b'c eq 'd'",
    'atScope',
    'f(g())',
    `a eq '${'x'.repeat(3000)}'`,
    '('.repeat(1000),
    `a eq ${"''".repeat(900)}'`,
  ]) {
    const startedAt = performance.now()
    assert.throws(
      () => read(filter),
      (error) => isRelayError(error, 'RequestContentInvalid'),
      filter.slice(0, 40),
    )
    assert.ok(performance.now() - startedAt < 200)
  }
})
