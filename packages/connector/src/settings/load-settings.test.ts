import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Secret } from '@postern/program'
import { folderFor } from '../connector-bed.contract.ts'
import { parseConnectorFile } from './connector-file.ts'
import { demandEndpoints, loadConnectorSettings } from './load-settings.ts'

const connectionString = 'Endpoint=sb://relay.test/;SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0;EntityPath=db'

test('a file gives endpoints and options, and its secrets may stand in files beside it', (t) => {
  const folder = folderFor(t)
  writeFileSync(join(folder, 'db.secret'), `${connectionString}\n`)
  const file = join(folder, 'connector.yml')
  writeFileSync(
    file,
    'endpoints:\n  - endpoint: db.corp:5432\n    connectionString: "@db.secret"\n    framing: azbridge\nhosts: true\ngrace: 3s\n',
  )
  const { endpoints, options } = loadConnectorSettings({ file, env: {} })
  assert.deepEqual([options.hosts, options.grace, options.framing], [true, 3_000, 'raw'])
  const [endpoint] = endpoints
  assert.ok(endpoint)
  assert.deepEqual([endpoint.endpoint, endpoint.framing, endpoint.origin], ['db.corp:5432', 'azbridge', file])
  assert.equal((endpoint.connectionString as Secret).reveal(), connectionString)
})

test('every fault of a file has its line and column, and no value of a secret', () => {
  const text = `endpoints:
  - endpoint: db.corp
    connectionString: ${connectionString}
  - endpoint: web.corp:80
    conectionString: ${connectionString}
`
  assert.throws(
    () => parseConnectorFile('connector.yml', text),
    ({ message }: Error) => {
      assert.match(message, /connector\.yml:2:15 endpoints\[0\]\.endpoint: must be HOST:PORT/)
      assert.match(
        message,
        /connector\.yml:4:5 endpoints\[1\]: has the unknown key "conectionString"; there are endpoint,/,
      )
      assert.doesNotMatch(message, /c2VjcmV0/)
      return true
    },
  )
  assert.throws(() => loadConnectorSettings({ file: '/nowhere/x.yml', env: {} }), /\/nowhere\/x\.yml cannot be read/)
})

test('an option that is none is refused with the line where it stands', (t) => {
  const file = join(folderFor(t), 'connector.yml')
  writeFileSync(file, 'hosts: true\nhost: true\n')
  assert.throws(() => loadConnectorSettings({ file, env: {} }), /connector\.yml:2:1 host: is no option/)
})

test('connection strings come from flags with or without endpoint, from files and from the environment', (t) => {
  const file = join(folderFor(t), 'strings')
  writeFileSync(file, `web.corp:443=${connectionString}\n\n${connectionString}\n`)
  const read = (connections: readonly string[], env = {}): unknown =>
    loadConnectorSettings({ connections, env }).endpoints.map(({ endpoint, connectionString: secret, origin }) => [
      endpoint,
      (secret as Secret).reveal() === connectionString,
      origin,
    ])
  assert.deepEqual(read([connectionString, `DB.corp:5432=${connectionString}`, `dns.corp:53U=${connectionString}`]), [
    [undefined, true, '-x'],
    ['DB.corp:5432', true, '-x'],
    ['dns.corp:53U', true, '-x'],
  ])
  assert.deepEqual(read([`[fd00::1]:22=${connectionString}`, `*.corp:1=${connectionString}`]), [
    ['[fd00::1]:22', true, '-x'],
    ['*.corp:1', true, '-x'],
  ])
  assert.deepEqual(read([`@${file}`]), [
    ['web.corp:443', true, file],
    [undefined, true, file],
  ])
  const env = { POSTERN_CONNECTION_STRINGS: `\n a.corp:1=${connectionString}\n${connectionString}\n` }
  assert.deepEqual(read([], env), [
    ['a.corp:1', true, 'POSTERN_CONNECTION_STRINGS'],
    [undefined, true, 'POSTERN_CONNECTION_STRINGS'],
  ])
})

test('without any endpoint it is said how to give one', () => {
  assert.throws(() => demandEndpoints(loadConnectorSettings({ env: {} })), /-f connector\.yml.*--app FILE/)
})

test('the credential of an app is read from what the command that makes it prints', (t) => {
  const file = join(folderFor(t), 'app.json')
  const clientSecret = 'very-secret'
  writeFileSync(
    file,
    JSON.stringify({ clientId: 'id', clientSecret, tokenEndpoint: 'https://relay.test:8444/t/oauth2/v2.0/token' }),
  )
  const { apps } = loadConnectorSettings({ flags: { apps: [file] }, env: {} })
  assert.deepEqual(apps[0], {
    endpoint: 'https://relay.test:8444',
    clientId: 'id',
    clientSecret: apps[0]?.clientSecret,
  })
  assert.equal(apps[0]?.clientSecret.reveal(), clientSecret)
  writeFileSync(file, `{"clientId":"id","clientSecret":"${clientSecret}"}`)
  assert.throws(
    () => loadConnectorSettings({ flags: { apps: [file] }, env: {} }),
    ({ message }: Error) => /tokenEndpoint is missing/.test(message) && !message.includes(clientSecret),
  )
})
