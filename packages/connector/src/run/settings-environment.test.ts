import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Secret } from '@postern/program'
import { loadConnectorSettings } from '../settings/load-settings.ts'
import { settingsEnvironment } from './settings-environment.ts'

const connectionString = 'Endpoint=sb://relay.test/;SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0;EntityPath=db'

test('what was given by flags is found again in the environment', () => {
  const given = {
    connections: [`db.corp:5432=${connectionString}`, `web.corp:80=${connectionString}`],
    flags: { framing: 'azbridge', tls: false, resolvers: ['10.0.0.1', '10.0.0.2'], grace: '3s' },
  }
  const direct = loadConnectorSettings({ ...given, env: {} })
  const found = loadConnectorSettings({ env: settingsEnvironment(given) })
  assert.deepEqual(found.options, direct.options)
  assert.deepEqual(
    found.endpoints.map(({ endpoint, connectionString: secret }) => [endpoint, (secret as Secret).reveal()]),
    [
      ['db.corp:5432', connectionString],
      ['web.corp:80', connectionString],
    ],
  )
})

test('a file is found from every working folder, and what was not given is not said', () => {
  assert.deepEqual(settingsEnvironment({ file: '/etc/connector.yml', flags: { tls: undefined } }), {
    POSTERN_CONNECTOR_CONFIG: '/etc/connector.yml',
  })
  assert.match(
    settingsEnvironment({ file: 'connector.yml' })['POSTERN_CONNECTOR_CONFIG'] ?? '',
    /^\/.*\/connector\.yml$/,
  )
  assert.deepEqual(settingsEnvironment({}), {})
})
