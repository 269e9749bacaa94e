import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holderCommand, programCommand } from './namespace-commands.ts'

const setup = { hostsFile: '/t/hosts', hiddenFolders: ['/run/nscd'], holder: ['cat'] } as const

test('a user gets a user namespace in which it keeps its id and may mount', () => {
  const [program, ...args] = holderCommand({ userNamespace: true, ownNetwork: false }, setup)
  assert.equal(program, 'unshare')
  assert.deepEqual(args.slice(0, 6), ['--mount', '--user', '--map-current-user', '--keep-caps', 'sh', '-ec'])
  assert.deepEqual(args.slice(7), ['sh', '/t/hosts', '/run/nscd', '--', 'cat'])
  assert.doesNotMatch(args[6] ?? '', /ip link/)
})

test('root needs no user namespace', () => {
  const plan = { userNamespace: false, ownNetwork: true }
  const words = [...holderCommand(plan, setup), ...programCommand(plan, 42, ['app'])]
  for (const word of ['--user', '--map-current-user', '--no-new-privs', '--bounding-set=-all']) {
    assert.equal(words.includes(word), false, word)
  }
  assert.equal(words.filter((word) => word === '--net').length, 2)
})

test('no path or word of the program is part of a script', () => {
  const hostile = '$(touch /tmp/x); "'
  const command = holderCommand(
    { userNamespace: true, ownNetwork: true },
    { hostsFile: hostile, hiddenFolders: [hostile], holder: [hostile, hostile] },
  )
  assert.equal(command.filter((word) => word.includes('touch')).length, 4)
  assert.ok(command.filter((word) => word.includes('touch')).every((word) => word === hostile))
})

test("the program's own options stay its own, and it has no capabilities", () => {
  const plan = { userNamespace: true, ownNetwork: false }
  const command = programCommand(plan, 42, ['app', '--net', '--', '-x'])
  assert.deepEqual(command.slice(-5), ['--', 'app', '--net', '--', '-x'])
  const options = command.slice(0, -4)
  for (const word of ['--no-new-privs', '--inh-caps=-all', '--ambient-caps=-all', '--preserve-credentials', '42']) {
    assert.ok(options.includes(word), word)
  }
  assert.equal(options.includes('--net'), false)
})
