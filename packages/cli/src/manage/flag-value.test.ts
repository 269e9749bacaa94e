import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { flagValue } from './flag-value.ts'
import type { FlagKind, ManagedFlag } from './managed-command.ts'

const flag = (kind: FlagKind, more: Partial<ManagedFlag> = {}): ManagedFlag => ({
  long: 'x',
  help: '',
  to: 'run',
  kind,
  ...more,
})

test('texts become values by the kind of their flag', async () => {
  const choices = ['Listen', 'Send']
  const cases: readonly (readonly [ManagedFlag, string | boolean | readonly string[], unknown])[] = [
    [flag('text'), '5', '5'],
    [flag('integer'), '5', 5],
    [flag('integer'), '-1', -1],
    [flag('boolean'), 'False', false],
    [flag('boolean'), 'true', true],
    [flag('switch'), true, true],
    [flag('tags'), ['a=b=c', 'd', 'e='], { a: 'b=c', d: '', e: '' }],
    [flag('tags'), [''], {}],
    [flag('list'), ['a', 'b,c d'], ['a', 'b', 'c', 'd']],
    [flag('list', { choices }), ['listen', 'SEND'], ['Listen', 'Send']],
    [flag('text', { choices }), 'send', 'Send'],
    [flag('json'), '{"a":[1]}', { a: [1] }],
    [flag('endpointMetadata'), 'db.local:5432', '[{"key":"endpoint","value":"db.local:5432"}]'],
    [flag('endpointMetadata'), '[::1]:80', '[{"key":"endpoint","value":"[::1]:80"}]'],
  ]
  for (const [each, typed, value] of cases) assert.deepEqual(await flagValue(each, typed), value)
})

test('what does not fit names its flag', async () => {
  const cases: readonly (readonly [ManagedFlag, string | readonly string[]])[] = [
    [flag('integer'), '5x'],
    [flag('integer'), ''],
    [flag('boolean'), 'yes'],
    [flag('tags'), ['=v']],
    [flag('list', { choices: ['a'] }), ['b']],
    [flag('json'), '{'],
    [flag('json'), '@/not/there'],
    [flag('endpointMetadata'), 'host'],
    [flag('endpointMetadata'), '::1:80'],
  ]
  for (const [each, typed] of cases) {
    await assert.rejects(flagValue(each, typed), { code: 'InvalidConfiguration', message: /^--x: / }, String(typed))
  }
})

test('JSON can stand in a file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-flag-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'role.json'), '{ "roleName": "x" }\n')
  assert.deepEqual(await flagValue(flag('json'), `@${join(folder, 'role.json')}`), { roleName: 'x' })
})
