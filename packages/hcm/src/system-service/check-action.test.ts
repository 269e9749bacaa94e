import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ActionFacts, checkAction } from './check-action.ts'

/** A system on which everything may be done. */
const facts: ActionFacts = {
  action: 'install',
  platform: 'linux',
  options: { program: ['/bin/sh'], starts: true },
  isRoot: true,
  hasSystemd: true,
  unit: undefined,
  replaces: false,
}
const own = { path: '/etc/systemd/system/postern-hcm.service', kind: 'own' } as const

test('what can be done is not refused', () => {
  checkAction(facts)
  checkAction({ ...facts, unit: own, replaces: true })
  for (const action of ['uninstall', 'start', 'stop'] as const) checkAction({ ...facts, action, unit: own })
  const elsewhere = { ...facts.options, root: '/image' }
  checkAction({ ...facts, options: elsewhere, isRoot: false, hasSystemd: false })
  checkAction({ ...facts, platform: 'windows', isRoot: false, hasSystemd: false })
})

const refusals: readonly [string, Partial<ActionFacts>, RegExp][] = [
  ['a user', { isRoot: false }, /Only root may do that: sudo hcm service install/],
  ['a system without systemd', { hasSystemd: false }, /systemd does not run here .* `hcm run`/],
  ['a second installation', { unit: own }, /installed already \(.*\); --replace/],
  [
    'one beside a package',
    { unit: { ...own, kind: 'package' }, replaces: true },
    /from a package .*: hcm service start/,
  ],
  ['a unit of somebody else', { unit: { ...own, kind: 'foreign' }, replaces: true }, /is not ours/],
  ['to stop what somebody else has made', { action: 'stop', unit: { ...own, kind: 'foreign' } }, /is not ours/],
  ['what root has forbidden', { unit: { ...own, kind: 'masked' } }, /systemctl unmask/],
  ['to start what is not there', { action: 'start' }, /not installed here: hcm service install/],
  ['to take out a package', { action: 'uninstall', unit: { ...own, kind: 'package' } }, /remove that/],
  [
    'a program that is not there',
    { options: { program: ['/gone'], starts: true } },
    /\/gone does not exist.*--program/,
  ],
  ['a user of macOS', { platform: 'macos', isRoot: false }, /Only root/],
]
for (const [title, change, message] of refusals) {
  test(`refused with what to do: ${title}`, () =>
    assert.throws(() => checkAction({ ...facts, ...change }), { message }))
}
