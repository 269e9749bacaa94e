import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bridgeOptionsOf } from './bridge-options-of.ts'
import { configurationPlaces, loadConfiguration } from './load-configuration.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-configuration-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const forward = (relay: string) => `RemoteForward: [{RelayName: ${relay}, HostPort: 1}]\n`
const places = {
  machine: write('machine.yml', `${forward('machine')}ConnectTimeout: 1\nConnectionAttempts: 2\nLogLevel: error\n`),
  user: write('user.yml', `${forward('user')}ConnectTimeout: 3\n`),
  service: write('service.yml', forward('service')),
}
const none = join(folder, 'none.yml')
const nowhere = { machine: none, user: join(none, 'below.yml'), service: none }

test('machine, then user, then -o: later values win, forwards add up', async () => {
  const read = await loadConfiguration({ places, settings: ['LogLevel:debug'] })
  assert.deepEqual(
    [
      read.connectTimeoutSeconds,
      read.connectionAttempts,
      read.logLevel,
      read.remoteForwards?.map((it) => it.relayName),
    ],
    [3, 2, 'debug', ['machine', 'user']],
  )
})

test('-f takes the place of the user file, not of the machine file', async () => {
  const read = await loadConfiguration({ places, file: write('own.yml', forward('own')) })
  assert.deepEqual(
    read.remoteForwards?.map((it) => it.relayName),
    ['machine', 'own'],
  )
  assert.equal(read.connectTimeoutSeconds, 1)
})

test("a service reads its own file in place of the user's if there is one, and what -f names before both", async () => {
  const relays = async (sources: object): Promise<(string | undefined)[]> => {
    const read = await loadConfiguration({ places, isService: true, ...sources })
    return read.remoteForwards?.map((it) => it.relayName) ?? []
  }
  assert.deepEqual(await relays({}), ['machine', 'service'])
  assert.deepEqual(await relays({ places: { ...places, service: none } }), ['machine', 'user'])
  assert.deepEqual(await relays({ file: write('own.yml', forward('own')) }), ['machine', 'own'])
})

test('files that are not there say nothing, except the one that -f names', async () => {
  assert.deepEqual((await loadConfiguration({ places: nowhere })).remoteForwards, [])
  await assert.rejects(loadConfiguration({ places: nowhere, file: join(folder, 'gone.yml') }), {
    code: 'InvalidConfiguration',
    message: /gone\.yml cannot be read/,
  })
})

test('-o takes a colon or an equals sign, and values with colons', async () => {
  const settings = ['ConnectTimeout:7', 'AzureRelayEndpoint: sb://relay.example.test:8443/', 'GatewayPorts=yes']
  const read = await loadConfiguration({ places: nowhere, settings })
  assert.equal(read.connectTimeoutSeconds, 7)
  assert.equal(read.endpoint, 'sb://relay.example.test:8443/')
  assert.equal(read.gatewayPorts, true)
  await assert.rejects(loadConfiguration({ places: nowhere, settings: ['nonsense'] }), { message: /must be Key:Value/ })
  await assert.rejects(loadConfiguration({ places: nowhere, settings: ['Foo:1'] }), {
    message: /^-o:1:1 unknown key Foo/,
  })
})

test('azbridge places on Linux and Windows', () => {
  assert.deepEqual(configurationPlaces('linux', { HOME: '/home/me' }), {
    machine: '/etc/azbridge/azbridge_config.machine.yml',
    user: '/home/me/.azbridge/azbridge_config.yml',
    service: '/etc/azbridge/azbridge_config.svc.yml',
  })
  assert.deepEqual(configurationPlaces('win32', { ProgramData: 'C:\\ProgramData', APPDATA: 'C:\\me' }), {
    machine: 'C:\\ProgramData\\azbridge\\azbridge_config.machine.yml',
    user: 'C:\\me\\azbridge\\azbridge_config.yml',
    service: 'C:\\ProgramData\\Microsoft\\Azure Relay Bridge\\azbridge_config.svc.yml',
  })
})

test('single credentials win over the parts of the connection string', () => {
  const connectionString = 'Endpoint=sb://relay.example.test/;SharedAccessKeyName=old;SharedAccessKey=b2xk'
  const text = (more: object) => bridgeOptionsOf({ connectionString, ...more }).relay.connectionString
  assert.equal(text({ key: 'bmV3' }), 'Endpoint=sb://relay.example.test/;SharedAccessKeyName=old;SharedAccessKey=bmV3')
  assert.equal(
    text({ endpoint: 'sb://other.example.test:8443', signature: 'SharedAccessSignature sr=a&sig=b&se=1&skn=c' }),
    'Endpoint=sb://other.example.test:8443/;SharedAccessSignature=SharedAccessSignature sr=a&sig=b&se=1&skn=c',
  )
  assert.throws(() => bridgeOptionsOf({ endpoint: 'sb://x/', key: 'a2V5' }), { message: /A key needs its name/ })
  assert.throws(() => bridgeOptionsOf({}), { code: 'InvalidConnectionString', message: /No connection string/ })
  assert.equal(bridgeOptionsOf({}, connectionString).relay.connectionString, connectionString)
})
