import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import { Secret } from '../secret.ts'
import { defaultOptions, loadOptions, type OptionSources } from './load-options.ts'
import { defineOptions, type OptionTable } from './option-entry.ts'
import { parseOptionFile } from './option-file.ts'
import { OptionsError } from './options-error.ts'

const table = defineOptions({
  dataPort: { flag: 'data-port', env: 'POSTERN_DATA_PORT', type: 'integer', default: 8443, max: 65_535, help: 'Port.' },
  publicHost: { flag: 'public-host', env: 'POSTERN_PUBLIC_HOST', type: 'string', help: 'Host.' },
  inMemory: { flag: 'in-memory', env: 'POSTERN_IN_MEMORY', type: 'boolean', default: false, help: 'Memory.' },
  drainTimeout: {
    flag: 'drain-timeout',
    env: 'POSTERN_DRAIN_TIMEOUT',
    type: 'duration',
    default: '30s',
    min: 1000,
    help: 'Drain.',
  },
  buffer: { flag: 'buffer', env: 'POSTERN_BUFFER', type: 'bytes', default: '256KiB', help: 'Buffer.' },
  proxies: { flag: 'proxies', env: 'POSTERN_PROXIES', type: 'list', default: [], help: 'Proxies.' },
  tls: { flag: 'tls', env: 'POSTERN_TLS', type: 'enum', values: ['on', 'off'], default: 'on', help: 'TLS.' },
  adminSecret: { env: 'POSTERN_ADMIN_SECRET', type: 'secret', help: 'Secret.' },
})

function problemsOf(from: OptionSources, of: OptionTable = table): Record<string, string> {
  try {
    loadOptions(of, from)
  } catch (error) {
    assert.ok(error instanceof OptionsError)
    assert.ok(isRelayError(error, 'InvalidConfiguration'))
    for (const { where, message } of error.problems) {
      assert.ok(error.message.includes(where) && error.message.includes(message))
    }
    return Object.fromEntries(error.problems.map(({ where, message }) => [where, message]))
  }
  assert.fail('the configuration was accepted')
}

test('without any source the values are the defaults in their inside form', () => {
  const { values, sources } = loadOptions(table, {})
  assert.deepEqual(values, {
    dataPort: 8443,
    publicHost: undefined,
    inMemory: false,
    drainTimeout: 30_000,
    buffer: 262_144,
    proxies: [],
    tls: 'on',
    adminSecret: undefined,
  })
  assert.deepEqual(new Set(Object.values(sources)), new Set(['default']))
  assert.deepEqual(defaultOptions(table), values)
})

test('a flag wins over the environment, that over the file, that over the default', () => {
  const file = { path: 'f', values: { dataPort: 3, buffer: '1KiB', tls: 'off', inMemory: true } }
  const env = { POSTERN_DATA_PORT: '2', POSTERN_BUFFER: '2KiB', POSTERN_PUBLIC_HOST: '' }
  const { values, sources } = loadOptions(table, { flags: { dataPort: '1', tls: undefined }, env, file })
  assert.equal(values.dataPort, 1)
  assert.equal(values.buffer, 2048)
  assert.equal(values.tls, 'off')
  assert.equal(values.inMemory, true)
  assert.equal(values.publicHost, undefined)
  assert.deepEqual(sources, {
    dataPort: 'flag',
    publicHost: 'default',
    inMemory: 'file',
    drainTimeout: 'default',
    buffer: 'environment',
    proxies: 'default',
    tls: 'file',
    adminSecret: 'default',
  })
})

test('every problem of every source is reported at once', () => {
  const file = parseOptionFile(
    'relay.yaml',
    'dataport: 1\ndrainTimeout: 30\n\ninMemory: yes please\nadminSecret: [hunter2]\npublicHost:\n',
  )
  const problems = problemsOf({
    flags: { dataPort: '70000', tlss: 'on' },
    env: { POSTERN_TLS: 'maybe', POSTERN_BUFFER: 'big' },
    file,
  })
  assert.deepEqual(problems, {
    'flag tlss': 'is no option',
    'relay.yaml:1:1 dataport': 'is no option; is "dataPort" meant?',
    '--data-port': 'must be at most 65535, not "70000"',
    'relay.yaml:2:1 drainTimeout': 'must be a duration with its unit such as 250ms, 30s, 5m or 1h, not 30',
    'relay.yaml:4:1 inMemory': 'must be true or false, not "yes please"',
    'relay.yaml:5:1 adminSecret': 'must be a text or @ and the path of a file',
    'relay.yaml:6:1 publicHost': 'has no value',
    POSTERN_TLS: 'must be "on" or "off", not "maybe"',
    POSTERN_BUFFER: 'must be a size such as 65536, 64KiB or 1MiB, not "big"',
  })
})

test('a value that a stronger source hides is checked all the same', () => {
  const problems = problemsOf({ flags: { dataPort: '1' }, env: { POSTERN_DATA_PORT: 'x' } })
  assert.deepEqual(Object.keys(problems), ['POSTERN_DATA_PORT'])
})

test('a number below the least is refused in its own unit', () => {
  assert.deepEqual(problemsOf({ flags: { drainTimeout: '10ms', dataPort: '-1' } }), {
    '--drain-timeout': 'must be at least 1s, not "10ms"',
    '--data-port': 'must be at least 0, not "-1"',
  })
})

test('a secret comes from the environment, the file or a file of its own, never from a flag', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-options-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'secret'), 'hunter2\n')
  writeFileSync(join(folder, 'empty'), '\n')
  for (const from of [
    { env: { POSTERN_ADMIN_SECRET: 'hunter2' } },
    { env: { POSTERN_ADMIN_SECRET: `@${join(folder, 'secret')}` } },
    { file: { path: 'f', values: { adminSecret: 'hunter2' } } },
  ]) {
    const { adminSecret } = loadOptions(table, from).values
    assert.ok(adminSecret instanceof Secret)
    assert.equal(adminSecret.reveal(), 'hunter2')
  }
  const flagged = problemsOf({ flags: { adminSecret: 'hunter2' } })
  assert.match(flagged['adminSecret']!, /POSTERN_ADMIN_SECRET/)
  assert.doesNotMatch(JSON.stringify(flagged), /hunter2/)
  assert.match(problemsOf({ env: { POSTERN_ADMIN_SECRET: '@/does/not/exist' } })['POSTERN_ADMIN_SECRET']!, /ENOENT/)
  const empty = problemsOf({ env: { POSTERN_ADMIN_SECRET: `@${join(folder, 'empty')}` } })
  assert.match(empty['POSTERN_ADMIN_SECRET']!, /empty file/)
})

test('a list is one text with separators, several flags or a list in the file', () => {
  const expected = ['10.0.0.0/8', 'fd00::/8']
  for (const from of [
    { flags: { proxies: ['10.0.0.0/8', 'fd00::/8'] } },
    { flags: { proxies: '10.0.0.0/8, fd00::/8' } },
    { env: { POSTERN_PROXIES: '10.0.0.0/8,fd00::/8,' } },
    { file: parseOptionFile('f', 'proxies: [10.0.0.0/8, "fd00::/8"]') },
  ]) {
    assert.deepEqual(loadOptions(table, from).values.proxies, expected)
  }
  assert.match(problemsOf({ file: { path: 'f', values: { proxies: [1] } } })['f proxies']!, /list of texts; 1 is none/)
})

test('on and off are words in a YAML file, with and without quotes', () => {
  for (const text of ['tls: off', 'tls: "off"', 'tls: false']) {
    assert.equal(loadOptions(table, { file: parseOptionFile('f', text) }).values.tls, 'off')
  }
})

test('names that every object inherits are unknown options', () => {
  const file = parseOptionFile('f', 'constructor: 1\n__proto__: { dataPort: 1 }\ntoString: 2\n')
  assert.deepEqual(Object.keys(problemsOf({ file })).toSorted(), [
    'f:1:1 constructor',
    'f:2:1 __proto__',
    'f:3:1 toString',
  ])
})

test('unknown variables of our prefix are told but are no errors', () => {
  const { unknownEnvironment } = loadOptions(table, {
    env: { POSTERN_PORT: 'tcp://1.2.3.4:5', PATH: '/bin', POSTERN_TLS: 'off' },
  })
  assert.deepEqual(unknownEnvironment, ['POSTERN_PORT'])
})

test('a table with a default of the wrong form is a bug that shows at once', () => {
  const wrong = defineOptions({ a: { flag: 'a', env: 'POSTERN_A', type: 'duration', default: '30', help: '' } })
  assert.throws(() => defaultOptions(wrong), TypeError)
})

test('types follow from the table', () => {
  const { values } = loadOptions(table, {})
  const port: number = values.dataPort
  const tls: 'on' | 'off' = values.tls
  const host: string | undefined = values.publicHost
  // @ts-expect-error an option without a default may be absent
  const certain: string = values.publicHost
  assert.deepEqual([port, tls, host, certain], [8443, 'on', undefined, undefined])
})
