import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatOptions } from './format-options.ts'
import { loadOptions } from './load-options.ts'
import { defineOptions } from './option-entry.ts'
import { parseOptionFile } from './option-file.ts'
import { formatOptionHelp } from './option-help.ts'
import { optionTableJsonSchema } from './option-json-schema.ts'
import { optionTableMarkdown } from './option-markdown.ts'

const table = defineOptions({
  dataPort: {
    group: 'Doors',
    flag: 'data-port',
    env: 'POSTERN_DATA_PORT',
    type: 'integer',
    default: 8443,
    max: 65_535,
    help: 'Port of the data door. 0 takes any free one.',
    example: '443',
  },
  tls: {
    group: 'Doors',
    flag: 'tls',
    env: 'POSTERN_TLS',
    type: 'enum',
    values: ['on', 'off'],
    default: 'on',
    help: 'TLS.',
  },
  wait: { flag: 'wait', env: 'POSTERN_WAIT', type: 'duration', default: '5m', min: 1000, help: 'How long.' },
  hosts: { flag: 'hosts', env: 'POSTERN_HOSTS', type: 'list', default: ['a', 'b: c'], help: 'Hosts.' },
  quiet: { flag: 'quiet', env: 'POSTERN_QUIET', type: 'boolean', default: false, help: 'No talk.' },
  loud: { flag: 'loud', env: 'POSTERN_LOUD', type: 'boolean', default: true, help: 'Talk.' },
  name: { flag: 'name', env: 'POSTERN_NAME', type: 'string', help: 'Name.' },
  secret: { env: 'POSTERN_SECRET', type: 'secret', help: 'Key.' },
})

test('help names flag, environment, default and meaning of every option and keeps to the width', () => {
  const help = formatOptionHelp(table, { width: 60 })
  for (const line of help.split('\n')) assert.ok(line.length <= 60, line)
  assert.match(
    help,
    /^Doors:\n {2}--data-port NUMBER\n {6}Port of the data door\. 0 takes any free one\.\n {6}POSTERN_DATA_PORT, default 8443\n {6}example: 443\n/,
  )
  assert.match(help, /--tls on\|off/)
  assert.match(help, /\n {2}--quiet\n/)
  assert.match(help, /\n {2}--no-loud\n/)
  assert.match(help, /\(no flag\) SECRET or @FILE\n {6}Key\.\n {6}POSTERN_SECRET\n/)
})

test('Markdown has one row for each option under its group', () => {
  const text = optionTableMarkdown(table)
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  assert.equal(rows.length, Object.keys(table).length)
  assert.match(text, /^## Doors\n\n\| file \|/)
  assert.match(text, /\| `tls` \| `--tls` \| `POSTERN_TLS` \| on\\\|off \| `on` \| TLS\. \|/)
  assert.match(text, /\| `wait` \| .* \| DURATION, at least 1s \| `5m` \|/)
})

test('the JSON schema has a property for each option and allows no other', () => {
  const schema = optionTableJsonSchema(table, { title: 'Test' })
  const properties = schema['properties'] as Record<string, Record<string, unknown>>
  assert.equal(schema['additionalProperties'], false)
  assert.deepEqual(Object.keys(properties), Object.keys(table))
  assert.deepEqual(properties['dataPort'], {
    description: 'Port of the data door. 0 takes any free one.',
    type: 'integer',
    minimum: 0,
    maximum: 65_535,
    default: 8443,
    examples: ['443'],
  })
  assert.deepEqual(properties['tls']?.['enum'], ['on', 'off'])
  assert.match('5m', new RegExp(properties['wait']?.['pattern'] as string))
  assert.doesNotMatch('5', new RegExp(properties['wait']?.['pattern'] as string))
})

test('printed options load to the same values, with secrets masked', () => {
  const loaded = loadOptions(table, {
    flags: { dataPort: '1', name: 'x # y' },
    env: { POSTERN_SECRET: 'hunter2', POSTERN_WAIT: '90s' },
  })
  const text = formatOptions(table, loaded, { withSource: true })
  assert.doesNotMatch(text, /hunter2/)
  assert.match(text, /^dataPort: 1 # flag$/m)
  assert.match(text, /^wait: 90s # environment$/m)
  assert.match(text, /^tls: on # default$/m)
  const again = loadOptions(table, { file: parseOptionFile('printed', text) })
  assert.deepEqual({ ...again.values, secret: 0 }, { ...loaded.values, secret: 0 })
  assert.doesNotMatch(formatOptions(table, loaded), /# (?:flag|default)/)
})
