import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineOptions } from './option-entry.ts'
import { OptionsError } from './options-error.ts'
import { parseFlags } from './parse-flags.ts'

const table = defineOptions({
  dataPort: { flag: 'data-port', env: 'POSTERN_DATA_PORT', type: 'integer', default: 1, help: '' },
  inMemory: { flag: 'in-memory', env: 'POSTERN_IN_MEMORY', type: 'boolean', default: false, help: '' },
  proxies: { flag: 'proxies', env: 'POSTERN_PROXIES', type: 'list', default: [], help: '' },
  adminSecret: { env: 'POSTERN_ADMIN_SECRET', type: 'secret', help: '' },
})

test('flags are read by their option names', () => {
  const argv = [
    'one',
    '--data-port',
    '5',
    '--in-memory',
    '--proxies',
    'a',
    '--proxies=b',
    '--data-port=6',
    '--',
    '--two',
  ]
  assert.deepEqual(parseFlags(table, argv), {
    flags: { dataPort: '6', inMemory: true, proxies: ['a', 'b'] },
    positionals: ['one', '--two'],
  })
})

test('a boolean can be denied or given a word', () => {
  assert.deepEqual(parseFlags(table, ['--no-in-memory']).flags, { inMemory: false })
  assert.deepEqual(parseFlags(table, ['--in-memory=false']).flags, { inMemory: 'false' })
})

test('every unknown flag and missing value is told at once', () => {
  assert.throws(
    () =>
      parseFlags(table, [
        '--what',
        '--no-data-port',
        '--admin-secret=hunter2',
        '--data-port',
        '--in-memory',
        '--proxies',
      ]),
    (error) => {
      assert.ok(error instanceof OptionsError)
      assert.deepEqual(
        error.problems.map(({ where, message }) => `${where} ${message.split(':')[0]}`),
        [
          '--what is no option',
          '--no-data-port is no option',
          '--admin-secret is no option',
          '--data-port needs a value',
          '--proxies needs a value',
        ],
      )
      assert.match(error.message, /POSTERN_ADMIN_SECRET/)
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    },
  )
})
