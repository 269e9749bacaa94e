import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCli } from './create-cli.ts'

const names = [
  'start',
  'up',
  'server',
  'bridge',
  'ingress',
  'send',
  'publish',
  'subscribe',
  'connector',
  'tcpping',
  'token',
  'audit',
  'identity',
  'config',
  'login',
  'logout',
  'account',
  'group',
  'relay',
  'webapp',
  'appservice',
  'role',
  'principal',
  'hcm',
  'usage',
  'monitor',
  'rest',
  'completion',
]

test('the list of commands is complete without importing any', async () => {
  const cli = await createCli([])
  assert.deepEqual(
    cli.commands.map((command) => command.name()),
    names,
  )
  for (const command of cli.commands) {
    assert.deepEqual(command.options, [])
    assert.notEqual(command.description(), '')
  }
})

for (const name of names) {
  test(`${name} --help has examples to paste`, async () => {
    const cli = await createCli(['help', name])
    const command = cli.commands.find((each) => each.name() === name)
    let help = ''
    command?.configureOutput({ writeOut: (text) => (help += text) })
    command?.outputHelp()
    assert.match(help, /^Examples:\n(?: {2}.*\n)*? {2}.*postern /m)
  })
}
