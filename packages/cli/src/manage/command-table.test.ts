import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Operation, operationTable } from '@postern/management'
import type { Command } from 'commander'
import { createWholeCli } from '../create-cli.ts'
import { managedCommands, managedGroups } from './command-table.ts'

const cli = await createWholeCli()

function find(words: string): Command | undefined {
  return words
    .split(' ')
    .reduce<Command | undefined>((at, word) => at?.commands.find((each) => each.name() === word), cli)
}

describe('the table of commands', () => {
  test('every command and group is reached by its words, and says what it is', () => {
    for (const { words, summary } of [...managedCommands, ...managedGroups]) {
      assert.match(summary, /^[A-Z].*\.$/, words)
      assert.equal(find(words)?.description(), summary, words)
    }
    const words = managedCommands.map((command) => command.words)
    assert.equal(new Set(words).size, words.length)
    for (const each of words) {
      const above = each.slice(0, each.lastIndexOf(' '))
      assert.ok(
        managedGroups.some((group) => group.words === above),
        `no group ${above}`,
      )
    }
  })

  for (const command of managedCommands) {
    test(`postern ${command.words}: its flags say everything that its operation needs, and no name twice`, () => {
      const names = command.flags.flatMap(({ long, short }) => [long, ...(short === undefined ? [] : [short])])
      const taken = [...names, 'output', 'o', 'query', 'account', 'ids', 'yes', 'y', 'wait', 'help', 'h']
      assert.equal(new Set(taken).size, taken.length, names.join())
      if (typeof command.does === 'function') return
      const operation: Operation = operationTable[command.does]
      const needed = [...operation.path.matchAll(/\{\+?(\w+)\}/g)].map(([, name]) => `path.${name}`)
      const given = command.flags.filter(({ to }) => to.startsWith('path.'))
      assert.deepEqual(given.map(({ to }) => to).toSorted(), needed.toSorted())
      for (const { to, isRequired } of given) assert.ok(isRequired || to === 'path.subscriptionId', to)
    })

    test(`postern ${command.words}: its examples use flags that it has`, () => {
      const options = find(command.words)?.options ?? []
      const known = new Set(options.flatMap(({ long, short }) => [long, short]))
      assert.ok(command.examples.length > 0)
      for (const example of command.examples) {
        for (const [flag] of example.replace(/"[^"]*"|'[^']*'/g, '').matchAll(/(?<= |^)--?[a-z][\w-]*/g)) {
          assert.ok(known.has(flag), `${example}: ${flag}`)
        }
        const missing = command.flags.filter(
          ({ long, short, isRequired, setting }) =>
            isRequired &&
            !setting &&
            !example.includes('--ids') &&
            !new RegExp(`(^| )(--${long}|-${short}) `).test(example),
        )
        assert.deepEqual(
          missing.map(({ long }) => long),
          [],
          example,
        )
      }
    })
  }
})
